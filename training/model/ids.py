"""Ids for good: a group's id is given out once, and never to another group.

An index holds ids for years. So a group that continues an old one keeps its id, by the rules that carry names; a new
one gets an id that no group of this model ever had, whatever became of that group since.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.files import write_atomically
from shared.model.bundle import LABELS, Bundle, BundleError, parse_labels, read_manifest
from shared.model.parts import Labels, Manifest, next_id

_NOTE = ".ids"


@dataclass(frozen=True, slots=True)
class Lineage:
    """What came before a training under the same name."""

    minted: int = 0
    """Ids given out so far are below this."""
    ancestors: tuple[str, ...] = ()
    """Versions of the trainings whose ids mean the same groups."""


def lineage_of(bundle: Bundle, folder: Path) -> Lineage:
    """Of what replaces this bundle. Raises BundleError when the note beside it can't be read."""
    return _lineage(bundle.manifest, bundle.labels, folder)


def read_lineage(folder: Path) -> Lineage:
    """Of what is trained into a folder, whatever is there: a damaged bundle counts as far as it can be read.

    Raises BundleError as lineage_of does.
    """
    labels = Labels()
    with suppress(BundleError, OSError):
        labels = parse_labels((folder / LABELS).read_bytes(), str(folder))
    with suppress(BundleError):
        return _lineage(read_manifest(folder), labels, folder)
    return Lineage(_noted(folder))


def note_minted(folder: Path, minted: int) -> None:
    """Note beside a bundle that ids below this were given out: by an edit that was undone, or versions after it."""
    write_atomically(folder / _NOTE, f"{max(minted, _noted(folder))}\n".encode())


def first_free(manifest: Manifest, labels: Labels, folder: Path) -> int:
    """The first id that no group of this model ever had. Raises BundleError as lineage_of does."""
    return max(next_id(manifest.ids, labels), _noted(folder))


def give_ids(count: int, kept: Mapping[int, int], minted: int) -> NDArray[np.int32]:
    """The id of each of `count` clusters, shape (count,): one that it keeps, else the next that nobody had."""
    fresh = iter(range(minted, minted + count))
    return np.array([kept[cluster] if cluster in kept else next(fresh) for cluster in range(count)], dtype=np.int32)


def _lineage(manifest: Manifest, labels: Labels, folder: Path) -> Lineage:
    return Lineage(first_free(manifest, labels, folder), tuple(dict.fromkeys((*manifest.ancestors, manifest.version))))


def _noted(folder: Path) -> int:
    try:
        return int((folder / _NOTE).read_text("ascii"))
    except FileNotFoundError:
        return 0
    except ValueError:
        raise BundleError(
            f"{folder / _NOTE} does not hold a number, the first id that was never given out: delete it, and fetch "
            "the model again if it was published"
        ) from None
