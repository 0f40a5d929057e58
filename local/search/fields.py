"""The fields of an index: their attributes with the service's defaults, and the values that fit them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.search.errors import ServiceError

_KEY = re.compile(r"[A-Za-z0-9_\-=]{1,1024}")
_COLLECTION = re.compile(r"Collection\((.+)\)")
_RANGES = {"Edm.Int32": 2**31, "Edm.Int64": 2**63}
_NUMBERS = frozenset({"Edm.Double", "Edm.Single"})
_TYPES = frozenset({"Edm.String", "Edm.Boolean", "Edm.DateTimeOffset", *_RANGES, *_NUMBERS})
ANALYZERS = frozenset({"standard.lucene", "en.lucene", "keyword"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an index, every attribute decided."""

    name: str
    type: str
    key: bool
    searchable: bool
    filterable: bool
    sortable: bool
    facetable: bool
    retrievable: bool
    analyzer: str | None
    dimensions: int | None

    @property
    def item(self) -> str | None:
        """The type of a collection's items; None for a field of a single value."""
        match = _COLLECTION.fullmatch(self.type)
        return match[1] if match else None


def complete(definition: dict[str, Any]) -> dict[str, Any]:
    """An index definition with every field's attributes spelt out, as the service gives it back."""
    return definition | {"fields": [_complete(field) for field in definition["fields"]]}


def read_fields(definition: dict[str, Any]) -> dict[str, Field]:
    """Fields by name, of a definition that is complete."""
    return {
        field["name"]: Field(
            name=field["name"],
            type=field["type"],
            key=field["key"],
            searchable=field["searchable"],
            filterable=field["filterable"],
            sortable=field["sortable"],
            facetable=field["facetable"],
            retrievable=field["retrievable"],
            analyzer=field["analyzer"],
            dimensions=field.get("dimensions"),
        )
        for field in definition["fields"]
    }


def check_fields(definition: dict[str, Any]) -> None:
    """Raises ServiceError for what the service, or this stand-in, does not take."""
    fields = list(read_fields(definition).values())
    keys = [field.name for field in fields if field.key]
    if len(keys) != 1:
        raise ServiceError(f"The index must have exactly one key field; it has {len(keys)}.")
    if len({field.name.lower() for field in fields}) != len(fields):
        raise ServiceError("Field names must differ in more than case.")
    for field in fields:
        if (field.item or field.type) not in _TYPES:
            raise ServiceError(
                f"The field {field.name!r} has the type {field.type}, which this stand-in does not know."
            )
        if field.analyzer is not None and field.analyzer not in ANALYZERS:
            known = ", ".join(sorted(ANALYZERS))
            raise ServiceError(f"The field {field.name!r} has the analyzer {field.analyzer!r}; here there are {known}.")
        if field.key and field.type != "Edm.String":
            raise ServiceError(f"The key field {field.name!r} must be of type Edm.String.")
        is_vector = field.item == "Edm.Single"
        if field.searchable and not is_vector and (field.item or field.type) != "Edm.String":
            raise ServiceError(f"The field {field.name!r} is of type {field.type} and can't be searchable.")
        if field.item and field.sortable:
            raise ServiceError(f"The field {field.name!r} is a collection and can't be sortable.")
        if is_vector and not (field.dimensions and field.searchable):
            raise ServiceError(f"The vector field {field.name!r} needs dimensions and must be searchable.")


def checked_value(field: Field, value: object) -> object:
    """The value as it is kept. Raises ServiceError in the service's words when the field's type is another."""
    if value is None:
        if field.item:
            return []
        if field.key:
            raise ServiceError("Document key cannot be missing or empty.")
        return None
    if field.item is None:
        _check_item(field, field.type, value)
        if field.key and not _KEY.fullmatch(str(value)):
            raise ServiceError(
                f"Invalid document key: {value!r}. Keys can only contain letters, digits, underscore (_), dash (-), "
                "or equal sign (=)."
            )
        return value
    if not isinstance(value, list):
        raise _mismatch(field, value)
    for item in value:
        _check_item(field, field.item, item)
    if field.dimensions and value and len(value) != field.dimensions:
        raise ServiceError(
            f"The vector field {field.name!r} has {field.dimensions} dimensions, the value has {len(value)}."
        )
    return value


def _check_item(field: Field, kind: str, value: object) -> None:
    if kind in _RANGES:
        fits = isinstance(value, int) and not isinstance(value, bool) and -_RANGES[kind] <= value < _RANGES[kind]
    elif kind in _NUMBERS:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    elif kind == "Edm.Boolean":
        fits = isinstance(value, bool)
    else:
        fits = isinstance(value, str) and (kind != "Edm.DateTimeOffset" or _is_time(value))
    if not fits:
        raise _mismatch(field, value)


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _mismatch(field: Field, value: object) -> ServiceError:
    return ServiceError(
        f"The data field {field.name!r} has an invalid value {value!r:.80}. The expected type was {field.type!r}."
    )


def _complete(field: dict[str, Any]) -> dict[str, Any]:
    inner = _COLLECTION.fullmatch(field["type"])
    text = (inner[1] if inner else field["type"]) == "Edm.String"
    vector = "dimensions" in field
    defaults = {
        "key": False,
        "searchable": text,
        "filterable": not vector,
        "sortable": not inner,
        "facetable": not vector,
        "retrievable": not vector,
        "analyzer": None,
    }
    return {name: field.get(name) if field.get(name) is not None else value for name, value in defaults.items()} | {
        name: value for name, value in field.items() if value is not None
    }
