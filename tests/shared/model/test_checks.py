"""Whatever a value in a bundle is changed to, the bundle is refused by name or gives every picture a sound answer."""

from __future__ import annotations

import copy
import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import fields, replace
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.digests import sha256
from shared.embedding.embedder import Embedder
from shared.model.bundle import CLUSTERS, LABELS, MANIFEST, Arrays, BundleError, Labels, arrays_bytes, read_bundle
from shared.model.exclusions import Excluded
from shared.model.group_names import MOST_NAMES
from shared.model.model import Model
from shared.model.parts import Edits
from tests.bundles import SPEC, make_bundle

VECTORS = np.random.default_rng(0).normal(size=(5, 512)).astype(np.float32)
ASKED = np.concatenate([VECTORS, VECTORS + np.float32(0.5), -VECTORS[:1], np.zeros((1, 512), np.float32)])
OUT = Excluded(picture="odd.jpg", clusters=(0,), vector=(VECTORS[1] + 1).tobytes())
EVERYTHING = Labels(
    labels={0: ("level",), 1: ("upright", "tall"), 2: ("part",)},
    exemplars={0: ("picture0.jpg",)},
    not_groups=(1,),
    edits=Edits(core={1: 2}, eps={2: 0.05}, excluded=(OUT,), by_hand=(1,)),
)
NUMBERS = (0, -1, 1, 7, 2**31, 10**400, 1e-46, 1e39, inf, -inf, nan, 0.1)
OTHERS = (None, True, "", "x", "-1", "\ud800", [], {}, [1], [-1], ["x"], {"-1": ["x"]}, {"3": 0}, {"0": ["x"] * 5000})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    categories = {"a": (0,), "b": (1,)}
    make_bundle(folder, VECTORS, [0, 0, 0, 1, 1], EVERYTHING, eps=[0.3, 0.2], categories=categories)
    return folder


def refusal(folder: Path) -> str | None:
    """Why the bundle is refused. Where it is not, whatever is asked gets finite numbers, and readiness can be told."""
    try:
        model = Model(read_bundle(folder), Embedder(SPEC, lambda batch: batch))
    except BundleError as error:
        return str(error)
    for category in (None, "a", "no such"):
        for found in model.assign(ASKED, category):
            assert isfinite(found.distance) or found.cluster == -1
            assert 0 <= found.confidence <= 1
            assert 0 <= found.suggested_confidence <= 1
            assert found.cluster != -1 or found.names == ()
            assert len(found.names) <= MOST_NAMES
            json.dumps([found.confidence, found.suggested_confidence, found.names], allow_nan=False)
    json.dumps(model.manifest.model_dump(mode="json"), allow_nan=False)
    return None


def paths(document: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of everything in a JSON document, containers too."""
    if path:
        yield path
    items = (
        document.items() if isinstance(document, dict) else enumerate(document if isinstance(document, list) else ())
    )
    for key, value in items:
        yield from paths(value, (*path, key))


def changed(document: Any, path: tuple[str | int, ...], value: object) -> Any:
    document = copy.deepcopy(document)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


def write_arrays(folder: Path, arrays: Arrays) -> None:
    """Write clusters.npz with the digest that the manifest then has of it."""
    content = arrays_bytes(arrays)
    (folder / CLUSTERS).write_bytes(content)
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(changed(manifest, ("files", CLUSTERS), sha256(content))))


@pytest.mark.parametrize("name", [MANIFEST, LABELS])
def test_any_value_of_a_document_is_refused_by_name_or_answered_with(folder: Path, name: str) -> None:
    honest = json.loads((folder / name).read_text())
    for path in list(paths(honest)):
        for value in (*NUMBERS, *OTHERS):
            (folder / name).write_text(json.dumps(changed(honest, path, value)))
            assert (why := refusal(folder)) is None or str(folder) in why


@pytest.mark.parametrize("field", [field.name for field in fields(Arrays)])
def test_any_number_of_the_arrays_is_refused_by_name_or_answered_with(folder: Path, field: str) -> None:
    honest = read_bundle(folder).arrays
    for value in (0, -1, 1, 7, 2**31 - 1, 1e-46, 3e38, -3e38, inf, -inf, nan):
        for everywhere in (False, True):
            array = getattr(honest, field).copy()
            if array.dtype.kind == "i" and not -(2**31) <= value < 2**31:
                continue
            array[... if everywhere else 0] = value
            write_arrays(folder, replace(honest, **{field: array}))
            assert (why := refusal(folder)) is None or str(folder) in why


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("clustering", "eps"), inf, "clustering.eps"),
        (("clustering", "eps"), 1e-46, "clustering.eps"),
        (("counts", "pictures"), 6, "must add up to pictures"),
        (("counts", "skipped"), -1, "counts.skipped"),
        (("counts", "clusters"), 0, "counts.clusters"),
        (("counts", "core_samples"), 6, "each core sample be clustered"),
        (("counts", "clusters"), 6, "each cluster must have a core sample"),
        (("categories", "b"), [2], "categories must be of the clusters 0 to 1"),
        (("files",), {}, r"files must list clusters\.npz"),
        (("files", CLUSTERS), "x", "files"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(
    folder: Path, path: tuple[str | int, ...], value: object, problem: str
) -> None:
    honest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(changed(honest, path, value)))
    with pytest.raises(BundleError, match=rf"manifest\.json.*{problem}"):
        read_bundle(folder)


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("labels", "-1"), ["nothing"], "labels has cluster -1, which is unknown: there are 0 to 2"),
        (("labels", "0"), ["x"] * (MOST_NAMES + 1), "at most 100 items"),
        (("exemplars", "3"), [], "exemplars has cluster 3"),
        (("not_groups",), [3], "not_groups has cluster 3"),
        (("edits", "eps", "2"), 0, "edits.eps.2"),
        (("edits", "eps", "2"), nan, "edits.eps.2"),
        (("edits", "eps", "2"), 1e-46, "edits.eps.2"),
        (("edits", "eps", "2"), 1e39, "edits.eps.2"),
        (("edits", "excluded", 0, "vector"), b64encode(bytes(2048)).decode(), "vector of odd.jpg is not an embedding"),
    ],
)
def test_labels_of_what_is_not_there_are_refused(
    folder: Path, path: tuple[str | int, ...], value: object, problem: str
) -> None:
    honest = json.loads((folder / LABELS).read_text())
    (folder / LABELS).write_text(json.dumps(changed(honest, path, value)))
    with pytest.raises(BundleError, match=rf"labels\.json.*{problem}"):
        read_bundle(folder)


@pytest.mark.parametrize(
    ("field", "row", "value", "problem"),
    [
        ("vectors", (0, 0), nan, "not finite"),
        ("vectors", (0, 0), 3e38, "not finite"),
        ("vectors", 0, 0, "embeddings of no length"),
        ("clusters", 0, 2, "must name 2 clusters, with ids from 0 to 1"),
        ("clusters", ..., 0, "must name 2 clusters, with ids from 0 to 1"),
        ("eps", 0, 0, "eps holds values that are not positive"),
        ("eps", 0, nan, "eps holds values that are not positive"),
        ("reach", 0, 0.2, "reach holds values that are not finite and at least eps"),
        ("reach", 0, inf, "reach holds values that are not finite and at least eps"),
        ("reach", 0, nan, "reach holds values that are not finite and at least eps"),
        ("pictures", 0, 5, "pictures holds rows outside 0 to 4"),
        ("pictures", 0, -1, "pictures holds rows outside 0 to 4"),
        ("pictures", 0, 1, "pictures holds a row twice"),
    ],
)
def test_arrays_that_nothing_can_be_answered_with_are_refused(
    folder: Path, field: str, row: Any, value: float, problem: str
) -> None:
    honest = read_bundle(folder).arrays
    array = getattr(honest, field).copy()
    array[row] = value
    write_arrays(folder, replace(honest, **{field: array}))
    with pytest.raises(BundleError, match=rf"clusters\.npz: .*{problem}"):
        read_bundle(folder)
