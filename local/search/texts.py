"""Full-text search with SQLite's FTS5: one table for each analyzer that an index uses.

standard.lucene is FTS5's unicode61; en.lucene adds Porter's stemmer, as Lucene's does, and leaves out its stop words;
keyword takes a value whole.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from local.search.database import Database
from local.search.fields import Field
from local.search.fuzzy import edits

type Scores = dict[int, float]
"""Documents (their rows) that match, with their scores."""

_TOKENIZERS = {
    "standard.lucene": "unicode61 remove_diacritics 0 tokenchars '_'",
    "en.lucene": "porter unicode61 remove_diacritics 0 tokenchars '_'",
}
# org.apache.lucene.analysis.en.EnglishAnalyzer.ENGLISH_STOP_WORDS_SET
_STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "for",
        "if",
        "in",
        "into",
        "is",
        "it",
        "no",
        "not",
        "of",
        "on",
        "or",
        "such",
        "that",
        "the",
        "their",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "was",
        "will",
        "with",
    ]
)
# A token between a collection's texts, so that no phrase reaches from one into the next.
_BETWEEN = " \ue000 "
_WORD = re.compile(r"\w+")


class Texts:
    """The searchable texts of one index."""

    def __init__(self, database: Database, index: str, fields: Mapping[str, Field]) -> None:
        self._database = database
        self._index = index
        self._fields = {
            name: field.analyzer or "standard.lucene"
            for name, field in fields.items()
            if field.searchable and not field.dimensions
        }

    @property
    def fields(self) -> list[str]:
        return list(self._fields)

    def rebuild(self, documents: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Make the tables anew for the index's fields, and fill them."""
        self.drop()
        for analyzer, tokenizer in _TOKENIZERS.items():
            names = [name for name, its in self._fields.items() if its == analyzer]
            if names:
                table = f"text_{uuid4().hex}"
                columns = ", ".join(map(_quoted, names))
                self._database.run(f'CREATE VIRTUAL TABLE {table} USING fts5({columns}, tokenize="{tokenizer}")')
                self._database.run("INSERT INTO texts VALUES (?, ?, ?)", self._index, analyzer, table)
        for row, document in documents:
            self.add(row, document)

    def drop(self) -> None:
        for _, table in self._tables():
            self._database.run(f"DROP TABLE {table}")
        self._database.run("DELETE FROM texts WHERE index_name = ?", self._index)

    def add(self, row: int, document: Mapping[str, Any]) -> None:
        """Index a document's texts in place of those that are there for this row."""
        self.remove(row)
        for analyzer, table in self._tables():
            names = [name for name, its in self._fields.items() if its == analyzer]
            columns, marks = ", ".join(["rowid", *map(_quoted, names)]), ", ".join("?" * (len(names) + 1))
            texts = [_BETWEEN.join(_texts(document.get(name))) for name in names]
            self._database.run(f"INSERT INTO {table} ({columns}) VALUES ({marks})", row, *texts)  # noqa: S608 - own names

    def remove(self, row: int) -> None:
        for _, table in self._tables():
            self._database.run(f"DELETE FROM {table} WHERE rowid = ?", row)  # noqa: S608 - own names

    def find(
        self, text: str, fields: Iterable[str], documents: Mapping[int, dict[str, Any]], *, prefix: bool
    ) -> Scores | None:
        """Documents that hold the term or phrase in one of the fields; None when it is made of stop words alone.

        As in Lucene, a stop word that one field's analyzer drops and another's keeps is looked for in the other.
        """
        wanted = set(fields)
        scores: Scores = {}
        searched = False
        for analyzer, table in self._tables():
            names = [name for name, its in self._fields.items() if its == analyzer and name in wanted]
            words = [word for word in _WORD.findall(text) if analyzer != "en.lucene" or word.lower() not in _STOP_WORDS]
            if names and words:
                searched = True
                expression = f"{{{' '.join(map(_quoted, names))}}} : {_quoted(' '.join(words))}{' *' if prefix else ''}"
                statement = f"SELECT rowid, -bm25({table}) FROM {table} WHERE {table} MATCH ?"  # noqa: S608 - own names
                for row, score in self._database.rows(statement, expression):
                    scores[row] = max(score, scores.get(row, 0.0))
        for name in [name for name, its in self._fields.items() if its == "keyword" and name in wanted]:
            searched = True
            for row, document in documents.items():
                if any(value.startswith(text) if prefix else value == text for value in _texts(document.get(name))):
                    scores[row] = max(1.0, scores.get(row, 0.0))
        return scores if searched else None

    def find_alike(
        self, text: str, most: int, fields: Iterable[str], documents: Mapping[int, dict[str, Any]]
    ) -> Scores:
        """Documents that hold a term within so many edits of this one, the nearer the better.

        As the service does it, the term is put into lower case and not analyzed; the index's terms are.
        """
        wanted, text = set(fields), text.lower()
        scores: Scores = {}

        def score(row: int, term: str) -> None:
            if abs(len(term) - len(text)) <= most and (needed := edits(text, term)) <= most:
                scores[row] = max(1 / (1 + needed), scores.get(row, 0.0))

        for analyzer, table in self._tables():
            names = [name for name, its in self._fields.items() if its == analyzer and name in wanted]
            marks = ", ".join("?" * len(names))
            with self._vocabulary(table) as terms:
                for row, term in self._database.rows(f"SELECT doc, term FROM {terms} WHERE col IN ({marks})", *names):  # noqa: S608 - own names
                    score(row, term)
        for name in [name for name, its in self._fields.items() if its == "keyword" and name in wanted]:
            for row, document in documents.items():
                for value in _texts(document.get(name)):
                    score(row, value)
        return scores

    @contextmanager
    def _vocabulary(self, table: str) -> Generator[str]:
        """A table's terms, each with the documents (doc) and columns (col) that hold it."""
        name = f"temp.vocabulary_{uuid4().hex}"
        self._database.run(f"CREATE VIRTUAL TABLE {name} USING fts5vocab(main, {table}, instance)")
        try:
            yield name
        finally:
            self._database.run(f"DROP TABLE {name}")

    def _tables(self) -> list[tuple[str, str]]:
        return [
            (a, t) for a, t in self._database.rows("SELECT analyzer, name FROM texts WHERE index_name = ?", self._index)
        ]


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
