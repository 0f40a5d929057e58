"""A model's pictures and the group each is in now: what the report draws and the naming page shows.

Now, not when it was trained: the pictures are assigned by the same code that serves, with the names and edits as they
are, so what a person sees is what the Function answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.embedding.embedder import Embedder
from shared.model.assigner import Assigner
from shared.model.assignments_csv import read_rows
from shared.model.bundle import ASSIGNMENTS, Bundle, BundleError, Labels
from shared.model.core_samples import NOISE, comparable, distance
from shared.model.model import Model
from shared.pictures.listing import pictures_at, recall_pictures
from shared.pictures.source import Source
from training.clustering.centres import distances_to_centre
from training.embedding.embeddings import Embedded, embed_with_cache
from training.gallery.copies import Stack, find_stacks
from training.gallery.elsewhere import open_elsewhere
from training.gallery.opening import open_trained
from training.gallery.placing import Placer
from training.progress import Say, Show


@dataclass(frozen=True, slots=True)
class Group:
    """A cluster that has pictures. Pictures are positions in the gallery."""

    cluster: int
    pictures: tuple[int, ...]
    """Most central first."""
    distance_to_centre: float
    """Mean distance of its pictures to their centre, in the metric's units: the smaller, the tighter."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """Where n pictures are; arrays have shape (n,)."""

    clusters: NDArray[np.int32]
    """NOISE where a picture is in no group."""
    distances: NDArray[np.float32]
    """To the nearest core sample."""
    centrality: NDArray[np.float32]
    """Distance to the centre of the picture's group; infinite for NOISE."""
    groups: tuple[Group, ...]
    """By cluster id."""
    unclustered: tuple[int, ...]
    """Nearest miss first."""


class Gallery:
    """The pictures of one place beside the model that groups them. Nothing in it changes; labels are handed in."""

    def __init__(
        self,
        folder: Path,
        bundle: Bundle,
        embedder: Embedder,
        sources: Sequence[Source],
        found: Embedded,
        places: Mapping[str, str] | None = None,
    ) -> None:
        """`folder` is the bundle's; `found` are the embeddings of those sources that could be read.

        `places` has the folder or URL of each picture that is not where the others are.

        Raises BundleError when assignments.csv is not what training wrote.
        """
        by_name = {source.name: source for source in sources}
        trained = _read_trained(folder, bundle)
        in_order = list(trained)
        samples = {in_order[int(row)]: sample for sample, row in enumerate(bundle.arrays.pictures)}
        self.folder = folder
        self.bundle = bundle
        self.embedder = embedder
        self.names = found.names
        self.skipped = found.skipped
        self.places = places or {}
        """Picture to the folder or URL that it came from, where that is not the others'."""
        self.sources: tuple[Source, ...] = tuple(by_name[name] for name in found.names)
        self.trained = np.array([name in trained for name in found.names], dtype=np.bool_)
        """Shape (n,): whether each picture was there when the model was trained."""
        self.categories: tuple[str | None, ...] = tuple(trained.get(name) for name in found.names)
        """The category that each picture was trained in; None where there are none, and for pictures that are new."""
        self.samples: tuple[int | None, ...] = tuple(samples.get(name) for name in found.names)
        """The core sample that each picture is, as trained: a row of clusters.npz."""
        self.missing: tuple[str, ...] = tuple(sorted(trained.keys() - by_name.keys()))
        """Pictures trained on that are not in the folder any more."""
        self.points = comparable(found.vectors, bundle.manifest.clustering.metric)
        """Shape (n, dimensions): embeddings whose Euclidean order is the metric's."""
        self.vectors = found.vectors
        """Shape (n, dimensions): embeddings as the embedder made them."""

    @cached_property
    def placer(self) -> Placer:
        """Puts pictures where a person wants them."""
        manifest = self.bundle.manifest
        return Placer(
            self.bundle.arrays,
            manifest.clustering.metric,
            manifest.categories,
            self.names,
            self.vectors,
            self.samples,
            self.categories,
        )

    @cached_property
    def stacks(self) -> tuple[Stack, ...]:
        """Pictures that are there several times."""
        return find_stacks(self.vectors)

    def model(self, labels: Labels) -> Model:
        """The model as it answers with these labels."""
        return Model(replace(self.bundle, labels=labels), self.embedder)

    def grouping(self, labels: Labels) -> Grouping:
        """Where every picture is as the Function would answer with these labels and its category."""
        return self.arrange(*self.assign(labels, np.arange(len(self.names))))

    def assign(self, labels: Labels, pictures: NDArray[np.intp]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Cluster and distance of some pictures, both of shape (len(pictures),), as `grouping` has them."""
        manifest = self.bundle.manifest
        assigner = Assigner(self.bundle.arrays, labels, manifest.clustering.metric, manifest.categories)
        found = assigner.assign_each(
            self.vectors[pictures], [self.categories[picture] for picture in pictures.tolist()]
        )
        return found.clusters, found.distances

    def arrange(self, clusters: NDArray[np.int32], distances: NDArray[np.float32]) -> Grouping:
        """Order pictures that have been assigned; both arrays have shape (n,)."""
        centrality = distances_to_centre(self.points, clusters, self.bundle.manifest.clustering.metric)
        groups: list[Group] = []
        for cluster in np.unique(clusters[clusters != NOISE]).tolist():
            members = np.flatnonzero(clusters == cluster)
            order = members[np.argsort(centrality[members], kind="stable")]
            groups.append(Group(cluster, tuple(order.tolist()), float(centrality[members].mean())))
        outside = np.flatnonzero(clusters == NOISE)
        nearest_first = outside[np.argsort(distances[outside], kind="stable")]
        return Grouping(clusters, distances, centrality, tuple(groups), tuple(nearest_first.tolist()))

    def category_of(self, group: Group) -> str | None:
        """That a group was trained in, or its pictures were if a person made it; None where there are no categories."""
        for category, clusters in self.bundle.manifest.categories.items():
            if group.cluster in clusters:
                return category
        return next((self.categories[picture] for picture in group.pictures if self.categories[picture]), None)

    def distances_to(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Distance of every picture to an embedding of shape (1, dimensions), shape (n,)."""
        metric = self.bundle.manifest.clustering.metric
        return distance(self.points, comparable(vector, metric), metric)


def open_gallery(folder: Path, pictures: str | None, say: Say, show: Show) -> Gallery:
    """The bundle in `folder` with the pictures it was trained on, or those of another place.

    Raises a shared.errors.UserError that says what is missing.
    """
    bundle, model = open_trained(folder, say)
    sources = pictures_at(pictures or recall_pictures(folder))
    found = embed_with_cache(sources, model.embedder, show, "Looking at the pictures")
    return gallery_of(folder, bundle, model.embedder, sources, found, say)


def gallery_of(
    folder: Path, bundle: Bundle, embedder: Embedder, sources: Sequence[Source], found: Embedded, say: Say
) -> Gallery:
    """The gallery of these pictures and of those that came into the model from elsewhere."""
    others = {row.picture for row in read_rows(folder)} - {source.name for source in sources}
    elsewhere = open_elsewhere(folder, others, bundle.manifest.embedder.dimensions, say)
    every = Embedded(
        (*found.names, *elsewhere.embedded.names),
        np.concatenate([found.vectors, elsewhere.embedded.vectors]),
        found.skipped,
    )
    return Gallery(folder, bundle, embedder, (*sources, *elsewhere.sources), every, elsewhere.places)


def _read_trained(folder: Path, bundle: Bundle) -> dict[str, str | None]:
    """The pictures that the model was trained on, in order, and the category of each.

    Bundles written before categories were noted tell them of pictures that are in a cluster only.
    """
    of_cluster = {cluster: name for name, clusters in bundle.manifest.categories.items() for cluster in clusters}
    trained = {
        row.picture: of_cluster.get(row.cluster) if row.category is None else row.category for row in read_rows(folder)
    }
    rows = bundle.arrays.pictures
    if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < len(trained):
        raise BundleError(
            f"{folder / ASSIGNMENTS} has {len(trained)} pictures, fewer than clusters.npz refers to: train again"
        )
    return trained
