"""The groups' names against Computer Vision's tags and captions: what each says of a picture, and finds by words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from azure.search.documents import SearchClient

from infra.search.queries import Mode, QueryError, every

NAMES = ("label",)
VISION = ("tags", "caption")


@dataclass(frozen=True, slots=True)
class Description:
    """What both say of one picture."""

    file_name: str
    names: tuple[str, ...]
    tags: tuple[str, ...]
    caption: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HitComparison:
    """Which pictures the same words find by either kind of field, by file name."""

    words: str
    by_both: list[str]
    by_names_only: list[str]
    by_vision_only: list[str]


def descriptions(documents: SearchClient, fields: Sequence[Any]) -> list[Description]:
    """What both say of every picture of an index, by file name. Raises QueryError where a kind of field is missing."""
    _check(fields)
    found = [
        Description(d["file_name"], tuple(d["label"]), tuple(d["tags"]), tuple(d["caption"]))
        for d in every(documents, ["file_name", *NAMES, *VISION])
    ]
    return sorted(found, key=lambda each: each.file_name)


def compare_hits(
    documents: SearchClient, fields: Sequence[Any], queries: Iterable[str], *, mode: Mode = "all"
) -> list[HitComparison]:
    """For each query, which pictures are found by the names, by the tags and captions, or by both.

    Raises QueryError where a kind of field is missing.
    """
    _check(fields)
    compared: list[HitComparison] = []
    for words in queries:
        by_names, by_vision = (
            {hit["file_name"] for hit in documents.search(words, search_mode=mode, search_fields=list(kind), top=1000)}
            for kind in (NAMES, VISION)
        )
        both, names, vision = by_names & by_vision, by_names - by_vision, by_vision - by_names
        compared.append(HitComparison(words, sorted(both), sorted(names), sorted(vision)))
    return compared


def _check(fields: Sequence[Any]) -> None:
    missing = {*NAMES, *VISION} - {field.name for field in fields}
    if missing:
        raise QueryError(
            f"this index has no {' and no '.join(sorted(missing))}: deploy with COMPARE_AI_SERVICES_URL, "
            "then `reset` and `run`"
        )
