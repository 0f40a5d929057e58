"""One blob with many pictures: a document for each, or one for all."""

from __future__ import annotations

import base64

from local.search.enrichment import Enriched
from local.search.mapping import children, encode_key, parent_document, unsupported_functions
from tests.local.search.indexes import make_index

SELECTOR = {
    "sourceContext": "/document/normalized_images/*",
    "parentKeyFieldName": "title",
    "mappings": [
        {"name": "label", "source": "/document/normalized_images/*/label"},
        {"name": "size", "source": "/document/normalized_images/*/pageNumber"},
        {"name": "plain", "source": "/document/content"},
    ],
}


def two_pictures() -> Enriched:
    enriched = Enriched({"content": "a text", "normalized_images": [{"pageNumber": 1}, {"pageNumber": 2}]})
    enriched.add(("document", "normalized_images", 0, "label"), ["open book"])
    return enriched


def silent(field: str, why: str) -> None:
    """Warnings that are another test's."""


def test_a_document_for_each_picture() -> None:
    warnings: list[tuple[str, str]] = []
    index = make_index()
    made = children(two_pictures(), SELECTOR, index, "parent", "1", lambda field, why: warnings.append((field, why)))
    assert [document["size"] for document in made] == [1, 2]
    assert [document["label"] for document in made] == [["open book"], None]
    assert {document["plain"] for document in made} == {"a text"}
    assert {document["title"] for document in made} == {"parent"}
    assert made[1]["id"].endswith("_parent_normalized_images_1")
    assert warnings == [("label", "Missing value '/document/normalized_images/1/label'.")]
    index.replace_children("title", "parent", made)
    assert index.count() == 2


def test_keys_follow_the_blob() -> None:
    def keys(revision: str) -> list[str]:
        made = children(two_pictures(), SELECTOR, make_index(), "parent", revision, silent)
        return [document["id"] for document in made]

    assert keys("1") == keys("1")
    assert not set(keys("1")) & set(keys("2"))


def test_one_document_for_a_blob() -> None:
    path = "metadata_storage_path"
    indexer = {
        "fieldMappings": [
            {
                "sourceFieldName": "metadata_storage_path",
                "targetFieldName": "id",
                "mappingFunction": {"name": "base64Encode"},
            },
            {"sourceFieldName": "metadata_storage_path", "targetFieldName": "plain"},
        ],
        "outputFieldMappings": [
            {"sourceFieldName": "/document/normalized_images/*/label/*", "targetFieldName": "label"}
        ],
    }
    enriched = two_pictures()
    enriched.source[path] = "http://host/a b.jpg"
    enriched.source["title"] = "by its own name"
    document = parent_document(enriched, indexer, make_index(), "http://host/a b.jpg", silent)
    assert document == {
        "id": encode_key("http://host/a b.jpg"),
        "plain": "http://host/a b.jpg",
        "label": ["open book"],
        "title": "by its own name",
    }


def test_keys_are_encoded_as_dot_net_does() -> None:
    # https://learn.microsoft.com/azure/search/search-indexer-field-mappings#base64-encoding-options
    assert encode_key("00>00?00") == "MDA-MDA_MDA1"
    assert encode_key("abc") == base64.b64encode(b"abc").decode() + "0"


def test_refuses_unknown_mapping_functions() -> None:
    mappings = [
        {"sourceFieldName": "a", "mappingFunction": {"name": "urlEncode"}},
        {"sourceFieldName": "b", "mappingFunction": {"name": "base64Encode", "parameters": {"x": True}}},
        {"sourceFieldName": "c", "mappingFunction": {"name": "base64Encode"}},
        {"sourceFieldName": "d"},
    ]
    assert list(unsupported_functions({"fieldMappings": mappings})) == ["urlEncode", "base64Encode"]
