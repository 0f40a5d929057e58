"""Names for groups: given by exemplar picture, so that they follow the pictures and not the clusters' numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, TypeAdapter

from shared.documents import read_json
from shared.embedding.embedder import Vectors
from shared.errors import UserError
from shared.model.bundle import Labels
from shared.model.core_samples import NOISE
from shared.model.group_names import MOST_NAMES, GroupName
from shared.printable import composed
from training.gallery.copies import are_copies

# Enough to recognize a group by when it is trained again, few enough to read in labels.json.
_EXEMPLARS = 5
# Central pictures among which different ones are looked for.
_COMPARED = 50

type NamesByPicture = Mapping[str, tuple[str, ...]]
_Picture = Annotated[str, AfterValidator(composed)]
_NAMES = TypeAdapter(dict[_Picture, Annotated[tuple[GroupName, ...], Field(min_length=1, max_length=MOST_NAMES)]])


class NamesError(UserError):
    """A label file that can't be applied. The message names the picture."""


def read_names(path: Path) -> NamesByPicture:
    """Read `{"open_book_03.jpg": ["open book", "double spread"]}`. Raises NamesError."""
    return read_json(path, _NAMES, NamesError, "must map picture names to lists of names")


def check_exemplars(given: NamesByPicture, pictures: Sequence[str]) -> None:
    """Raises NamesError when an exemplar is unknown or ambiguous, which can be told before anything is trained."""
    for exemplar in given:
        _find(exemplar, pictures)


def names_by_exemplar(
    given: NamesByPicture, pictures: Sequence[str], labels: NDArray[np.int32]
) -> dict[int, tuple[str, ...]]:
    """The group that holds each exemplar gets its names. A bare file name stands for the one picture that has it.

    Raises NamesError when an exemplar is unknown, ambiguous or unclustered, or two exemplars of one group disagree.
    """
    names: dict[int, tuple[str, ...]] = {}
    origin: dict[int, str] = {}
    for exemplar, wanted in given.items():
        position = _find(exemplar, pictures)
        cluster = int(labels[position])
        if cluster == NOISE:
            raise NamesError(f"{exemplar} is in no group, so it can't name one: pick another picture or a larger eps")
        if cluster in names and names[cluster] != wanted:
            raise NamesError(
                f"{origin[cluster]} and {exemplar} are in the same group but have different names: "
                f"{', '.join(names[cluster])} and {', '.join(wanted)}"
            )
        names[cluster], origin[cluster] = wanted, exemplar
    return names


def make_labels(
    names: Mapping[int, tuple[str, ...]],
    pictures: Sequence[str],
    labels: NDArray[np.int32],
    centrality: NDArray[np.float32],
    vectors: Vectors,
) -> Labels:
    """labels.json's content: names, and each cluster's most central pictures, copies of others last.

    `centrality` has shape (n,); lower is more central. `vectors` has shape (n, dimensions).
    """
    exemplars: dict[int, tuple[str, ...]] = {}
    for cluster in np.unique(labels[labels != NOISE]).tolist():
        members = np.flatnonzero(labels == cluster)
        central = members[np.argsort(centrality[members], kind="stable")][:_COMPARED]
        different_first = central[np.argsort(are_copies(vectors[central]), kind="stable")][:_EXEMPLARS]
        exemplars[cluster] = tuple(pictures[int(position)] for position in different_first)
    return Labels(labels=dict(sorted(names.items())), exemplars=exemplars)


def _find(exemplar: str, pictures: Sequence[str]) -> int:
    if exemplar in pictures:
        return pictures.index(exemplar)
    matches = [position for position, name in enumerate(pictures) if PurePosixPath(name).name == exemplar]
    if not matches:
        raise NamesError(f"{exemplar} is not among the {len(pictures)} pictures trained on")
    if len(matches) > 1:
        found = ", ".join(pictures[position] for position in matches[:3])
        raise NamesError(f"{exemplar} could be any of {found}: give its path")
    return matches[0]
