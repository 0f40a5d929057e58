"""One index: its documents and what is written to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import numpy as np
from numpy.typing import NDArray

from local.search.database import Database
from local.search.errors import ServiceError
from local.search.fields import Field, checked_value, read_fields
from local.search.texts import Texts

type Document = dict[str, Any]

_ACTIONS = frozenset({"upload", "merge", "mergeOrUpload", "delete"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one action on one document."""

    key: str
    status: HTTPStatus
    message: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.message is None

    def to_json(self) -> dict[str, object]:
        return {
            "key": self.key,
            "status": self.succeeded,
            "errorMessage": self.message,
            "statusCode": int(self.status),
        }


class Index:
    """Documents under their keys. Vectors are kept apart from the rest: they are large and seldom asked for."""

    def __init__(self, database: Database, definition: Mapping[str, Any]) -> None:
        self.name: str = definition["name"]
        self.fields: dict[str, Field] = read_fields(dict(definition))
        self.key = next(field.name for field in self.fields.values() if field.key)
        self.texts = Texts(database, self.name, self.fields)
        self._database = database
        self._vectors = [field.name for field in self.fields.values() if field.dimensions]

    def documents(self) -> dict[int, Document]:
        """Every document by its row, without its vectors."""
        found = self._database.rows("SELECT id, body FROM documents WHERE index_name = ? ORDER BY key", self.name)
        return {row: json.loads(body) for row, body in found}

    def vectors(self, field: str) -> dict[int, NDArray[np.float32]]:
        """The vectors of a field by their documents' rows."""
        found = self._database.rows(
            "SELECT document, value FROM vectors JOIN documents ON documents.id = document "
            "WHERE index_name = ? AND field = ?",
            self.name,
            field,
        )
        return {row: np.frombuffer(value, dtype=np.float32) for row, value in found}

    def with_vectors(self, row: int, document: Document) -> Document:
        """The document with its vectors as lists of numbers."""
        found = dict(self._database.rows("SELECT field, value FROM vectors WHERE document = ?", row))
        vectors = {
            name: np.frombuffer(found[name], np.float32).tolist() if name in found else [] for name in self._vectors
        }
        return document | vectors

    def find(self, key: str) -> tuple[int, Document] | None:
        found = self._database.rows("SELECT id, body FROM documents WHERE index_name = ? AND key = ?", self.name, key)
        return (found[0][0], json.loads(found[0][1])) if found else None

    def count(self) -> int:
        return self._database.rows("SELECT count(*) FROM documents WHERE index_name = ?", self.name)[0][0]

    def apply(self, actions: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Carry out indexing actions, each by itself. Raises ServiceError for a field or action that is not there."""
        for position, action in enumerate(actions):
            self._check_names(action, position)
        with self._database.transaction():
            return [self._act(action) for action in actions]

    def replace_children(self, parent_field: str, parent: str, children: Iterable[Document]) -> None:
        """Put these documents in place of all that the parent had. Raises ServiceError, and nothing is changed then."""
        checked = [self._checked(child) for child in children]
        with self._database.transaction():
            for row, document in self.documents().items():
                if document.get(parent_field) == parent:
                    self._remove(row)
            for child in checked:
                self._write(child)

    def rebuild_texts(self) -> None:
        with self._database.transaction():
            self.texts.rebuild(self.documents().items())

    def drop(self) -> None:
        with self._database.transaction():
            self.texts.drop()
            self._database.run("DELETE FROM documents WHERE index_name = ?", self.name)

    def _check_names(self, action: Mapping[str, Any], position: int) -> None:
        kind = action.get("@search.action", "upload")
        if kind not in _ACTIONS:
            raise ServiceError(
                f"value[{position}]: {kind!r} is not an action; known are {', '.join(sorted(_ACTIONS))}."
            )
        for name in action:
            if name != "@search.action" and name not in self.fields:
                raise ServiceError(f"The property {name!r} does not exist on type 'search.documentFields'.")
        if not action.get(self.key):
            raise ServiceError(f"value[{position}]: the document key {self.key!r} cannot be missing or empty.")

    def _act(self, action: Mapping[str, Any]) -> Outcome:
        kind, key = action.get("@search.action", "upload"), str(action[self.key])
        given = {name: value for name, value in action.items() if name != "@search.action"}
        there = self.find(key)
        if kind == "delete":
            if there:
                self._remove(there[0])
            return Outcome(key, HTTPStatus.OK)
        if kind == "merge" and there is None:
            return Outcome(key, HTTPStatus.NOT_FOUND, "Document not found.")
        if there and kind != "upload":
            given = self.with_vectors(*there) | given
        try:
            self._write(self._checked(given))
        except ServiceError as error:
            return Outcome(key, error.status, str(error))
        return Outcome(key, HTTPStatus.OK if there else HTTPStatus.CREATED)

    def _checked(self, document: Document) -> Document:
        for name in document:
            if name not in self.fields:
                raise ServiceError(f"The property {name!r} does not exist on type 'search.documentFields'.")
        return {name: checked_value(field, document.get(name)) for name, field in self.fields.items()}

    def _write(self, document: Document) -> None:
        there = self.find(document[self.key])
        if there:
            self._remove(there[0])
        body = {name: value for name, value in document.items() if name not in self._vectors}
        row = self._database.run(
            "INSERT INTO documents (index_name, key, body) VALUES (?, ?, ?)",
            self.name,
            document[self.key],
            json.dumps(body),
        )
        for name in self._vectors:
            if document[name]:
                value = np.asarray(document[name], dtype=np.float32).tobytes()
                self._database.run("INSERT INTO vectors VALUES (?, ?, ?)", row, name, value)
        self.texts.add(row, body)

    def _remove(self, row: int) -> None:
        self.texts.remove(row)
        self._database.run("DELETE FROM documents WHERE id = ?", row)
