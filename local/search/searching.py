"""A search request to a search response.

Not the service's ranking: BM25 comes from FTS5, vectors are compared one by one (so nothing is approximate), and the
two are fused by reciprocal rank, as the service does. Which documents match follows the service's documentation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from local.search.errors import ServiceError
from local.search.full_query import FullQuery
from local.search.index import Document, Index
from local.search.odata import parse_filter, parse_order
from local.search.simple_query import SimpleQuery
from local.search.texts import Scores

_KNOWN = frozenset(
    {
        "search",
        "searchMode",
        "searchFields",
        "queryType",
        "filter",
        "facets",
        "orderby",
        "select",
        "top",
        "skip",
        "count",
    }
    | {"vectorQueries", "vectorFilterMode"}
)
_VECTOR_KNOWN = frozenset({"kind", "vector", "fields", "k", "exhaustive"})
_DEFAULT_TOP = 50
_MOST = 1000
_DEFAULT_FACET_VALUES = 10
_FUSION_CONSTANT = 60  # of reciprocal rank fusion, https://learn.microsoft.com/azure/search/hybrid-search-ranking


def search(index: Index, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a search request. Raises ServiceError for what it can't read and for what this stand-in does not know."""
    _check(request)
    documents = index.documents()
    allowed = documents
    if request.get("filter"):
        fits = parse_filter(request["filter"], index.fields)
        allowed = {row: document for row, document in documents.items() if fits(document)}
    scores = _matches(index, request, allowed)
    rows = _ordered(index, request, allowed, scores)
    top, skip = _number(request, "top", _DEFAULT_TOP), _number(request, "skip", 0)
    selected = _selected(index, request)
    page = rows[skip : skip + min(top, _MOST)]
    response: dict[str, Any] = {
        "value": [{"@search.score": scores[row], **_shown(index, row, documents[row], selected)} for row in page]
    }
    if request.get("count"):
        response["@odata.count"] = len(rows)
    if request.get("facets"):
        found = [allowed[row] for row in rows]
        response["@search.facets"] = dict(_facet(index, expression, found) for expression in request["facets"])
    return response


def lookup(index: Index, key: str, select: str | None) -> Document | None:
    """One document by its key."""
    found = index.find(key)
    return _shown(index, *found, _selected(index, {"select": select})) if found else None


def _check(request: Mapping[str, Any]) -> None:
    unknown = [name for name, value in request.items() if name not in _KNOWN and value is not None]
    if unknown:
        raise ServiceError(f"This stand-in does not know the search parameters {', '.join(unknown)}.")
    if request.get("queryType") not in {None, "simple", "full"}:
        raise ServiceError("This stand-in knows the query types 'simple' and 'full' only.")
    if request.get("searchMode") not in {None, "any", "all"}:
        raise ServiceError("searchMode must be 'any' or 'all'.")


def _matches(index: Index, request: Mapping[str, Any], allowed: Mapping[int, Document]) -> Scores:
    rankings = [_nearest(index, query, allowed) for query in request.get("vectorQueries") or []]
    text = request.get("search")
    if text is not None or not rankings:
        fields = _search_fields(index, request)
        mode = request.get("searchMode") or "any"
        if request.get("queryType") == "full":
            found = FullQuery(text or "*", mode).evaluate(
                lambda term, edits: (
                    index.texts.find(term, fields, allowed, prefix=False)
                    if edits is None
                    else index.texts.find_alike(term, edits, fields, allowed)
                ),
                allowed.keys(),
            )
        else:
            found = SimpleQuery(text or "*", mode).evaluate(
                lambda term, prefix: index.texts.find(term, fields, allowed, prefix=prefix), allowed.keys()
            )
        rankings.append({row: score for row, score in found.items() if row in allowed})
    return rankings[0] if len(rankings) == 1 else _fused(rankings)


def _search_fields(index: Index, request: Mapping[str, Any]) -> list[str]:
    names = [name.strip() for name in (request.get("searchFields") or "").split(",") if name.strip()]
    for name in names:
        if name not in index.texts.fields:
            raise ServiceError(f"The field {name!r} in searchFields is not a searchable text field of this index.")
    return names or index.texts.fields


def _nearest(index: Index, query: Mapping[str, Any], allowed: Mapping[int, Document]) -> Scores:
    unknown = query.keys() - _VECTOR_KNOWN
    if unknown or query.get("kind") != "vector":
        raise ServiceError("This stand-in knows vector queries of kind 'vector' with vector, fields and k only.")
    field = index.fields.get(query.get("fields", ""))
    if field is None or not field.dimensions:
        raise ServiceError(f"{query.get('fields')!r} is not a vector field of this index.")
    wanted = np.asarray(query["vector"], dtype=np.float32)
    if wanted.shape != (field.dimensions,):
        raise ServiceError(f"The vector has {wanted.size} dimensions, the field {field.name!r} has {field.dimensions}.")
    vectors = {row: vector for row, vector in index.vectors(field.name).items() if row in allowed}
    if not vectors:
        return {}
    matrix = np.stack(list(vectors.values()))
    norms = np.linalg.norm(matrix, axis=1) * np.linalg.norm(wanted)
    similarity = np.divide(matrix @ wanted, norms, out=np.zeros(len(matrix), np.float32), where=norms > 0)
    # https://learn.microsoft.com/azure/search/vector-search-ranking: 1 / (1 + cosine distance)
    scores = dict(zip(vectors, (1 / (2 - similarity)).tolist(), strict=True))
    nearest = sorted(scores, key=lambda row: -scores[row])[: query.get("k") or _DEFAULT_TOP]
    return {row: scores[row] for row in nearest}


def _fused(rankings: Sequence[Scores]) -> Scores:
    fused: Scores = {}
    for ranking in rankings:
        for rank, row in enumerate(sorted(ranking, key=lambda row: -ranking[row]), start=1):
            fused[row] = fused.get(row, 0.0) + 1 / (_FUSION_CONSTANT + rank)
    return fused


def _ordered(index: Index, request: Mapping[str, Any], documents: Mapping[int, Document], scores: Scores) -> list[int]:
    rows = sorted(scores, key=lambda row: (-scores[row], documents[row][index.key]))
    clauses = [parse_order(clause, index.fields) for clause in (request.get("orderby") or "").split(",") if clause]
    for name, descending in reversed(clauses):

        def value(row: int, name: str = name) -> tuple[bool, Any]:
            found = scores[row] if name == "search.score()" else documents[row].get(name)
            return (found is not None, found if found is not None else 0)

        rows.sort(key=value, reverse=descending)
    return rows


def _facet(index: Index, expression: str, documents: Sequence[Document]) -> tuple[str, list[dict[str, Any]]]:
    name, *options = [part.strip() for part in expression.split(",")]
    field = index.fields.get(name)
    if field is None or not field.facetable:
        raise ServiceError(f"The field {name!r} is not facetable.")
    settings = {key: value for key, _, value in (option.partition(":") for option in options)}
    if settings.keys() - {"count", "sort"} or settings.get("sort", "count") not in {"count", "value"}:
        raise ServiceError(f"Invalid facet expression {expression!r}: this stand-in knows count and sort.")
    counts: Counter[Any] = Counter()
    for document in documents:
        value = document.get(name)
        counts.update(set(value) if isinstance(value, list) else [] if value is None else [value])
    by_value = settings.get("sort") == "value"
    ranked = sorted(counts.items(), key=lambda item: (0 if by_value else -item[1], item[0]))
    most = int(settings.get("count", _DEFAULT_FACET_VALUES))
    return name, [{"value": value, "count": count} for value, count in ranked[:most]]


def _selected(index: Index, request: Mapping[str, Any]) -> list[str]:
    names = [name.strip() for name in (request.get("select") or "").split(",") if name.strip()]
    for name in names:
        if name not in index.fields or not index.fields[name].retrievable:
            raise ServiceError(f"Could not find a retrievable property named {name!r} to select.")
    return names or [field.name for field in index.fields.values() if field.retrievable]


def _shown(index: Index, row: int, document: Document, selected: Sequence[str]) -> Document:
    if any(index.fields[name].dimensions for name in selected):
        document = index.with_vectors(row, document)
    return {name: document.get(name) for name in selected}


def _number(request: Mapping[str, Any], name: str, otherwise: int) -> int:
    value = request.get(name)
    if value is None:
        return otherwise
    if not isinstance(value, int) or not 0 <= value <= 100_000:
        raise ServiceError(f"{name} must be a whole number from 0 to 100000.")
    return value
