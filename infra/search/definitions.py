"""The four search objects of a deployment, rendered from the JSON files of this folder and checked.

`index.json`, `skillset.json` and `indexer.json` give one search document per picture; `simple.*.json` the original
sample's one per blob. Each file of `variants/` is laid over them when its setting is there: objects merge, and entries
of a list merge where their names are equal and are appended otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

from infra.search.settings import SearchSettings
from shared.contract import Json
from shared.errors import UserError

type JsonObject = dict[str, Any]
"""A definition as the REST API takes it; check_schema says whether it is one."""

_FOLDER = Path(__file__).parent
_KINDS = ("datasource", "index", "skillset", "indexer")
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
# By which an entry of a list is recognized; a selector of the projections has no name but its index's.
_IDENTITIES = ("name", "targetIndexName")


class DefinitionError(UserError):
    """These definitions would not work. The message holds one finding a line, each with its exact place."""


@dataclass(frozen=True, slots=True)
class Definitions:
    """What is sent to the search service, as its REST API takes it."""

    datasource: JsonObject
    index: JsonObject
    skillset: JsonObject
    indexer: JsonObject

    def items(self) -> Iterator[tuple[str, JsonObject]]:
        """Kind and definition, in the order in which they must be created."""
        return ((field.name, getattr(self, field.name)) for field in fields(self))


def render(settings: SearchSettings, *, secrets: bool = False) -> Definitions:
    """Render the definitions that these settings ask for.

    Without `secrets` they may be shown and kept: the skill's key is left out and a storage account's connection string
    stays a placeholder. Raises DefinitionError, or SettingsError for a setting that is missing.
    """
    simple = settings.search_variant == "simple"
    files = {
        kind: _read(f"simple.{kind}.json" if simple and kind != "datasource" else f"{kind}.json") for kind in _KINDS
    }
    for variant in _variants(settings, secrets=secrets):
        for kind, addition in _read(f"variants/{variant}.json").items():
            files[kind] = _merge(files[kind], addition)
    shown = settings.storage_connection and settings.need("storage_connection").lower().startswith("resourceid=")
    kept = set[str]() if secrets or shown else {"storage_connection"}
    return Definitions(**{kind: cast("JsonObject", _fill(files[kind], settings, kept)) for kind in _KINDS})


def _variants(settings: SearchSettings, *, secrets: bool) -> list[str]:
    extras = {
        "vector": settings.search_vector,
        "compare": bool(settings.compare_ai_services_url),
        "classifier": bool(settings.classifier_url),
    }
    chosen = [name for name, wanted in extras.items() if wanted]
    if settings.search_variant == "simple" and chosen:
        raise DefinitionError(
            f"the simple variant keeps one document per blob and takes no {' or '.join(chosen)}: "
            "set SEARCH_VARIANT=projections"
        )
    identity = bool(settings.search_identity)
    guards = {
        "identity": identity,
        "compare_identity": identity and "compare" in chosen,
        "entra": bool(settings.skill_resource_id),
        "entra_identity": identity and bool(settings.skill_resource_id),
        "key": secrets and settings.skill_key is not None,
    }
    return chosen + [name for name, wanted in guards.items() if wanted]


def _read(name: str) -> JsonObject:
    return json.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _merge(base: JsonObject, addition: JsonObject) -> JsonObject:
    merged = dict(base)
    for key, value in addition.items():
        there = merged.get(key)
        if isinstance(there, dict) and isinstance(value, dict):
            merged[key] = _merge(there, value)
        elif isinstance(there, list) and isinstance(value, list):
            merged[key] = _merge_lists(there, value)
        else:
            merged[key] = value
    return merged


def _merge_lists(base: list[Any], addition: list[Any]) -> list[Any]:
    merged = list(base)
    for value in addition:
        position = next((at for at, there in enumerate(merged) if _same(there, value)), None)
        if position is None:
            merged.append(value)
        else:
            merged[position] = _merge(merged[position], value)
    return merged


def _same(one: object, other: object) -> bool:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    return any(key in one and one[key] == other.get(key) for key in _IDENTITIES)


def _fill(value: Json, settings: SearchSettings, kept: set[str]) -> Json:
    if isinstance(value, dict):
        return {key: _fill(item, settings, kept) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, settings, kept) for item in value]
    if isinstance(value, str):
        return _PLACEHOLDER.sub(
            lambda match: _setting(match[1], settings, match[0] if match[1] in kept else None), value
        )
    return value


def _setting(placeholder: str, settings: SearchSettings, instead: str | None) -> str:
    name = "search_name_prefix" if placeholder == "prefix" else placeholder
    return instead or settings.need(name)
