"""The gallery shows each picture where the Function would put it."""

import json
from pathlib import Path

import numpy as np
import pytest

from shared.csv_files import csv_rows
from shared.model.bundle import ASSIGNMENTS, MANIFEST, BundleError, Labels, read_bundle
from shared.model.core_samples import NOISE
from shared.pictures.folder import find_pictures
from tests.training.galleries import EPS, draw, draw_pictures, open_plainly, train_pictures
from tests.training.plain_embedder import plain_embedder
from training.embedding.embeddings import Embedded, embed_pictures
from training.gallery.gallery import Gallery
from training.model.build import build_model
from training.model.options import Options


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


def test_pictures_are_grouped_in_their_own_category(tmp_path: Path) -> None:
    """Two categories in which the same kinds of pictures were trained apart: the nearest group may be the other's."""
    pictures = draw_pictures(tmp_path / "pictures")
    embedded = embed_pictures(find_pictures(pictures), plain_embedder(), None)
    categories = ["odd" if name[-5] in "02468" else "even" for name in embedded.names]
    folder = tmp_path / "models" / "shapes"
    build_model(embedded, Options("shapes", eps=EPS, min_samples=2), folder, categories=categories)
    gallery = open_plainly(folder, pictures)
    assert list(gallery.categories) == categories
    found = gallery.grouping(gallery.bundle.labels)
    groups = gallery.bundle.manifest.categories
    for category, cluster in zip(categories, found.clusters.tolist(), strict=True):
        assert cluster == NOISE or cluster in groups[category]
    rows = list(csv_rows((tmp_path / "models" / "shapes" / ASSIGNMENTS).read_text()))
    assert found.clusters.tolist() == [int(row["cluster"]) for row in rows]


def test_an_older_bundle_tells_the_categories_of_clustered_pictures(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | {"categories": {"water": [0], "kitchen": [1, 2]}}))
    gallery = open_plainly(folder)
    by_name = dict(zip(gallery.names, gallery.categories, strict=True))
    assert [by_name[name] for name in ("boat1.png", "apple0.png", "cup0.png", "odd.png")] == [
        "water",
        "kitchen",
        "kitchen",
        None,
    ]
    assert members(gallery, gallery.bundle.labels) == {0: {"<", "b"}, 1: {"a"}, 2: {"c", "m"}}


def test_a_group_shows_its_most_central_pictures_first(folder: Path) -> None:
    gallery = open_plainly(folder)
    grouping = gallery.grouping(gallery.bundle.labels)
    for group in grouping.groups:
        distances = grouping.centrality[list(group.pictures)]
        assert (np.diff(distances) >= 0).all()
        assert group.distance_to_centre == pytest.approx(distances.mean(), rel=1e-4)
        exemplars = gallery.bundle.labels.exemplars[group.cluster]
        assert {gallery.names[picture] for picture in group.pictures[:3]} <= set(exemplars)
    assert np.isinf(grouping.centrality[list(grouping.unclustered)]).all()


def test_the_looser_group_has_the_larger_spread(folder: Path) -> None:
    gallery = open_plainly(folder)
    boats, apples, cups = gallery.grouping(gallery.bundle.labels).groups
    assert cups.distance_to_centre > 5 * max(boats.distance_to_centre, apples.distance_to_centre)


def test_the_current_labels_count(folder: Path) -> None:
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
