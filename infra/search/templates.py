"""The JSON files of this folder as one set of definitions: variants laid over them, placeholders filled.

Standard library only: beside `python -m infra.search` it serves infra/scripts/put_search_objects.py, which Azure runs
where nothing can be installed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import cast

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None
type JsonObject = dict[str, Json]

KINDS = ("datasource", "index", "skillset", "indexer")
"""The four kinds, in the order in which they must be created."""

NEVER = "never"
"""The schedule of an indexer that runs only when it is told to."""

_FOLDER = Path(__file__).parent
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
# By which an entry of a list is recognized; a selector of the projections has no name but its index's.
_IDENTITIES = ("name", "targetIndexName")


def first_build(prefix: str) -> str:
    """The index that the alias named `prefix` leads to at first; `rebuild` counts on."""
    return f"{prefix}-build-1"


def read_templates(*, simple: bool, variants: Iterable[str]) -> dict[str, JsonObject]:
    """Each kind's file with the files of these variants laid over it, in their order."""
    definitions = {
        kind: _read(f"simple.{kind}.json" if simple and kind != "datasource" else f"{kind}.json") for kind in KINDS
    }
    for variant in variants:
        for kind, addition in _read(f"variants/{variant}.json").items():
            definitions[kind] = merge(definitions[kind], cast("JsonObject", addition))
    return definitions


def choose_variants(
    *,
    vector: bool,
    compare: bool,
    classifier: bool,
    identity: bool,
    entra: bool,
    key: bool,
    schedule: bool,
    private: bool,
) -> list[str]:
    """The variants that a deployment with these traits needs."""
    wanted = {
        # Apart from the files that it is laid over: the SDK's models lack what the service documents.
        "picture_size": True,
        "vector": vector,
        "compare": compare,
        "classifier": classifier,
        "identity": identity,
        "compare_identity": identity and compare,
        "entra": entra,
        "entra_identity": identity and entra,
        "key": key,
        "schedule": schedule,
        "private": private,
    }
    return [name for name, needed in wanted.items() if needed]


def merge(base: JsonObject, addition: JsonObject) -> JsonObject:
    """Lay one object over another: objects merge, entries of lists merge where named alike, else are appended."""
    merged = dict(base)
    for key, value in addition.items():
        there = merged.get(key)
        if isinstance(there, dict) and isinstance(value, dict):
            merged[key] = merge(there, value)
        elif isinstance(there, list) and isinstance(value, list):
            merged[key] = _merge_lists(there, value)
        else:
            merged[key] = value
    return merged


def fill[Value: Json](value: Value, look_up: Callable[[str], str]) -> Value:
    """Replace every `${name}` inside strings by what look_up answers for the name."""
    return cast("Value", _filled(value, look_up))


def _read(name: str) -> JsonObject:
    return json.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _merge_lists(base: list[Json], addition: list[Json]) -> list[Json]:
    merged = list(base)
    for value in addition:
        position = next((at for at, there in enumerate(merged) if _same(there, value)), None)
        if position is None:
            merged.append(value)
        else:
            merged[position] = merge(cast("JsonObject", merged[position]), cast("JsonObject", value))
    return merged


def _same(one: Json, other: Json) -> bool:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    return any(key in one and one[key] == other.get(key) for key in _IDENTITIES)


def _filled(value: Json, look_up: Callable[[str], str]) -> Json:
    if isinstance(value, dict):
        return {key: _filled(item, look_up) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, look_up) for item in value]
    return _PLACEHOLDER.sub(lambda match: look_up(match[1]), value) if isinstance(value, str) else value
