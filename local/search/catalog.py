"""The definitions that the service holds, and what it takes for one."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from infra.search.schema import check_schema
from local.search.database import Database
from local.search.errors import ServiceError, not_found
from local.search.fields import check_fields, complete
from local.search.index import Index
from local.search.mapping import unsupported_functions
from local.search.schedules import interval
from local.search.skills import KNOWN, in_order

KINDS = {
    "datasources": "datasource",
    "indexes": "index",
    "skillsets": "skillset",
    "indexers": "indexer",
    "aliases": "alias",
}
"""The collections of the REST API, and what one of each is called."""

# What the service gives back in place of a secret, and takes to mean that the one it has stays.
REDACTED = "<redacted>"
_UNCHANGED = frozenset({REDACTED, "<unchanged>"})

type Definition = dict[str, Any]


class Catalog:
    """Definitions by collection and name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def names(self, collection: str) -> list[str]:
        found = self._database.rows("SELECT name FROM definitions WHERE kind = ? ORDER BY name", collection)
        return [name for (name,) in found]

    def get(self, collection: str, name: str) -> Definition:
        """The definition with its secrets. Raises ServiceError 404."""
        found = self._database.rows("SELECT body FROM definitions WHERE kind = ? AND name = ?", collection, name)
        if not found:
            raise not_found(KINDS[collection], name)
        return json.loads(found[0][0])

    def shown(self, collection: str, name: str) -> Definition:
        """The definition as the service gives it back: with an ETag, without secrets. Raises ServiceError 404."""
        if collection == "indexes":
            name = self._aliases().get(name, name)
        body = self.get(collection, name)
        etag = self._database.rows("SELECT etag FROM definitions WHERE kind = ? AND name = ?", collection, name)[0][0]
        if collection == "datasources":
            body["credentials"] = {"connectionString": REDACTED}
        return {"@odata.etag": etag, **body}

    def put(self, collection: str, name: str, body: Definition) -> bool:
        """Create or update; True when it is new. Raises ServiceError, and nothing is changed then."""
        findings = check_schema(KINDS[collection], body)
        if findings:
            raise ServiceError(f"The request is invalid. {'; '.join(findings)}")
        if body["name"] != name:
            raise ServiceError(f"The name in the URL, {name!r}, is not the one in the definition, {body['name']!r}.")
        there = self.get(collection, name) if name in self.names(collection) else None
        body = {key: value for key, value in body.items() if key != "@odata.etag"}
        checks = {
            "datasources": _check_datasource,
            "indexes": self._check_index,
            "aliases": self._check_alias,
            "skillsets": self._check_skillset,
            "indexers": self._check_indexer,
        }
        with self._database.transaction():
            body = checks[collection](body, there)
            self._database.run(
                "INSERT OR REPLACE INTO definitions VALUES (?, ?, ?, ?)",
                collection,
                name,
                json.dumps(body),
                f'"{uuid.uuid4().hex}"',
            )
            if collection == "indexes":
                self.index(name).rebuild_texts()
        return there is None

    def delete(self, collection: str, name: str) -> bool:
        """Whether there was one to delete."""
        if name not in self.names(collection):
            return False
        if collection == "indexes" and name in self._aliases().values():
            raise ServiceError(f"This stand-in does not delete {name!r} while an alias leads to it.")
        with self._database.transaction():
            if collection == "indexes":
                self.index(name).drop()
            if collection == "indexers":
                self.forget(name)
                self._database.run("DELETE FROM executions WHERE indexer = ?", name)
            self._database.run("DELETE FROM definitions WHERE kind = ? AND name = ?", collection, name)
        return True

    def index(self, name: str) -> Index:
        """The index of this name, or the one that the alias of this name leads to. Raises ServiceError 404."""
        return Index(self._database, self.get("indexes", self._aliases().get(name, name)))

    def forget(self, indexer: str) -> None:
        """What a reset does: no blob has been seen."""
        self._database.run("DELETE FROM tracked WHERE indexer = ?", indexer)

    def _aliases(self) -> dict[str, str]:
        return {name: self.get("aliases", name)["indexes"][0] for name in self.names("aliases")}

    def _check_alias(self, body: Definition, _there: Definition | None) -> Definition:
        if body["name"] in self.names("indexes"):
            raise ServiceError(f"There is an index {body['name']!r} already: an alias needs a name of its own.")
        if len(body["indexes"]) != 1 or body["indexes"][0] not in self.names("indexes"):
            raise ServiceError(f"The alias {body['name']!r} must lead to one index that exists.")
        return body

    def _check_index(self, body: Definition, there: Definition | None) -> Definition:
        if body["name"] in self.names("aliases"):
            raise ServiceError(f"There is an alias {body['name']!r} already: an index needs a name of its own.")
        return _check_index(body, there)

    def _check_skillset(self, body: Definition, _there: Definition | None) -> Definition:
        for skill in body["skills"]:
            if skill["@odata.type"] not in KNOWN:
                raise ServiceError(f"This stand-in can't run {skill['@odata.type']}; it can run {', '.join(KNOWN)}.")
        try:
            in_order(body["skills"])
        except ValueError as error:
            raise ServiceError(f"The skillset can't be executed: {error}.") from error
        for selector in (body.get("indexProjections") or {}).get("selectors", []):
            if selector["targetIndexName"] not in self.names("indexes"):
                raise ServiceError(
                    f"Index projections refer to an index {selector['targetIndexName']!r} that doesn't exist."
                )
            self._check_selector(selector)
        return body

    def _check_selector(self, selector: Mapping[str, Any]) -> None:
        fields = self.index(selector["targetIndexName"]).fields
        parent = fields.get(selector["parentKeyFieldName"])
        if parent is None or parent.type != "Edm.String" or parent.key or not parent.filterable:
            raise ServiceError(
                f"The parent key field {selector['parentKeyFieldName']!r} must be a filterable Edm.String of the index "
                "that is not its key."
            )
        key = next(field for field in fields.values() if field.key)
        if key.analyzer != "keyword":
            raise ServiceError(f"The key field {key.name!r} of an index projection's index needs the keyword analyzer.")
        for mapping in selector["mappings"]:
            if mapping["name"] not in fields or mapping["name"] in {parent.name, key.name}:
                raise ServiceError(
                    f"Index projections can't fill {mapping['name']!r} of {selector['targetIndexName']!r}."
                )

    def _check_indexer(self, body: Definition, _there: Definition | None) -> Definition:
        for name, collection in {
            "dataSourceName": "datasources",
            "targetIndexName": "indexes",
            "skillsetName": "skillsets",
        }.items():
            if body.get(name) and body[name] not in self.names(collection):
                raise ServiceError(f"This indexer refers to a {KINDS[collection]} {body[name]!r} that doesn't exist.")
        if functions := list(unsupported_functions(body)):
            raise ServiceError(f"This stand-in knows no mapping functions {', '.join(functions)}.")
        if body.get("schedule"):
            interval(body["schedule"])
        fields = self.index(body["targetIndexName"]).fields
        for mapping in [*(body.get("fieldMappings") or []), *(body.get("outputFieldMappings") or [])]:
            target = mapping.get("targetFieldName") or mapping["sourceFieldName"]
            if target not in fields:
                raise ServiceError(f"Field mapping specifies target field {target!r} that doesn't exist in the index.")
        return body


def _check_datasource(body: Definition, there: Definition | None) -> Definition:
    if body["type"] != "azureblob":
        raise ServiceError("This stand-in knows data sources of type 'azureblob' only.")
    given = (body.get("credentials") or {}).get("connectionString")
    if there and given in _UNCHANGED:
        return body | {"credentials": there["credentials"]}
    if not given or given in _UNCHANGED:
        raise ServiceError("The data source needs credentials with a connection string.")
    return body


def _check_index(body: Definition, there: Definition | None) -> Definition:
    body = complete(body)
    check_fields(body)
    kept = {field["name"]: field for field in body["fields"]}
    for field in (there or {}).get("fields", []):
        if kept.get(field["name"]) != field:
            raise ServiceError(
                f"Existing field {field['name']!r} cannot be deleted or changed: the index must be created anew.",
                HTTPStatus.BAD_REQUEST,
            )
    return body
