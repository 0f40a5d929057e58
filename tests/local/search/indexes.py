"""Small indexes to test against."""

from __future__ import annotations

import atexit
from collections.abc import Mapping, Sequence
from typing import Any

from local.search.catalog import Catalog
from local.search.database import Database
from local.search.index import Index

FIELDS: list[dict[str, Any]] = [
    {"name": "id", "type": "Edm.String", "key": True, "analyzer": "keyword"},
    {"name": "label", "type": "Collection(Edm.String)", "analyzer": "en.lucene"},
    {"name": "title", "type": "Edm.String", "analyzer": "en.lucene"},
    {"name": "plain", "type": "Edm.String"},
    {"name": "size", "type": "Edm.Int32"},
    {"name": "ratio", "type": "Edm.Double"},
    {"name": "good", "type": "Edm.Boolean"},
    {"name": "when", "type": "Edm.DateTimeOffset"},
    {"name": "hidden", "type": "Edm.String", "retrievable": False, "filterable": False, "facetable": False},
    {"name": "vector", "type": "Collection(Edm.Single)", "searchable": True, "dimensions": 3},
]


def definition(fields: Sequence[Mapping[str, Any]] = FIELDS) -> dict[str, Any]:
    return {"name": "books", "fields": [dict(field) for field in fields]}


def make_index(*documents: Mapping[str, Any]) -> Index:
    """An index in memory that holds these documents."""
    database = Database()
    atexit.register(database.close)
    catalog = Catalog(database)
    catalog.put("indexes", "books", definition())
    index = catalog.index("books")
    outcomes = index.apply(documents)
    assert all(outcome.succeeded for outcome in outcomes), outcomes
    return index
