"""New names of groups reach the index by themselves: no picture is read again.

The indexer would skip every blob, since none has changed. The documents know their group, so its names are merged into
them; a changed picture, or a reset, later brings the same names by the usual way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from azure.search.documents import SearchClient

from infra.search.queries import every
from shared.errors import UserError
from shared.model.bundle import LABELS, MANIFEST, Labels, parse_labels, parse_manifest
from shared.model.core_samples import NOISE
from shared.settings import Settings
from shared.stores.opening import open_store
from shared.stores.releases import ReleaseWatcher

_BATCH = 1000  # the most that one request may hold


class RelabelError(UserError):
    """The index can't take new names this way."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the groups in one version of the model."""

    version: str
    labels: Labels
    ancestors: tuple[str, ...] = ()
    """Versions of the trainings before, whose group numbers mean the same."""

    def answered(self, document: dict[str, Any]) -> bool:
        """Whether the group of a document is one of these; a group of an earlier training may be gone."""
        training = _training(document)
        if training == self.version.partition("-")[0]:
            return True
        here = {NOISE, *self.labels.labels, *self.labels.exemplars, *self.labels.edits.eps}
        return training in self.ancestors and document["cluster_id"] in here


@dataclass(frozen=True, slots=True)
class Relabelled:
    """What became of the documents."""

    changed: int
    unchanged: int
    other_training: int
    """Documents that another training answered, whose groups this one does not have. They were left alone."""
    regrouped: bool
    """A person moved or split groups of this model: which pictures they hold is for a reset and a run to say."""


def read_names(settings: Settings) -> Names:
    """The names of the model that these settings serve. Raises StoreError, BundleError."""
    store = open_store(settings.model_store, settings.store_credential)
    release = ReleaseWatcher(store, settings.model_name, settings.model_version).current()
    key, manifest = f"{release.folder}/{LABELS}", f"{release.folder}/{MANIFEST}"
    ancestors = parse_manifest(store.read(manifest).content, store.where(manifest)).ancestors
    return Names(release.version, parse_labels(store.read(key).content, store.where(key)), ancestors)


def relabel(documents: SearchClient, fields: Sequence[Any], names: Names) -> Relabelled:
    """Merge the names into every document whose group has others. Raises RelabelError."""
    if "cluster_id" not in {field.name for field in fields}:
        raise RelabelError("this index does not keep the pictures' groups (the simple variant): `reset` and `run`")
    select = ["cluster_id", "label", "suggested_label", "model_version"]
    there = list(every(documents, select))
    ours = [each for each in there if names.answered(each)]
    renamed = _renamed(ours, names.labels)
    changes = [change for each in ours if (change := _change(each, names, renamed))]
    for batch in batched(changes, _BATCH, strict=False):
        refused = [result.key for result in documents.merge_documents(list(batch)) if not result.succeeded]
        if refused:
            raise RelabelError(f"the service refused {len(refused)} documents, {refused[0]} first: run it again")
    edits = names.labels.edits
    return Relabelled(
        changed=len(changes),
        unchanged=len(ours) - len(changes),
        other_training=len(there) - len(ours),
        regrouped=bool(edits.core or edits.eps or edits.excluded),
    )


def _change(document: dict[str, Any], names: Names, renamed: Mapping[tuple[str, ...], list[str]]) -> dict[str, Any]:
    """The fields to merge, with the key; empty where nothing changes."""
    suggested, label = document["suggested_label"] or [], document["label"] or []
    # A near miss may carry the suggested names as its own, where the Function was told to put them there.
    follows = document["cluster_id"] == NOISE and label == suggested
    wanted = {
        "label": renamed.get(tuple(label), label) if follows else _names_of(document, names.labels),
        "suggested_label": renamed.get(tuple(suggested), suggested),
        # Another training may answer another group for the same picture: its answer stays what it is.
        "model_version": document["model_version"] if _training(document) in names.ancestors else names.version,
    }
    changed = {name: value for name, value in wanted.items() if value != (document[name] or [])}
    return {"id": document["id"], **changed} if changed else {}


def _training(document: dict[str, Any]) -> str:
    return (document["model_version"] or "").partition("-")[0]


def _names_of(document: dict[str, Any], labels: Labels) -> list[str]:
    cluster = document["cluster_id"]
    return [] if cluster in {None, NOISE, *labels.not_groups} else list(labels.labels.get(cluster, ()))


def _renamed(documents: Sequence[dict[str, Any]], labels: Labels) -> dict[tuple[str, ...], list[str]]:
    """Old names to new ones, read off the documents of each group.

    A near miss carries the names of a group and not its number, so this is how they are followed. Names that two
    groups shared and that now differ are left as they are.
    """
    found: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for document in documents:
        if document["label"] and document["cluster_id"] != NOISE:
            found.setdefault(tuple(document["label"]), set()).add(tuple(_names_of(document, labels)))
    return {old: list(next(iter(new))) for old, new in found.items() if len(new) == 1}
