"""A skillset: every skill once its inputs are there, over all documents of a batch together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from local.search import computer_vision
from local.search.enrichment import Enriched, Missing, Path
from local.search.web_api_skill import Failure, Record, WebApiSkill

WEB_API = "#Microsoft.Skills.Custom.WebApiSkill"
KNOWN = (WEB_API, computer_vision.ODATA_TYPE)

type Tell = Callable[[int, str, str, str], None]
"""Told the document's position in the batch, the operation's name, a message and details."""


class Skillset:
    """The skills of one definition, in an order in which each finds what it reads."""

    def __init__(self, definition: dict[str, Any]) -> None:
        self._skills = in_order(definition.get("skills") or [])

    def enrich(self, documents: Sequence[tuple[str, Enriched]], *, error: Tell, warn: Tell) -> None:
        """Run the skills over documents (URL and tree). One that failed is left out of what follows."""
        failed: set[int] = set()

        def fail(at: int, name: str, message: str, details: str) -> None:
            failed.add(at)
            error(at, name, message, details)

        for skill in self._skills:
            context = skill.get("context") or "/document"
            instances = [
                (at, place)
                for at, (_, document) in enumerate(documents)
                if at not in failed
                for place in document.places(context)
            ]
            if skill["@odata.type"] == WEB_API:
                self._web_api(skill, context, instances, documents, fail, warn)
            else:
                self._computer_vision(skill, instances, documents, warn)

    def _web_api(
        self,
        skill: dict[str, Any],
        context: str,
        instances: Sequence[tuple[int, Path]],
        documents: Sequence[tuple[str, Enriched]],
        fail: Tell,
        warn: Tell,
    ) -> None:
        name = f"Enrichment.WebApiSkill.{skill.get('name') or '#1'}"
        records: list[Record] = []
        for number, (at, place) in enumerate(instances):
            data: dict[str, Any] = {}
            for entry in skill["inputs"]:
                value = documents[at][1].value(entry["source"], context, place)
                if isinstance(value, Missing):
                    message = "Could not execute skill because one or more skill input was invalid."
                    warn(at, name, message, f"Missing or empty input '{entry['name']}'. {value.message}")
                else:
                    data[entry["name"]] = value
            records.append(Record(str(number), data))
        if not records:
            return
        for record_id, outcome in WebApiSkill(skill).run(records).items():
            at, place = instances[int(record_id)]
            if isinstance(outcome, Failure):
                fail(at, name, outcome.message, outcome.details)
                continue
            for message in outcome.warnings:
                warn(at, name, "Web Api skill response contains warnings.", message)
            _add(skill, documents[at][1], place, outcome.data)

    def _computer_vision(
        self,
        skill: dict[str, Any],
        instances: Sequence[tuple[int, Path]],
        documents: Sequence[tuple[str, Enriched]],
        warn: Tell,
    ) -> None:
        for at, place in instances:
            document = documents[at][1]
            found = computer_vision.analyse(document.source["metadata_storage_name"])
            if found is None:
                details = "Nothing is written down for this picture in local/search/computer_vision.json."
                warn(at, f"Enrichment.ImageAnalysisSkill.{skill.get('name')}", "This stand-in can't see.", details)
            _add(skill, document, place, found or {"tags": [], "description": {"tags": [], "captions": []}})


def in_order(skills: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Skills such that each comes after those whose outputs it reads. Raises ValueError for a circle."""
    left, ordered = list(skills), list[dict[str, Any]]()
    while left:
        made_later = {path for skill in left for path in _outputs(skill)}
        ready = [skill for skill in left if not any(_reads(skill, path) for path in made_later - _outputs(skill))]
        if not ready:
            raise ValueError("the skills read one another's outputs in a circle")
        ordered += ready
        left = [skill for skill in left if skill not in ready]
    return ordered


def _outputs(skill: dict[str, Any]) -> set[str]:
    context = skill.get("context") or "/document"
    return {f"{context}/{output.get('targetName') or output['name']}" for output in skill["outputs"]}


def _reads(skill: dict[str, Any], path: str) -> bool:
    sources = [entry.get("source") or "" for entry in skill["inputs"]]
    return any(source == path or source.startswith(f"{path}/") for source in sources)


def _add(skill: dict[str, Any], document: Enriched, place: Path, data: dict[str, Any]) -> None:
    for output in skill["outputs"]:
        if output["name"] in data:
            document.add((*place, output.get("targetName") or output["name"]), data[output["name"]])
