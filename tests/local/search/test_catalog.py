"""Definitions: what the service takes for one, in which order, and what it keeps to itself."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator
from typing import Any

import pytest

from infra.search.definitions import Definitions, render
from infra.search.settings import load_search_settings
from local.search.catalog import KINDS, REDACTED, Catalog
from local.search.database import Database
from local.search.errors import ServiceError

ACCOUNT = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:1/a;"
SETTINGS = load_search_settings(
    {
        "search_name_prefix": "p",
        "skill_url": "http://127.0.0.1/api/extraction",
        "storage_connection": ACCOUNT,
        "search_vector": True,
        "classifier_url": "http://127.0.0.1/classify",
    }
)


@pytest.fixture
def catalog() -> Generator[Catalog]:
    database = Database()
    yield Catalog(database)
    database.close()


@pytest.fixture
def definitions() -> Definitions:
    return copy.deepcopy(render(SETTINGS, "p", secrets=True))


def put_all(catalog: Catalog, definitions: Definitions) -> None:
    for (_, body), collection in zip(definitions.items(), KINDS, strict=False):
        catalog.put(collection, body["name"], body)


def test_definitions_are_kept_and_replaced(catalog: Catalog, definitions: Definitions) -> None:
    put_all(catalog, definitions)
    first = catalog.shown("skillsets", "p-skillset")
    assert not catalog.put("skillsets", "p-skillset", definitions.skillset)
    assert catalog.shown("skillsets", "p-skillset")["@odata.etag"] != first["@odata.etag"]
    assert catalog.names("indexers") == ["p-indexer"]
    assert catalog.delete("indexers", "p-indexer")
    assert not catalog.delete("indexers", "p-indexer")


def test_credentials_are_not_given_back(catalog: Catalog, definitions: Definitions) -> None:
    catalog.put("datasources", "p-datasource", definitions.datasource)
    shown = catalog.shown("datasources", "p-datasource")
    assert shown["credentials"] == {"connectionString": REDACTED}
    assert not catalog.put("datasources", "p-datasource", shown)  # sent back as it was shown, the credential stays
    assert catalog.get("datasources", "p-datasource")["credentials"]["connectionString"] == ACCOUNT


REFUSED: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("datasources", lambda body: body.update(name="q"), "is not the one in the definition"),
    ("datasources", lambda body: body.update(type="azuresql"), "'azureblob' only"),
    ("datasources", lambda body: body.update(credentials={"connectionString": None}), "needs credentials"),
    ("datasources", lambda body: body.update(credentials={"connectionString": REDACTED}), "needs credentials"),
    ("indexes", lambda body: body["fields"].pop(0), "exactly one key field; it has 0"),
    ("indexes", lambda body: body.update(fields={}), "must be a list"),
    (
        "skillsets",
        lambda body: body["skills"][0].update({"@odata.type": "#Microsoft.Skills.Vision.OcrSkill"}),
        "is not a property of OcrSkill",
    ),
    (
        "skillsets",
        lambda body: body["skills"].append(
            {"@odata.type": "#Microsoft.Skills.Util.ShaperSkill", "inputs": [], "outputs": []}
        ),
        "can't run #Microsoft.Skills.Util.ShaperSkill",
    ),
    (
        "skillsets",
        lambda body: body["skills"][1]["inputs"].append({"name": "x", "source": "/document/normalized_images/*/label"}),
        "in a circle",
    ),
    (
        "skillsets",
        lambda body: body["indexProjections"]["selectors"][0].update(targetIndexName="q"),
        "'q' that doesn't exist",
    ),
    (
        "skillsets",
        lambda body: body["indexProjections"]["selectors"][0].update(parentKeyFieldName="size"),
        "must be a filterable Edm.String",
    ),
    (
        "skillsets",
        lambda body: body["indexProjections"]["selectors"][0]["mappings"][0].update(name="parent_id"),
        "can't fill 'parent_id'",
    ),
    ("indexers", lambda body: body.update(dataSourceName="q"), "a datasource 'q' that doesn't exist"),
    ("indexers", lambda body: body.update(schedule={"interval": "PT2M"}), "PT5M to P1D"),
    (
        "indexers",
        lambda body: body.update(outputFieldMappings=[{"sourceFieldName": "/document/x", "targetFieldName": "x"}]),
        "target field 'x'",
    ),
    (
        "indexers",
        lambda body: body.update(
            fieldMappings=[{"sourceFieldName": "content", "mappingFunction": {"name": "urlEncode"}}]
        ),
        "urlEncode",
    ),
]


@pytest.mark.parametrize(("collection", "change", "words"), REFUSED)
def test_what_is_refused(
    collection: str, change: Callable[[dict[str, Any]], object], words: str, catalog: Catalog, definitions: Definitions
) -> None:
    bodies = dict(zip(KINDS, (body for _, body in definitions.items()), strict=False))
    names = {kind: body["name"] for kind, body in bodies.items()}
    change(bodies[collection])
    for kind, body in bodies.items():
        if kind == collection:
            with pytest.raises(ServiceError) as caught:
                catalog.put(kind, names[kind], body)
            assert words in str(caught.value)
            assert catalog.names(kind) == []
            return
        catalog.put(kind, names[kind], body)


def test_the_key_of_projected_documents_needs_the_keyword_analyzer(catalog: Catalog, definitions: Definitions) -> None:
    del definitions.index["fields"][0]["analyzer"]
    with pytest.raises(ServiceError, match="needs the keyword analyzer"):
        put_all(catalog, definitions)


def test_an_alias_stands_for_an_index_where_documents_and_the_definition_are_meant(
    catalog: Catalog, definitions: Definitions
) -> None:
    put_all(catalog, definitions)
    catalog.put("indexes", "q", definitions.index | {"name": "q"})
    assert catalog.put("aliases", "a", {"name": "a", "indexes": ["p"]})
    assert catalog.shown("indexes", "a")["name"] == catalog.index("a").name == "p"
    assert not catalog.put("aliases", "a", {"name": "a", "indexes": ["q"]})
    assert catalog.index("a").name == "q"
    assert not catalog.delete("indexes", "a"), "an index can't be deleted by its alias"
    with pytest.raises(ServiceError, match="while an alias leads to it"):
        catalog.delete("indexes", "q")
    with pytest.raises(ServiceError, match="a index 'a' that doesn't exist"):
        catalog.put("indexers", "p-indexer", definitions.indexer | {"targetIndexName": "a"})
    with pytest.raises(ServiceError, match="There is an alias 'a' already"):
        catalog.put("indexes", "a", definitions.index | {"name": "a"})


@pytest.mark.parametrize("indexes", [[], ["nothing"], ["p", "p"]])
def test_an_alias_leads_to_one_index_that_exists(
    indexes: list[str], catalog: Catalog, definitions: Definitions
) -> None:
    put_all(catalog, definitions)
    with pytest.raises(ServiceError, match="must lead to one index that exists"):
        catalog.put("aliases", "a", {"name": "a", "indexes": indexes})
    with pytest.raises(ServiceError, match="There is an index 'p' already"):
        catalog.put("aliases", "p", {"name": "p", "indexes": indexes})
