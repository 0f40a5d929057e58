"""The gallery shows each picture where the Function would put it."""

from pathlib import Path

import numpy as np
import pytest

from shared.bundle import ASSIGNMENTS, BundleError, Labels, read_bundle
from shared.clusters import NOISE
from tests.training.galleries import draw, open_plainly, train_pictures
from training.dataset import find_pictures
from training.embeddings import Embedded
from training.gallery import Gallery


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return train_pictures(tmp_path / "models")


def members(gallery: Gallery, labels: Labels) -> dict[int, set[str]]:
    """The first letters of the pictures of each group."""
    return {
        group.cluster: {gallery.names[picture][0] for picture in group.pictures}
        for group in gallery.grouping(labels).groups
    }


def test_pictures_are_in_the_groups_that_training_found(folder: Path) -> None:
    gallery = open_plainly(folder)
    assert members(gallery, gallery.bundle.labels) == {0: {"<", "b"}, 1: {"a"}, 2: {"c", "m"}}
    grouping = gallery.grouping(gallery.bundle.labels)
    assert [gallery.names[picture] for picture in grouping.unclustered] == ["odd.png"]
    assert gallery.trained.all()
    assert gallery.missing == ()


def test_a_group_shows_its_most_central_pictures_first(folder: Path) -> None:
    gallery = open_plainly(folder)
    grouping = gallery.grouping(gallery.bundle.labels)
    for group in grouping.groups:
        distances = grouping.centrality[list(group.pictures)]
        assert (np.diff(distances) >= 0).all()
        assert group.spread == pytest.approx(distances.mean(), rel=1e-4)
        exemplars = gallery.bundle.labels.exemplars[group.cluster]
        assert {gallery.names[picture] for picture in group.pictures[:3]} <= set(exemplars)
    assert np.isinf(grouping.centrality[list(grouping.unclustered)]).all()


def test_the_looser_group_has_the_larger_spread(folder: Path) -> None:
    gallery = open_plainly(folder)
    boats, apples, cups = gallery.grouping(gallery.bundle.labels).groups
    assert cups.spread > 5 * max(boats.spread, apples.spread)


def test_what_labels_say_now_counts(folder: Path) -> None:
    gallery = open_plainly(folder)
    assert members(gallery, gallery.bundle.labels.model_copy(update={"not_groups": (1,)})) == {
        0: {"<", "b"},
        2: {"c", "m"},
    }


def test_new_gone_and_unreadable_pictures_are_told_apart(folder: Path) -> None:
    pictures = folder.parents[1] / "pictures"
    (pictures / "apple0.png").unlink()
    (pictures / "apple1.png").write_bytes(b"damaged")
    draw(1, 77).save(pictures / "zebra.png")
    gallery = open_plainly(folder)
    assert gallery.missing == ("apple0.png",)
    assert list(gallery.skipped) == ["apple1.png"]
    new = gallery.names.index("zebra.png")
    assert not gallery.trained[new]
    assert gallery.samples[new] is None
    assert gallery.grouping(gallery.bundle.labels).clusters[new] == 1
    assert NOISE not in [sample for sample in gallery.samples if sample is not None]


def test_a_table_too_short_for_the_arrays_is_refused(folder: Path) -> None:
    bundle, sources = read_bundle(folder), find_pictures(folder.parents[1] / "pictures")
    (folder / ASSIGNMENTS).write_text("picture,cluster,distance,core\n", encoding="utf-8")
    nothing = Embedded((), np.empty((0, 512), dtype=np.float32), {})
    embedder = open_plainly(train_pictures(folder.parent / "again" / "models")).embedder
    with pytest.raises(BundleError, match="train again"):
        Gallery(folder, bundle, embedder, sources, nothing)
