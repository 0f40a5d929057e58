"""What an index says about pictures comes to the model that is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from azure.search.documents.indexes.models import SearchField
from typer.testing import CliRunner

from infra.search.cli import app
from infra.search.clients import Clients
from infra.search.words import FieldError, read_texts
from shared.model.words import read_words
from tests.local.search.deployments import environment, settings
from tests.tiny_models import tiny_model


def texts(clients: Clients, *wanted: str) -> Mapping[str, Sequence[str]]:
    fields = clients.indexes.get_index(clients.index).fields
    return read_texts(clients.images, clients.documents, fields, wanted)


def test_any_field_of_text_is_read_by_picture(clients: Clients) -> None:
    found = texts(clients, "label", "file_name")
    assert len(found) == 9
    assert found["open_book_0.jpg"] == ["open book", "double spread", "open_book_0.jpg"]
    for field in ("prompt", "cluster_id", "vector"):
        with pytest.raises(FieldError, match=rf"{field} is not a field of text in the index: there are id, .*label"):
            texts(clients, field)
    with pytest.raises(FieldError, match=r"no field tags or caption: give --field one of id, .*label"):
        texts(clients)


def test_the_command_writes_computer_vision_s_words_beside_the_model(
    clients: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = clients.indexes.get_index(clients.index)
    index.fields.append(SearchField(name="tags", type="Collection(Edm.String)", searchable=True))
    clients.indexes.create_or_update_index(index)
    (shelf,) = clients.documents.search("*", filter="file_name eq 'book_shelf_2.jpg'", select=["id"])
    clients.documents.merge_documents([{"id": shelf["id"], "tags": ["wood", "indoor"]}])
    for name, value in environment(clients.settings).items():
        monkeypatch.setenv(name, value)
    tiny_model(tmp_path / "models")
    result = CliRunner().invoke(app, ["words", str(tmp_path / "models" / "books")])
    assert "Wrote the words of 1 pictures" in " ".join(result.stderr.split())
    assert read_words(tmp_path / "models" / "books") == {"book_shelf_2.jpg": ["wood", "indoor"]}


def test_the_folder_must_be_a_model_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(settings("http://127.0.0.1:1")).items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, ["words", str(tmp_path)])
    assert result.exit_code == 1
    assert "manifest.json is missing" in " ".join(result.stderr.split())
