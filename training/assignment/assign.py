"""Label any amount of pictures offline with a trained model, as the Function would.

The rows go to a file beside the output, `….part`, which becomes the output when all is done. If interrupted, the next
run goes on from there; a finished output is never overwritten unless asked for.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import IO, Literal

import numpy as np

from shared.csv_files import csv_row, csv_rows
from shared.errors import UserError
from shared.model.model import Assignment, Model
from shared.pictures.source import Source
from training.embedding.cache import EmbeddingCache
from training.embedding.embeddings import embed_sources
from training.embedding.workers import Workers

Format = Literal["csv", "jsonl"]

_FOUND = ("label", "cluster", "distance", "confidence", "suggested_label", "suggested_confidence")
_COLUMNS = ("picture", *_FOUND, "model_version", "error")
_NAMES_SEPARATOR = "; "


class AssignError(UserError):
    """The output can't be written as asked."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the model says of one picture, or why it can't say anything."""

    picture: str
    assignment: Assignment | None
    version: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a run did, the pictures of an interrupted earlier run included."""

    labelled: int
    unclustered: int
    failed: int
    resumed: int


def assign_pictures(
    model: Model,
    sources: Sequence[Source],
    cache: EmbeddingCache | None,
    workers: Workers | None = None,
    categories: Mapping[str, str] | None = None,
) -> Iterator[Row]:
    """Assign each picture, in order; one that can't be read becomes a row with an error.

    `categories`, by picture, are what `category` is in a record.
    """
    for source, outcome in embed_sources(sources, model.embedder, cache, workers):
        if isinstance(outcome, Exception):
            yield Row(source.name, None, model.version, str(outcome))
        else:
            category = categories[source.name] if categories else None
            yield Row(source.name, model.assign(np.atleast_2d(outcome), category)[0], model.version)


def write_rows(
    output: Path,
    format: Format,
    sources: Sequence[Source],
    assign: Callable[[Sequence[Source]], Iterator[Row]],
    *,
    version: str,
    force: bool = False,
    advance: Callable[[int], None] = lambda steps: None,
) -> Tally:
    """Write a row for each picture to `output`, taking up an interrupted run of the same model version.

    Raises AssignError when the output is there already and `force` is not set, and where there is no room for it.
    """
    if output.exists() and not force:
        raise AssignError(f"{output} is there already: choose another --output, or --force to replace it")
    output.parent.mkdir(parents=True, exist_ok=True)
    part = output.with_name(f"{output.name}.part")
    done = _finished(part, format, version)
    rest = [source for source in sources if source.name not in done]
    advance(len(sources) - len(rest))
    with _room_for(part), part.open("a" if done else "w", encoding="utf-8", newline="") as file:
        if not done and format == "csv":
            file.write(csv_row(_COLUMNS))
        for row in assign(rest):
            _write(file, row, format)
            done[row.picture] = (bool(row.assignment and row.assignment.cluster >= 0), bool(row.error))
            advance(1)
    part.replace(output)
    outcomes = list(done.values())
    failed = sum(error for _, error in outcomes)
    labelled = sum(inside for inside, _ in outcomes)
    return Tally(labelled, len(outcomes) - labelled - failed, failed, len(sources) - len(rest))


@contextmanager
def _room_for(part: Path) -> Generator[None]:
    """Of a full disk, the system says neither for which file nor that what is written is not lost."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise AssignError(f"the disk is too full for {part}: free some space and run this again to resume") from None


def _write(file: IO[str], row: Row, format: Format) -> None:
    """One line, flushed, so that what was computed is not computed again."""
    found = row.assignment
    if format == "csv":
        cells = (
            (
                _NAMES_SEPARATOR.join(found.names),
                str(found.cluster),
                f"{found.distance:.6f}" if isfinite(found.distance) else "",
                f"{found.confidence:.6f}",
                _NAMES_SEPARATOR.join(found.suggested),
                f"{found.suggested_confidence:.6f}",
            )
            if found
            else ("",) * len(_FOUND)
        )
        file.write(csv_row((row.picture, *cells, row.version, row.error)))
    else:
        values: dict[str, object] = {"picture": row.picture}
        if found:
            values |= {
                "label": list(found.names),
                "cluster": found.cluster,
                "distance": round(found.distance, 6) if isfinite(found.distance) else None,
                "confidence": round(found.confidence, 6),
                "suggested_label": list(found.suggested),
                "suggested_confidence": round(found.suggested_confidence, 6),
            }
        values |= {"model_version": row.version} | ({"error": row.error} if row.error else {})
        file.write(json.dumps(values, ensure_ascii=False) + "\n")
    file.flush()


def _finished(part: Path, format: Format, version: str) -> dict[str, tuple[bool, bool]]:
    """Pictures in an interrupted run's file: whether each is in a cluster, whether it failed.

    A last line that was cut short is removed from the file. Rows of another model version count as none.
    """
    if not part.exists():
        return {}
    content = part.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    part.write_bytes(whole)
    rows = list(_read(whole.decode("utf-8"), format))
    if any(row_version != version for _, _, row_version in rows):
        return {}
    return {picture: outcome for picture, outcome, _ in rows}


def _read(text: str, format: Format) -> Iterator[tuple[str, tuple[bool, bool], str]]:
    if format == "csv":
        for row in csv_rows(text):
            yield row["picture"], (row["cluster"] not in {"", "-1"}, bool(row["error"])), row["model_version"]
    else:
        for row in map(json.loads, text.split("\n")[:-1]):
            yield row["picture"], (row.get("cluster", -1) >= 0, "error" in row), row["model_version"]
