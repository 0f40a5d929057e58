"""Enriched documents to search documents: index projections, field mappings and output field mappings."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local.search.enrichment import Enriched, Missing, Path
from local.search.index import Document, Index

type Warn = Callable[[str, str], None]
"""Told the field that stays empty and why."""


def encode_key(text: str) -> str:
    """The mapping function base64Encode by default: .NET's UrlTokenEncode, which ends in the count of its padding."""
    encoded = base64.urlsafe_b64encode(text.encode()).decode()
    return f"{encoded.rstrip('=')}{len(encoded) - len(encoded.rstrip('='))}"


def children(
    enriched: Enriched, selector: Mapping[str, Any], index: Index, parent: str, revision: str, warn: Warn
) -> list[Document]:
    """The documents that a selector of the index projections makes of one blob.

    Their keys are a hash that changes with the blob, the parent's key, and where in the document each was:
    https://learn.microsoft.com/azure/search/search-how-to-define-index-projections#projected-key-value.
    """
    context = selector["sourceContext"]
    digest = hashlib.sha256(f"{parent}{revision}".encode()).hexdigest()[:12]
    made: list[Document] = []
    for place in enriched.places(context):
        key = "_".join([digest, parent, *map(str, place[1:])])
        document: Document = {index.key: key, selector["parentKeyFieldName"]: parent}
        for mapping in selector["mappings"]:
            document[mapping["name"]] = _found(enriched, mapping["source"], context, place, mapping["name"], warn)
        made.append(document)
    return made


def parent_document(enriched: Enriched, indexer: Mapping[str, Any], index: Index, url: str, warn: Warn) -> Document:
    """The document of a blob as a whole, by the indexer's own mappings."""
    document: Document = {index.key: encode_key(url)}
    mapped = {mapping["sourceFieldName"] for mapping in indexer.get("fieldMappings") or []}
    for name, value in enriched.source.items():
        if name in index.fields and name not in mapped:
            document[name] = value
    for mapping in indexer.get("fieldMappings") or []:
        target = mapping.get("targetFieldName") or mapping["sourceFieldName"]
        value = enriched.source.get(mapping["sourceFieldName"])
        document[target] = encode_key(str(value)) if mapping.get("mappingFunction") else value
    for mapping in indexer.get("outputFieldMappings") or []:
        target = mapping.get("targetFieldName") or mapping["sourceFieldName"]
        source = mapping["sourceFieldName"]
        document[target] = _found(enriched, source, "/document", ("document",), target, warn)
    return document


def unsupported_functions(indexer: Mapping[str, Any]) -> Iterator[str]:
    """Mapping functions that this stand-in does not know."""
    for mapping in [*(indexer.get("fieldMappings") or []), *(indexer.get("outputFieldMappings") or [])]:
        function = mapping.get("mappingFunction")
        if function and (function["name"] != "base64Encode" or function.get("parameters")):
            yield function["name"]


def _found(enriched: Enriched, source: str, context: str, place: Path, field: str, warn: Warn) -> object:
    value = enriched.value(source, context, place)
    if isinstance(value, Missing):
        warn(field, value.message)
        return None
    return value
