"""Is this JSON what the search service's REST API takes? Checked against the models of azure-search-documents.

The SDK itself accepts any property from anywhere and sends it; the service then refuses it, or worse, ignores it. The
models are read through internals of the SDK, whose version is pinned for that reason; a test fails where they move.
"""

from __future__ import annotations

import datetime
import re
import types
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from azure.search.documents.indexes import models as _public

KINDS: dict[str, type] = {
    "datasource": _public.SearchIndexerDataSourceConnection,
    "index": _public.SearchIndex,
    "alias": _public.SearchAlias,
    "skillset": _public.SearchIndexerSkillset,
    "indexer": _public.SearchIndexer,
}
"""What can be checked."""

# The restricted form of ISO 8601 durations that the service takes: XSD's dayTimeDuration.
_DURATION = re.compile(r"P(?!$)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
_COLLECTION = re.compile(r"Collection\((.+)\)")

# A class of the SDK, list[...], Union[...], Literal[...]: there is no narrower type for what an annotation may be.
type _Annotation = Any

_PLAIN: dict[type, tuple[str, tuple[type, ...]]] = {
    str: ("a string", (str,)),
    datetime.datetime: ("a date and time", (str,)),
    int: ("a whole number", (int,)),
    float: ("a number", (int, float)),
    bool: ("true or false", (bool,)),
}


class Property(NamedTuple):
    """What a model says of one of its JSON properties."""

    annotation: _Annotation
    required: bool


# The REST API takes these, and the SDK's model leaves them out.
# https://learn.microsoft.com/azure/search/cognitive-search-concept-image-scenarios#configure-indexers-for-image-processing
_UNMODELLED = {
    "IndexingParametersConfiguration": {
        "normalizedImageMaxWidth": Property(int, required=False),
        "normalizedImageMaxHeight": Property(int, required=False),
    }
}


def check_schema(kind: str, definition: object) -> list[str]:
    """Findings, each beginning with its place, such as `index.fields[2].retreivable`; empty where all is well."""
    return list(_object(KINDS[kind], definition, kind))


@cache
def _properties(model: _Annotation) -> dict[str, Property]:
    model({})  # the SDK describes a model's fields when the first instance is made
    hints = get_type_hints(model, localns={"_models": _names()})
    return {
        field._rest_name: Property(hints[name], not field._is_discriminator and type(None) not in get_args(hints[name]))
        for name, field in model._attr_to_rest_field.items()
    } | _UNMODELLED.get(model.__name__, {})


@cache
def _names() -> types.SimpleNamespace:
    """The names that the models' annotations use, which the SDK imports for type checkers only."""
    public: Any = _public
    return types.SimpleNamespace(
        **vars(public._enums) | vars(public._models) | vars(public) | {"_models": public._models}
    )


def _object(model: _Annotation, value: object, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place}: must be an object"
        return
    kinds: dict[str, type] = getattr(model, "__mapping__", {})
    if kinds:
        discriminator = next(f._rest_name for f in _fields(model) if f._is_discriminator)
        given = value.get(discriminator)
        if given not in kinds:
            yield f"{place}.{discriminator}: {given!r} is none of {', '.join(sorted(map(str, kinds)))}"
            return
        model = kinds[given]
    known = _properties(model)
    if not known:  # a dictionary of strings, such as HTTP headers
        known = dict.fromkeys(value, Property(str, required=False))
    for name in value:
        if name not in known and not name.startswith("@odata."):
            yield f"{place}.{name}: is not a property of {model.__name__}; it has {', '.join(sorted(known))}"
    for name, expected in known.items():
        if name in value:
            yield from _value(expected.annotation, value[name], f"{place}.{name}")
        elif expected.required:
            yield f"{place}.{name}: is missing"


def _fields(model: _Annotation) -> list[Any]:
    model({})
    return list(model._attr_to_rest_field.values())


def _value(annotation: _Annotation, value: object, place: str) -> Iterator[str]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        yield from _union(arguments, value, place)
    elif origin in {list, dict}:
        yield from _container(origin, arguments[-1], value, place)
    elif origin is Literal:
        if value not in {getattr(choice, "value", choice) for choice in arguments}:
            yield f"{place}: must be {' or '.join(map(str, arguments))}"
    elif annotation is datetime.timedelta:
        if not (isinstance(value, str) and _DURATION.fullmatch(value)):
            yield f"{place}: {value!r} is not a duration such as PT60S"
    elif annotation in _PLAIN:
        description, allowed = _PLAIN[annotation]
        if not isinstance(value, allowed) or (isinstance(value, bool) and annotation is not bool):
            yield f"{place}: must be {description}, not {value!r}"
    elif annotation is not Any:
        yield from _object(annotation, value, place)


def _container(kind: type, inner: _Annotation, value: object, place: str) -> Iterator[str]:
    if kind is list and isinstance(value, list):
        for position, item in enumerate(value):
            yield from _value(inner, item, f"{place}[{position}]")
    elif kind is dict and isinstance(value, dict):
        for key, item in value.items():
            yield from _value(inner, item, f"{place}.{key}")
    else:
        yield f"{place}: must be {'a list' if kind is list else 'an object'}"


def _union(choices: tuple[Any, ...], value: object, place: str) -> Iterator[str]:
    if value is None:
        if type(None) not in choices:
            yield f"{place}: must not be null"
        return
    enums = [choice for choice in choices if isinstance(choice, type) and issubclass(choice, Enum)]
    if enums:  # always beside str, so that values newer than the SDK pass it; here they don't
        yield from _choice(enums[0], value, place)
        return
    attempts = [list(_value(choice, value, place)) for choice in choices if choice is not type(None)]
    if all(attempts):
        yield from min(attempts, key=len)


def _choice(enum: type[Enum], value: object, place: str) -> Iterator[str]:
    known = [member.value for member in enum]
    inner = _COLLECTION.fullmatch(value) if isinstance(value, str) else None
    plain = inner[1] if inner and enum is _public.SearchFieldDataType else value
    if plain not in known:
        few = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
        yield f"{place}: {value!r} is not one of {few}"
