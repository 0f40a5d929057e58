"""The stand-in over HTTP: who is let in, which paths there are, and what the unmodified SDK makes of it."""

from __future__ import annotations

import secrets
from collections.abc import Generator

import httpx
import pytest
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.search.documents import SearchClient
from azure.search.documents.indexes import SearchIndexClient
from azure.search.documents.indexes.models import SearchField, SearchIndex

from tests.local.search.deployments import KEY, shared_search
from tests.local.search.indexes import FIELDS


@pytest.fixture
def index() -> Generator[SearchClient]:
    """An index of its own through the SDK, and its client."""
    url, credential, name = shared_search().url, AzureKeyCredential(KEY), f"app-{secrets.token_hex(4)}"
    with SearchIndexClient(url, credential) as indexes, SearchClient(url, name, credential) as client:
        created = indexes.create_or_update_index(SearchIndex({"name": name, "fields": FIELDS}))
        assert created.fields[1].searchable
        yield client
        indexes.delete_index(name)


def call(
    path: str, method: str = "GET", key: str = KEY, version: str = "2026-04-01", body: object = None
) -> httpx.Response:
    url = f"{shared_search().url}{path}"
    return httpx.request(method, url, headers={"api-key": key}, params={"api-version": version}, json=body)


def test_a_wrong_key_is_refused() -> None:
    response = call("/indexes", key="guess")
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "Forbidden"


def test_another_api_version_is_refused() -> None:
    response = call("/indexes", version="2020-06-30")
    assert response.status_code == 400
    assert "2026-04-01" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/synonymmaps", "GET", 404),
        ("/indexes('none')", "GET", 404),
        ("/indexes('none')", "DELETE", 404),
        ("/indexes('none')/docs/$count", "GET", 404),
        ("/indexers('none')/search.status", "GET", 404),
        ("/indexers('none')/search.run", "POST", 404),
        ("/indexers('none')/search.reset", "POST", 404),
    ],
)
def test_unknown_objects_are_not_found(path: str, method: str, status: int) -> None:
    assert call(path, method).status_code == status


def test_refuses_bodies_that_are_not_objects() -> None:
    assert call("/indexes('x')", "PUT", body=[]).status_code == 400
    url = f"{shared_search().url}/indexes('x')?api-version=2026-04-01"
    assert httpx.put(url, headers={"api-key": KEY}, content=b"{").status_code == 400


def test_documents_through_the_sdk(index: SearchClient) -> None:
    results = index.upload_documents([{"id": "1", "label": ["open book"]}, {"id": "2", "size": "large"}])
    assert [(result.key, result.succeeded, result.status_code) for result in results] == [
        ("1", True, 201),
        ("2", False, 400),
    ]
    assert index.get_document_count() == 1
    assert index.get_document("1", selected_fields=["label", "size"]) == {"label": ["open book"], "size": None}
    with pytest.raises(ResourceNotFoundError):
        index.get_document("2")
    found = index.search("open", search_fields=["label", "title"], select=["id", "label"], facets=["label"], top=5)
    assert [dict(hit)["id"] for hit in found] == ["1"]
    assert found.get_facets() == {"label": [{"value": "open book", "count": 1}]}
    assert [r.succeeded for r in index.delete_documents([{"id": "1"}])] == [True]
    assert index.get_document_count() == 0


def test_unknown_properties_are_refused(index: SearchClient) -> None:
    with pytest.raises(HttpResponseError, match="colour"):
        index.merge_documents([{"id": "1", "colour": "red"}])
    with pytest.raises(HttpResponseError, match="highlight"):
        list(index.search("x", highlight_fields="label"))
    body = {"name": "x", "fields": FIELDS, "fierlds": []}
    response = call("/indexes('x')", "PUT", body=body)
    assert "index.fierlds: is not a property of SearchIndex" in response.json()["error"]["message"]


def test_fields_are_added_and_not_changed(index: SearchClient) -> None:
    index.upload_documents([{"id": "1", "title": "zebra"}])
    with SearchIndexClient(shared_search().url, AzureKeyCredential(KEY)) as indexes:
        name = next(name for name in indexes.list_index_names() if name.startswith("app-"))
        definition = indexes.get_index(name)
        definition.fields.append(SearchField(name="more", type="Edm.String"))
        indexes.create_or_update_index(definition)
        assert [hit["id"] for hit in index.search("zebra")] == ["1"]
        definition.fields[1].filterable = False
        with pytest.raises(HttpResponseError, match="cannot be deleted or changed"):
            indexes.create_or_update_index(definition)
        definition.fields.pop(1)
        with pytest.raises(HttpResponseError, match="cannot be deleted or changed"):
            indexes.create_or_update_index(definition)
