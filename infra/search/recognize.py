"""Unclustered pictures that the model has come to know: their vectors are in the index, so no picture is read again.

The indexer would skip them, since no blob has changed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import Any

import numpy as np
from azure.search.documents import SearchClient

from infra.search.queries import every
from infra.search.relabel import RelabelError
from shared.model.assigner import Assigner
from shared.model.bundle import Bundle, BundleError
from shared.model.core_samples import NOISE
from shared.settings import Settings
from shared.stores.base import MissingError, Store
from shared.stores.cache import fetch_bundle
from shared.stores.opening import open_store
from shared.stores.releases import Release, ReleaseWatcher, read_published_manifest, version_key, versions_prefix

_BATCH = 1000  # the most that one request may hold


@dataclass(frozen=True, slots=True)
class Served:
    """The model that is served, and the trainings whose vectors can be compared with it: the same network made them."""

    bundle: Bundle
    comparable: frozenset[str]


def read_served(settings: Settings) -> Served:
    """Raises StoreError, BundleError."""
    store, release = served_release(settings)
    return fetch_served(store, settings.model_name, release)


def served_release(settings: Settings) -> tuple[Store, Release]:
    """What is served, and from where. Raises StoreError."""
    store = open_store(settings.model_store, settings.store_credential)
    return store, ReleaseWatcher(store, settings.model_name, settings.model_version).current()


def fetch_served(store: Store, name: str, release: Release) -> Served:
    """A model's release, read. Raises StoreError, BundleError."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = fetch_bundle(store, name, release, Path(folder))
    return Served(bundle, frozenset({bundle.manifest.version, *_like(store, bundle)}))


def recognize(documents: SearchClient, fields: Sequence[Any], served: Served) -> int:
    """Give unclustered documents the group that the model answers for their vectors; how many found one.

    Raises RelabelError. Where the index keeps no vectors, none does.
    """
    recognized = 0
    for batch in batched(unclustered(documents, fields, served), _BATCH, strict=False):
        changes = _answers(batch, served.bundle)
        recognized += len(changes)
        sent = documents.merge_documents(changes) if changes else []
        refused = [result.key for result in sent if not result.succeeded]
        if refused:
            raise RelabelError(f"the service refused {len(refused)} documents, {refused[0]} first: run it again")
    return recognized


def unclustered(
    documents: SearchClient, fields: Sequence[Any], served: Served, select: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """Documents in no group whose vectors can be compared with the model's, with their category if there is one.

    `select` names further fields. Where the index keeps no vectors, there are none.
    """
    names = {field.name for field in fields}
    if {"vector", "cluster_id"} <= names:
        wanted = ["vector", "model_version", *({"category"} & names), *select]
        for document in every(documents, wanted, f"cluster_id eq {NOISE}"):
            if document["vector"] and _training(document) in served.comparable:
                yield document


def _answers(documents: Sequence[Mapping[str, Any]], bundle: Bundle) -> list[dict[str, Any]]:
    """The fields to merge into those that have a group now."""
    manifest, labels = bundle.manifest, bundle.labels
    assigner = Assigner(bundle.arrays, labels, manifest.clustering.metric, manifest.categories)
    vectors = np.array([one["vector"] for one in documents], dtype=np.float32)
    found = assigner.assign_each(vectors, [one.get("category") for one in documents])
    return [
        {
            "id": one["id"],
            "cluster_id": cluster,
            "label": list(labels.labels.get(cluster, ())),
            "suggested_label": [],
            "distance": distance,
            "model_version": bundle.version,
        }
        for one, cluster, distance in zip(documents, found.clusters.tolist(), found.distances.tolist(), strict=True)
        if cluster != NOISE
    ]


def _like(store: Store, bundle: Bundle) -> set[str]:
    """Trainings before this one that made vectors in the same way."""
    found: set[str] = set()
    name = bundle.manifest.name
    for version in store.children(versions_prefix(name)):
        training = version.partition("-")[0]
        if training in bundle.manifest.ancestors and training not in found:
            with suppress(MissingError, BundleError):
                manifest, _ = read_published_manifest(store, version_key(name, version))
                if manifest.embedder == bundle.manifest.embedder:
                    found.add(training)
    return found


def _training(document: Mapping[str, Any]) -> str:
    return (document["model_version"] or "").partition("-")[0]
