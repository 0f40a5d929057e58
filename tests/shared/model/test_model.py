from pathlib import Path

import numpy as np
import pytest

from shared.embedding.embedder import Embedder
from shared.model.bundle import Labels
from shared.model.exclusions import Excluded
from shared.model.model import Model
from shared.model.parts import Edits
from tests.bundles import make_bundle

# Unit vectors at these angles, in degrees: two clusters around 0 and 90.
ANGLES = np.array([0, 4, 86, 90])
CLUSTERS = [0, 0, 1, 1]
NAMES = Labels(labels={0: ("level",), 1: ("upright", "tall")})


def at(*degrees: float) -> np.ndarray:
    """Vectors of 512 dimensions at these angles in the plane of the first two."""
    vectors = np.zeros((len(degrees), 512), dtype=np.float32)
    vectors[:, 0], vectors[:, 1] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return vectors


def apart(degrees: float) -> float:
    """Cosine distance of two vectors this far apart."""
    return float(1 - np.cos(np.radians(degrees)))


def model(folder: Path, embedder: Embedder, labels: Labels = NAMES, **options: object) -> Model:
    bundle = make_bundle(folder, at(*ANGLES), CLUSTERS, labels, eps=apart(10), **options)  # pyright: ignore[reportArgumentType]
    return Model(bundle, embedder)


def test_the_nearest_core_sample_within_eps_decides(tmp_path: Path, embedder: Embedder) -> None:
    on, near, edge, far = model(tmp_path, embedder).assign(at(90, 84, 13.9, 45))
    assert (on.cluster, on.names, on.confidence, on.distance) == (1, ("upright", "tall"), 1.0, 0.0)
    assert (near.cluster, near.distance) == (1, pytest.approx(apart(2), abs=1e-6))
    assert near.confidence == pytest.approx(1 - apart(2) / apart(10), abs=1e-4)
    assert edge.cluster == 0
    assert 0 < edge.confidence < 0.05
    assert (far.cluster, far.names, far.confidence, far.suggested) == (-1, (), 0.0, ())
    assert far.distance == pytest.approx(apart(41), abs=1e-6)


def test_a_near_miss_is_suggested_within_its_clusters_reach(tmp_path: Path, embedder: Embedder) -> None:
    trained = model(tmp_path, embedder, reach=[apart(20), apart(10)])
    beyond_level, beyond_upright, inside = trained.assign(at(20, 70, 4))
    assert (beyond_level.cluster, beyond_level.names, beyond_level.suggested) == (-1, (), ("level",))
    middle = (apart(20) - apart(16)) / (apart(20) - apart(10))
    assert beyond_level.suggested_confidence == pytest.approx(middle, abs=1e-4)
    assert (beyond_upright.suggested, beyond_upright.suggested_confidence) == ((), 0.0)
    assert (inside.names, inside.suggested) == (("level",), ())


def test_not_a_group_answers_as_if_unclustered(tmp_path: Path, embedder: Embedder) -> None:
    (found,) = model(tmp_path, embedder, Labels(labels=NAMES.labels, not_groups=(1,))).assign(at(90))
    assert (found.cluster, found.names) == (-1, ())
    assert found.distance == pytest.approx(apart(86), abs=1e-6)


def test_every_group_may_be_no_group(tmp_path: Path, embedder: Embedder) -> None:
    (found,) = model(tmp_path, embedder, Labels(not_groups=(0, 1))).assign(at(90))
    assert (found.cluster, found.confidence, found.distance) == (-1, 0.0, float("inf"))


def test_an_unclustered_core_sample_no_longer_counts(tmp_path: Path, embedder: Embedder) -> None:
    (found,) = model(tmp_path, embedder, Labels(edits=Edits(core={3: -1}))).assign(at(90))
    assert (found.cluster, found.distance) == (1, pytest.approx(apart(4), abs=1e-6))


def excluded(degrees: float, *clusters: int) -> Labels:
    out = Excluded(picture="odd.jpg", clusters=clusters, vector=at(degrees).tobytes())
    return NAMES.model_copy(update={"edits": Edits(excluded=(out,))})


@pytest.mark.parametrize(("out", "still"), [(90, (86, 87.9)), (94, (90, 91.9))], ids=["core sample", "near one"])
def test_what_is_more_like_a_removed_picture_is_not_of_its_cluster(
    tmp_path: Path, embedder: Embedder, out: float, still: tuple[float, ...]
) -> None:
    trained = model(tmp_path, embedder, excluded(out, 1))
    assert [found.cluster for found in trained.assign(at(*still))] == [1, 1]
    for found in trained.assign(at(out, out - 1.9, out + 3)):
        assert (found.cluster, found.names, found.suggested, found.confidence) == (-1, (), (), 0.0)


def test_a_picture_removed_from_one_cluster_may_be_of_the_next(tmp_path: Path, embedder: Embedder) -> None:
    bundle = make_bundle(tmp_path, at(*ANGLES), CLUSTERS, excluded(84, 1), eps=apart(81), reach=[2, 2])
    (found,) = Model(bundle, embedder).assign(at(84))
    assert (found.cluster, found.names, found.distance) == (0, ("level",), pytest.approx(apart(80), abs=1e-6))


def test_a_picture_may_be_removed_from_every_cluster(tmp_path: Path, embedder: Embedder) -> None:
    out, stays = model(tmp_path, embedder, excluded(84, 0, 1), reach=[2, 2]).assign(at(84, 87))
    assert (out.cluster, out.suggested, out.distance) == (-1, (), float("inf"))
    assert stays.cluster == 1


def test_a_near_miss_like_a_removed_picture_is_suggested_the_next_cluster_at_most(
    tmp_path: Path, embedder: Embedder
) -> None:
    trained = model(tmp_path, embedder, excluded(30, 0), reach=[apart(30), apart(30)])
    assert [found.suggested for found in trained.assign(at(30, 16, 20, 70))] == [
        (),
        ("level",),
        (),
        ("upright", "tall"),
    ]


def test_removed_pictures_count_by_category_too(tmp_path: Path, embedder: Embedder) -> None:
    trained = model(tmp_path, embedder, excluded(90, 1), categories={"flat": (0,), "high": (1,)})
    assert [trained.assign(at(90, 86), category)[0].cluster for category in ("flat", "high", None)] == [-1, -1, -1]
    assert trained.assign(at(86), "high")[0].cluster == 1


def test_a_split_makes_a_cluster_with_its_own_eps(tmp_path: Path, embedder: Embedder) -> None:
    split = Labels(labels={2: ("sheer",)}, edits=Edits(core={3: 2}, eps={2: apart(2)}))
    on, outside, other = model(tmp_path, embedder, split).assign(at(90, 93, 86))
    assert (on.cluster, on.names) == (2, ("sheer",))
    assert outside.cluster == -1
    assert other.cluster == 1


def test_with_a_category_only_its_clusters_count(tmp_path: Path, embedder: Embedder) -> None:
    trained = model(tmp_path, embedder, categories={"flat": (0,), "high": (1,)})
    assert [trained.assign(at(90), category)[0].cluster for category in ("flat", "high", "none", None)] == [
        -1,
        1,
        -1,
        1,
    ]


def test_what_a_split_made_stays_in_its_category(tmp_path: Path, embedder: Embedder) -> None:
    split = Labels(edits=Edits(core={3: 2}, eps={2: apart(2)}))
    trained = model(tmp_path, embedder, split, categories={"flat": (0,), "high": (1,)})
    assert [trained.assign(at(90), category)[0].cluster for category in ("high", "flat")] == [2, -1]


def test_a_category_means_nothing_to_a_model_without_any(tmp_path: Path, embedder: Embedder) -> None:
    assert model(tmp_path, embedder).assign(at(90), "flat")[0].cluster == 1
