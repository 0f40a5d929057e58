"""What the report says of edits and parameters."""

from pathlib import Path

import pytest

from shared.model.bundle import Labels, Manifest
from shared.model.exclusions import Excluded
from shared.model.parts import Edits
from tests.training.galleries import CHOICE, open_plainly, train_pictures
from training.report.wording import clustering_in_words, edits_in_words, metric_in_words, parameters_in_words


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder: Path = train_pictures(tmp_path_factory.mktemp("shapes") / "models")
    return open_plainly(folder).bundle.manifest


def test_edits_are_told_in_words() -> None:
    assert edits_in_words(Labels(labels={0: ("boat",)})) == []
    out = (Excluded(picture="a.jpg", clusters=(0,), vector=b""),)
    edits = Edits(core={0: -1, 1: -1, 2: 3, 4: 4}, eps={3: 0.1, 4: 0.1}, excluded=out)
    assert edits_in_words(Labels(edits=edits, not_groups=(1,))) == [
        "2 groups made by splitting",
        "2 core samples made unclustered",
        "1 picture removed from its group, with all that is more like it than like the group",
        "1 group marked as none, so that the pictures are unclustered",
    ]


def test_several_removed_pictures_are_told_in_the_plural() -> None:
    out = tuple(Excluded(picture=name, clusters=(0,), vector=b"") for name in ("a.jpg", "b.jpg"))
    assert edits_in_words(Labels(edits=Edits(excluded=out))) == [
        "2 pictures removed from their groups, with all that is more like them than like the group"
    ]


def test_parameters_are_those_that_were_used(manifest: Manifest) -> None:
    told = parameters_in_words(manifest)
    assert told["min_samples"] == "3"
    assert told["pooling"] == "rmac: 512 numbers a picture"
    assert told["resize"] == "antialias, to 240 x 240 pixels"
    assert told["scikit-learn"] == manifest.made_with["scikit-learn"]


def test_how_pictures_were_grouped_is_told_as_it_was_given_or_chosen(manifest: Manifest) -> None:
    assert clustering_in_words(manifest, None, [0.15, 0.15]) == {
        "Neighbours that pictures are compared by (k)": "none: plain DBSCAN",
        "How different the next picture of a group may be (eps)": "0.15, given",
        "How far from its group a new picture may be (radius, cosine distance)": "0.150",
    }
    clustering = manifest.clustering.model_copy(update={"eps_chosen": "auto", "metric": "euclidean"})
    several = manifest.model_copy(update={"categories": {"a": (0,), "b": (1, 2)}, "clustering": clustering})
    choice = CHOICE.model_copy(update={"neighbours": 20, "eps": 0.55})
    assert clustering_in_words(several, choice, [0.4, 0.21]) == {
        "Neighbours that pictures are compared by (k)": "20",
        "How different the next picture of a group may be (eps)": "0.55, chosen from the pictures",
        "How far from its group a new picture may be (radius, Euclidean distance)": "0.210 to 0.400, by group",
    }
    assert clustering_in_words(several, None, []) == {}, "the manifest has the largest of all categories only"


def test_metrics_have_names(manifest: Manifest) -> None:
    assert metric_in_words(manifest) == "cosine distance"
