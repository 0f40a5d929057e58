"""A model meets new pictures: list them, embed them, bring them in, and say whether training again is worth it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from shared.errors import UserError
from shared.model.assignments_csv import read_rows
from shared.model.bundle import read_bundle
from shared.pictures.listing import list_pictures, recall_pictures, remember_pictures
from shared.stores.graphs import graph_path
from training.embedding.embeddings import Embedded, embed_with_cache
from training.embedding.workers import Workers
from training.engine import LOCAL, Engine
from training.gallery.elsewhere import note_elsewhere
from training.gallery.opening import open_trained
from training.model.categories import find_categories
from training.model.extend import Extended, extend
from training.model_lock import hold
from training.pictures.skipped import litter_in_words
from training.progress import Say, Show, no_progress

# Of the new pictures, the share in no group beyond which the groups do not fit them, if it is twice that of training.
_STRANGE = 0.2


class UpdateError(UserError):
    """A model that can't be brought up to date this way. The message says how it can."""


@dataclass(frozen=True, slots=True)
class Updated:
    extended: Extended
    skipped: Mapping[str, str]
    unclustered_before: float
    """Share of the model's pictures that were in no group before."""

    @property
    def unclustered(self) -> float:
        """Share of the new pictures that are in no group."""
        return self.extended.unclustered / self.extended.pictures if self.extended.pictures else 0.0

    @property
    def drifted(self) -> bool:
        """Whether the new pictures are so strange to the groups that training on everything is worth its time."""
        return self.unclustered > max(_STRANGE, 2 * self.unclustered_before)


def note_members(folder: Path, place: str, extended: Extended, embedded: Embedded) -> None:
    """Note beside the bundle in `folder` where the pictures of its new groups are, for the naming page."""
    rows = {name: row for row, name in enumerate(embedded.names)}
    names = [name for members in extended.members.values() for name in members]
    if names:
        note_elsewhere(folder, place, names, embedded.vectors[[rows[name] for name in names]])


def update(
    folder: Path,
    pictures: str | None = None,
    *,
    categories: str | None = None,
    propose: bool = False,
    engine: Engine = LOCAL,
    say: Say = print,
    show: Show = no_progress,
) -> Updated:
    """Bring pictures into the model in `folder` that it does not know, from where its pictures are or another place.

    A picture is known by its name. `categories` is what training.model.categories.find_categories takes. To `propose`
    is what training.model.extend.extend says of it.

    Raises a shared.errors.UserError that says what is wrong.
    """
    with hold(folder, "discovering" if propose else "updating"):
        bundle = read_bundle(folder)
        if bundle.manifest.categories and not categories:
            raise UpdateError(f"{folder} was trained by category: give --categories, as for train")
        known = {row.picture: row for row in read_rows(folder)}
        place = pictures or recall_pictures(folder)
        listing = list_pictures(place)
        for line in litter_in_words(listing.litter):
            say(line)
        sources = [source for source in listing.pictures if source.name not in known or not known[source.name].core]
        counts = bundle.manifest.counts
        before = counts.unclustered / counts.pictures
        if all(source.name in known for source in sources):
            return Updated(Extended(bundle, 0, {}, {}, 0, {}), listing.left_out, before)
        _, model = open_trained(folder, say)
        with closing(model.embedder) as embedder:
            workers = Workers(engine, graph_path(folder.parent, embedder.spec.graph_sha256))
            embedded = embed_with_cache(sources, embedder, show, workers=workers)
        of_picture = find_categories(categories, embedded.names) if categories else None
        extended = extend(bundle, folder, embedded, of_picture, engine, propose=propose, known=known)
        if pictures and len(known) <= 2 * sum(source.name in known for source in listing.pictures):
            remember_pictures(folder, place)
        elif pictures:
            note_members(folder, place, extended, embedded)
        return Updated(extended, {**listing.left_out, **embedded.skipped}, before)
