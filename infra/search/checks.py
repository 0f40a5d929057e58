"""Do the four definitions fit the service, the skill and one another? Checked before anything is sent.

What the service would notice only while it indexes, as a warning beside every document and an empty field: a mapping
from a path that nothing fills, into a field that is not there, of a type that does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from infra.search.definitions import DefinitionError, Definitions
from infra.search.schema import check_schema

CLUSTERS_SKILL = "clusters"
"""The skill that this project is; its inputs and outputs are checked against its contract."""

INPUTS = frozenset({"images", "image", "category", "path"})
"""What the skill reads from a record, as shared.serving.contract does."""

OUTPUTS: dict[str, str] = {
    "label": "Collection(Edm.String)",
    "suggestedLabel": "Collection(Edm.String)",
    "suggestedConfidence": "Edm.Double",
    "clusterId": "Edm.Int32",
    "distance": "Edm.Double",
    "confidence": "Edm.Double",
    "modelVersion": "Edm.String",
    "vector": "Collection(Edm.Single)",
}
"""What the skill answers for one picture, as types of index fields."""

_IMAGES = "/document/normalized_images"
_INTEGERS = (
    "width",
    "height",
    "originalWidth",
    "originalHeight",
    "rotationFromOriginal",
    "contentOffset",
    "pageNumber",
)
# https://learn.microsoft.com/azure/search/search-howto-indexing-azure-blob-storage and, for the members of a
# normalized image, https://learn.microsoft.com/azure/search/cognitive-search-concept-image-scenarios
_SOURCE: dict[str, str] = {
    "/document": "Edm.ComplexType",
    "/document/content": "Edm.String",
    "/document/metadata_storage_path": "Edm.String",
    "/document/metadata_storage_name": "Edm.String",
    "/document/metadata_storage_content_type": "Edm.String",
    "/document/metadata_storage_content_md5": "Edm.String",
    "/document/metadata_storage_size": "Edm.Int64",
    "/document/metadata_storage_last_modified": "Edm.DateTimeOffset",
    f"{_IMAGES}/*": "Edm.ComplexType",
    f"{_IMAGES}/*/data": "Edm.String",
    f"{_IMAGES}/*/boundingPolygon": "Edm.String",
    **{f"{_IMAGES}/*/{name}": "Edm.Int32" for name in _INTEGERS},
}
_IMAGE_ANALYSIS = "#Microsoft.Skills.Vision.ImageAnalysisSkill"
_WEB_API = "#Microsoft.Skills.Custom.WebApiSkill"
_IMAGE_ANALYSIS_OUTPUTS: dict[str, dict[str, str]] = {
    "tags": {"": "Edm.ComplexType", "/*/name": "Edm.String", "/*/confidence": "Edm.Double"},
    "description": {
        "": "Edm.ComplexType",
        "/tags/*": "Edm.String",
        "/captions/*/text": "Edm.String",
        "/captions/*/confidence": "Edm.Double",
    },
}
# A number fits a field that is wider than it.
_WIDER = {("Edm.Int32", "Edm.Int64"), ("Edm.Int32", "Edm.Double"), ("Edm.Int64", "Edm.Double")}
# Filled by the classifier of that variant and by nothing otherwise; it stays so that the variant needs no new index.
_MAY_STAY_EMPTY = frozenset({"category"})
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
# https://learn.microsoft.com/rest/api/searchservice/create-indexer: of the sides of normalized images.
_LEAST_PIXELS, _MOST_PIXELS = 50, 10_000


def check(definitions: Definitions) -> None:
    """Raises DefinitionError with every finding, each beginning with its place."""
    findings = [finding for kind, definition in definitions.items() for finding in check_schema(kind, definition)]
    if not findings:  # the rest reads properties that the schema promises
        findings = [*_names(definitions), *_skills(definitions), *_index(definitions.index), *_mappings(definitions)]
        findings += _picture_sizes(definitions.indexer)
    if findings:
        raise DefinitionError("\n".join(["these definitions would not work:", *findings]))


def _names(definitions: Definitions) -> Iterator[str]:
    indexer = definitions.indexer
    expected = {
        "dataSourceName": definitions.datasource["name"],
        "targetIndexName": definitions.index["name"],
        "skillsetName": definitions.skillset["name"],
    }
    for name, value in expected.items():
        if indexer.get(name) != value:
            yield f"indexer.{name}: {indexer.get(name)!r} is not the name of what is deployed, {value!r}"
    index = definitions.index["name"]
    for place, selector in _selectors(definitions):
        if selector["targetIndexName"] != index:
            yield f"{place}.targetIndexName: {selector['targetIndexName']!r} is not the index, {index!r}"


def _picture_sizes(indexer: dict[str, Any]) -> Iterator[str]:
    configuration = (indexer.get("parameters") or {}).get("configuration") or {}
    for name in ("normalizedImageMaxWidth", "normalizedImageMaxHeight"):
        if name in configuration and not _LEAST_PIXELS <= configuration[name] <= _MOST_PIXELS:
            bounds = f"{_LEAST_PIXELS} to {_MOST_PIXELS:,} pixels"
            yield f"indexer.parameters.configuration.{name}: {configuration[name]} is outside {bounds}"


def _skills(definitions: Definitions) -> Iterator[str]:
    known = _paths(definitions)
    for position, skill in enumerate(definitions.skillset["skills"]):
        place = f"skillset.skills[{position}]"
        for number, entry in enumerate(skill["inputs"]):
            if entry.get("source") not in known:
                yield f"{place}.inputs[{number}].source: {_unfilled(entry.get('source'), known)}"
        if skill["@odata.type"] == _WEB_API:
            yield from _web_api(skill, place)
        if skill["@odata.type"] == _IMAGE_ANALYSIS:
            yield from _unknown_names(skill["outputs"], _IMAGE_ANALYSIS_OUTPUTS, f"{place}.outputs", "Computer Vision")
        if skill.get("name") == CLUSTERS_SKILL:
            yield from _unknown_names(skill["inputs"], INPUTS, f"{place}.inputs", "the skill")
            yield from _unknown_names(skill["outputs"], OUTPUTS, f"{place}.outputs", "the skill")


def _unknown_names(entries: list[Any], known: Iterable[str], place: str, whose: str) -> Iterator[str]:
    for number, entry in enumerate(entries):
        if entry["name"] not in known:
            yield f"{place}[{number}].name: {entry['name']!r} is not one of {whose}'s: {', '.join(sorted(known))}"


def _web_api(skill: dict[str, Any], place: str) -> Iterator[str]:
    """The limits of https://learn.microsoft.com/azure/search/cognitive-search-custom-skill-web-api."""
    url = urlsplit(skill["uri"])
    if url.scheme != "https" and url.hostname not in _LOCAL_HOSTS:
        yield f"{place}.uri: {skill['uri']!r} must begin with https:"
    timeout = re.fullmatch(r"PT(?:(\d+)M)?(?:(\d+)S)?", skill.get("timeout", ""))
    if timeout is None:
        yield f"{place}.timeout: must be given, such as PT60S"
    elif not 1 <= int(timeout[1] or 0) * 60 + int(timeout[2] or 0) <= 230:
        yield f"{place}.timeout: {skill['timeout']} is outside 1 to 230 seconds"
    for name, most in {"batchSize": 1000, "degreeOfParallelism": 10}.items():
        if not 1 <= (skill.get(name) or 0) <= most:
            yield f"{place}.{name}: must be given, from 1 to {most}"


def _index(index: dict[str, Any]) -> Iterator[str]:
    keys = [field["name"] for field in index["fields"] if field.get("key")]
    if len(keys) != 1:
        yield f"index.fields: one field must be the key, not {len(keys)} ({', '.join(keys)})"
    search = index.get("vectorSearch") or {}
    profiles = {profile["name"] for profile in search.get("profiles", [])}
    for position, field in enumerate(index["fields"]):
        if "vectorSearchProfile" in field and field["vectorSearchProfile"] not in profiles:
            yield f"index.fields[{position}].vectorSearchProfile: there is no profile {field['vectorSearchProfile']!r}"
    for position, profile in enumerate(search.get("profiles", [])):
        for name, among in {"algorithm": "algorithms", "compression": "compressions"}.items():
            if name in profile and profile[name] not in {entry["name"] for entry in search.get(among, [])}:
                yield f"index.vectorSearch.profiles[{position}].{name}: there is no {profile[name]!r} in {among}"


def _mappings(definitions: Definitions) -> Iterator[str]:
    fields: dict[str, dict[str, Any]] = {field["name"]: field for field in _list(definitions.index, "fields")}
    known = _paths(definitions)
    filled = {name for name, field in fields.items() if field.get("key")} | _MAY_STAY_EMPTY
    for place, selector in _selectors(definitions):
        yield from _parent_key(selector, place, fields)
        filled.add(selector["parentKeyFieldName"])
        for position, mapping in enumerate(selector["mappings"]):
            at = f"{place}.mappings[{position}]"
            yield from _mapping(mapping["name"], mapping.get("source"), selector["sourceContext"], at, fields, known)
            filled.add(mapping["name"])
    for name in ("fieldMappings", "outputFieldMappings"):
        for position, mapping in enumerate(_list(definitions.indexer, name)):
            source, target = mapping["sourceFieldName"], mapping.get("targetFieldName") or mapping["sourceFieldName"]
            path = source if name == "outputFieldMappings" else f"/document/{source}"
            yield from _mapping(target, path, "/document", f"indexer.{name}[{position}]", fields, known)
            filled.add(target)
    for position, name in enumerate(fields):
        if name not in filled:
            yield f"index.fields[{position}]: nothing fills {name!r}, so it would stay empty"


def _parent_key(selector: dict[str, Any], place: str, fields: dict[str, dict[str, Any]]) -> Iterator[str]:
    """https://learn.microsoft.com/azure/search/search-how-to-define-index-projections says what the fields must be."""
    name = selector["parentKeyFieldName"]
    field = fields.get(name)
    if field is None:
        yield f"{place}.parentKeyFieldName: the index has no field {name!r}"
    elif field["type"] != "Edm.String" or field.get("key") or not field.get("filterable"):
        yield f"{place}.parentKeyFieldName: {name!r} must be a filterable Edm.String that is not the key"
    for position, mapping in enumerate(selector["mappings"]):
        if mapping["name"] == name or fields.get(mapping["name"], {}).get("key"):
            yield f"{place}.mappings[{position}].name: {mapping['name']!r} is filled by the service itself"
    for position, field in enumerate(fields.values()):
        if field.get("key") and field.get("analyzer") != "keyword":
            yield f"index.fields[{position}].analyzer: the key of projected documents needs the keyword analyzer"


def _mapping(
    target: str, source: str | None, context: str, place: str, fields: dict[str, dict[str, Any]], known: dict[str, str]
) -> Iterator[str]:
    if target not in fields:
        yield f"{place}: the index has no field {target!r}; it has {', '.join(fields)}"
        return
    if source not in known:
        yield f"{place}.source: {_unfilled(source, known)}"
        return
    found, wanted = known[source], fields[target]["type"]
    if source.count("*") > context.count("*"):
        found = f"Collection({found})"
    if found != wanted and (found, wanted) not in _WIDER:
        yield f"{place}: {source} is {found} for each {context}, but the field {target!r} is {wanted}"


def _paths(definitions: Definitions) -> dict[str, str]:
    """Every path of the enriched document, with the type of field that its value fits."""
    known = dict(_SOURCE)
    for skill in _list(definitions.skillset, "skills"):
        for output in skill["outputs"]:
            path = f"{skill.get('context', '/document')}/{output.get('targetName') or output['name']}"
            if skill["@odata.type"] == _IMAGE_ANALYSIS:
                parts = _IMAGE_ANALYSIS_OUTPUTS.get(output["name"], {})
            else:  # a custom skill's output that is not ours is taken to be a text, as the classifier's category is
                parts = _with_items(OUTPUTS.get(output["name"], "Edm.String"))
            known |= {path + part: kind for part, kind in parts.items()}
    return known


def _with_items(kind: str) -> dict[str, str]:
    inner = kind.removeprefix("Collection(").removesuffix(")")
    return {"": kind, "/*": inner} if inner != kind else {"": kind}


def _unfilled(path: str | None, known: dict[str, str]) -> str:
    siblings = sorted(other for other in known if path and other.rpartition("/")[0] == path.rpartition("/")[0])
    return f"nothing fills {path!r}" + (f"; there are {', '.join(siblings)}" if siblings else "")


def _selectors(definitions: Definitions) -> Iterator[tuple[str, dict[str, Any]]]:
    projections = definitions.skillset.get("indexProjections") or {}
    for position, selector in enumerate(projections.get("selectors", [])):
        yield f"skillset.indexProjections.selectors[{position}]", selector


def _list(definition: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return definition.get(name) or []
