"""Groups that get fewer or stranger pictures than when the model was trained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.search.clients import Clients
from infra.search.drift import Drifting
from infra.search.reports import show_status
from infra.search.status import read_status
from shared.digests import sha256
from shared.model.bundle import ASSIGNMENTS, MANIFEST, Bundle, write_labels
from shared.settings import Settings
from tests.tiny_models import tiny_graph
from tests.training.model.blobs import EPS, blob, embedded, named
from training.model.build import build_model
from training.model.options import Options

EACH = 25
OPTIONS = Options("books", eps=EPS, graph_sha256=sha256(tiny_graph()))


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """Three groups of as many pictures."""
    pictures = {name: vector for group in range(3) for name, vector in named(f"{group}-", blob(group, EACH)).items()}
    return build_model(embedded(pictures), OPTIONS, tmp_path / "models" / "books").bundle


def drifting(clients: Clients, models: Path) -> list[Drifting] | None:
    return read_status(clients, Settings(model_store=str(models), model_name="books")).drifting


def index(clients: Clients, bundle: Bundle, counts: Mapping[int, int], radii: Mapping[int, float]) -> None:
    """`counts` documents of each group, `radii` of its radius away from the nearest core sample."""
    clients.documents.upload_documents(
        [
            {"id": f"drift-{group}-{number}", "file_name": f"{group}-{number}.jpg", "label": [], "cluster_id": group,
             "distance": float(bundle.arrays.eps[group]) * radii.get(group, 0.0), "model_version": bundle.version}
            for group, count in counts.items()
            for number in range(count)
        ]
    )  # fmt: skip


def test_an_index_of_what_was_trained_tells_nothing(clients: Clients, bundle: Bundle, tmp_path: Path) -> None:
    index(clients, bundle, {0: EACH, 1: EACH, 2: EACH}, {1: 0.5})
    assert drifting(clients, tmp_path / "models") == []


def test_groups_that_drift_are_told(
    clients: Clients, bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_labels(tmp_path / "models" / "books", bundle.labels.model_copy(update={"labels": {1: ("shelf",)}}))
    index(clients, bundle, {0: 45, 1: 5, 2: EACH}, {2: 0.97})
    fewer, stranger = drifting(clients, tmp_path / "models") or []
    assert fewer == Drifting(1, "shelf", "fewer", EACH / (3 * EACH), 5 / 75, None)
    assert (stranger.id, stranger.what, stranger.edge) == (2, "stranger", pytest.approx(0.97, abs=1e-4))
    show_status(read_status(clients, Settings(model_store=str(tmp_path / "models"), model_name="books")))
    shown = capsys.readouterr().err
    assert "shelf" in shown
    assert "training update" in shown


def test_groups_whose_core_samples_were_moved_are_left_out(clients: Clients, bundle: Bundle, tmp_path: Path) -> None:
    edits = bundle.labels.edits.model_copy(update={"core": {int((bundle.arrays.clusters == 1).argmax()): 0}})
    write_labels(tmp_path / "models" / "books", bundle.labels.model_copy(update={"edits": edits}))
    index(clients, bundle, {0: 70, 1: 0, 2: 5}, {})
    assert [one.id for one in drifting(clients, tmp_path / "models") or []] == [2]


def test_documents_of_other_models_tell_nothing(clients: Clients, bundle: Bundle, tmp_path: Path) -> None:
    assert drifting(clients, tmp_path / "models") == []


def test_older_models_count_their_members_in_assignments(clients: Clients, bundle: Bundle, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "books"
    older = json.loads((folder / MANIFEST).read_bytes())
    assert older.pop("members") == {"0": EACH, "1": EACH, "2": EACH}
    (folder / MANIFEST).write_text(json.dumps(older))
    index(clients, bundle, {0: 70, 1: 0, 2: 30}, {})
    assert [one.id for one in drifting(clients, tmp_path / "models") or []] == [1]
    (folder / ASSIGNMENTS).unlink()
    assert drifting(clients, tmp_path / "models") == []


def test_without_a_model_drift_is_unknown(clients: Clients, tmp_path: Path) -> None:
    assert drifting(clients, tmp_path) is None
