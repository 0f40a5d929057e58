"""Embedded pictures become a bundle: find groups, name, write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.digests import sha256
from shared.embedding.embedder import EmbedderSpec, Vectors
from shared.errors import UserError
from shared.model.assignments_csv import Row, read_rows, rows_bytes
from shared.model.bundle import (
    ASSIGNMENTS,
    CLUSTERS,
    Arrays,
    Bundle,
    Clustering,
    Labels,
    Manifest,
    arrays_bytes,
    model_version,
    write_bundle,
)
from shared.model.core_samples import NOISE, Metric, comparable
from shared.model.exclusions import find_excluded
from shared.model.parts import Counts, Edits, count_members
from training.clustering.centres import distances_to_centre
from training.clustering.choice import Choice, NoGroupsError
from training.clustering.clusters import Clusters, Found, find_groups, join
from training.embedding.embeddings import Embedded
from training.engine import LOCAL, Engine, toolchain
from training.gallery.placing import Placer
from training.model.carry_over import Carried, carry_over
from training.model.decisions import Partition, apply_decisions, carried_edits, decided_clusters
from training.model.ids import Lineage, give_ids, lineage_of
from training.model.names import NamesByPicture, make_labels, names_by_exemplar
from training.model.options import Options


class TrainingError(UserError):
    """These pictures and parameters give no model. The message says what to try."""


@dataclass(frozen=True, slots=True)
class Previous:
    """The bundle that this training replaces, and where it was read from: its names are carried over."""

    bundle: Bundle
    folder: Path


@dataclass(frozen=True, slots=True)
class Trained:
    folder: Path
    """The bundle's."""
    bundle: Bundle
    embedded: Embedded
    clusters: Clusters
    choices: Mapping[str, Choice]
    """How DBSCAN's parameters were chosen, by category ("" where there are none); empty where they were given."""
    previous: Previous | None
    carried: Carried
    """What became of the groups of `previous`."""


def build_model(
    embedded: Embedded,
    options: Options,
    folder: Path,
    *,
    given_names: NamesByPicture | None = None,
    categories: Sequence[str] | None = None,
    previous: Previous | None = None,
    lineage: Lineage | None = None,
    engine: Engine = LOCAL,
) -> Trained:
    """Cluster embedded pictures and write the bundle into `folder`.

    With `categories` (one for each picture), each category is clustered apart, with parameters of its own. The same
    pictures, options and versions give the same arrays, ids and labels, whatever the order of the files. A group that
    continues one of `previous` keeps its id; others get ids that `lineage` (of `previous` unless given) has not given.

    Raises TrainingError when no group is found, training.model.names.NamesError when a name can't be given.
    """
    found, by_category = _cluster(embedded.vectors, options, categories, engine)
    clusters = join([(rows, part.clusters) for rows, part in found.values()], len(embedded.vectors))
    choices = {category: part.choice for category, (_, part) in found.items() if part.choice}
    partition = _decide(previous, options, embedded, clusters, categories)
    final = clusters if partition is None else _as_decided(clusters, partition)
    carried = _carry(previous, options.spec(), embedded, final, partition.ids if partition else {})
    if previous and partition:
        carried.follow(previous.bundle.labels, partition)
    if lineage is None:
        lineage = lineage_of(previous.bundle, previous.folder) if previous else Lineage()
    ids = give_ids(final.count, carried.ids, lineage.minted)
    minted = max(lineage.minted, int(ids.max()) + 1)
    clusters = clusters.renumbered(ids[: clusters.count], minted)
    final = final.renumbered(ids, minted)
    carried = carried.renumbered(ids)
    partition = partition.renumbered(ids) if partition else None
    by_category = {category: tuple(ids[list(known)].tolist()) for category, known in by_category.items()}
    arrays = _arrays(embedded.vectors, clusters)
    labels = _labels(embedded, final, options, carried, given_names or {})
    if previous and partition:
        placer = _placer(embedded, clusters, arrays, options.metric, by_category, categories)
        labels = _with_decisions(labels, previous.bundle.labels, partition, placer, clusters)
    contents = {
        CLUSTERS: arrays_bytes(arrays),
        ASSIGNMENTS: rows_bytes(_rows(embedded.names, clusters, categories)),
    }
    manifest = _manifest(
        options, embedded, [part for _, part in found.values()], clusters, by_category, contents, lineage.ancestors
    )
    bundle = write_bundle(folder, manifest, contents, labels)
    return Trained(folder, bundle, embedded, clusters, choices, previous, carried)


type _Part = tuple[NDArray[np.intp], Found]
"""Rows of a category's pictures, and the groups among them."""


def _cluster(
    vectors: Vectors, options: Options, categories: Sequence[str] | None, engine: Engine
) -> tuple[dict[str, _Part], dict[str, tuple[int, ...]]]:
    """Each category's pictures with what was found among them, and the clusters of each."""
    _check_eps(options)
    column = np.asarray(categories if categories is not None else [""] * len(vectors))
    parts: dict[str, _Part] = {}
    by_category: dict[str, tuple[int, ...]] = {}
    count, reason = 0, ""
    for category in sorted(set(column.tolist())):
        rows = np.flatnonzero(column == category)
        try:
            part = find_groups(vectors[rows], options.parameters(), engine)
        except NoGroupsError as error:
            reason = f"category {category}: {error}" if category else str(error)
            continue
        parts[category] = rows, part
        by_category[category] = tuple(range(count, count + part.clusters.count))
        count += part.clusters.count
    if not parts:
        raise TrainingError(reason)
    return parts, by_category if categories is not None else {}


def _check_eps(options: Options) -> None:
    """VGG16's features are never negative, so that no two embeddings are further apart than 1."""
    plain = options.neighbours in (None, 0)
    if options.eps is not None and options.eps >= 1 and not (plain and options.metric == "euclidean"):
        reach = "cosine distances between embeddings" if plain else "distances by shared neighbours"
        raise TrainingError(f"eps {options.eps:.4g} would take everything for one group: {reach} end at 1. Give less")


def _decide(
    previous: Previous | None,
    options: Options,
    embedded: Embedded,
    clusters: Clusters,
    categories: Sequence[str] | None,
) -> Partition | None:
    """What a person decided about the model before; None where that was nothing."""
    if previous is None or not (decided_clusters(previous.bundle) or previous.bundle.labels.edits.placed):
        return None
    old_names = {row.picture: row.cluster for row in read_rows(previous.folder)}
    return apply_decisions(
        previous.bundle,
        old_names,
        options.spec(),
        embedded.names,
        embedded.vectors,
        clusters.labels,
        clusters.radius,
        options.metric,
        categories,
    )


def _as_decided(clusters: Clusters, partition: Partition) -> Clusters:
    made = [partition.eps[cluster] for cluster in sorted(partition.eps)]
    radius, reach = (np.append(trained, made).astype(np.float32) for trained in (clusters.radius, clusters.reach))
    labels = partition.clusters
    return replace(
        clusters, labels=labels, radius=radius, reach=reach, core=clusters.core & (partition.clusters != NOISE)
    )


def _placer(
    embedded: Embedded,
    clusters: Clusters,
    arrays: Arrays,
    metric: Metric,
    by_category: dict[str, tuple[int, ...]],
    categories: Sequence[str] | None,
) -> Placer:
    rows = np.cumsum(clusters.core) - 1
    samples = [int(row) if core else None for row, core in zip(rows, clusters.core, strict=True)]
    known = categories if categories is not None else [None] * len(embedded.names)
    return Placer(arrays, metric, by_category, embedded.names, embedded.vectors, samples, known)


def _with_decisions(labels: Labels, old: Labels, partition: Partition, placer: Placer, clusters: Clusters) -> Labels:
    """Edits by which the Function answers as decided."""
    edits = labels.edits.model_copy(update=carried_edits(old, partition))
    labels = labels.model_copy(update={"edits": edits})
    moved = {*np.flatnonzero(partition.clusters != clusters.labels).tolist(), *partition.unsure, *partition.by_hand}
    wanted = partition.clusters.copy()
    for row, entry in find_excluded(edits.excluded, placer.vectors).items():
        if wanted[row] in entry.clusters:
            wanted[row] = NOISE
            moved.discard(row)  # the exclusion keeps it out by itself
    return placer.keep_out(placer.place(labels, wanted, moved, partition.by_hand), partition.out, edits.decided)


def _carry(
    previous: Previous | None, spec: EmbedderSpec, embedded: Embedded, clusters: Clusters, decided: Mapping[int, int]
) -> Carried:
    if previous is None:
        return Carried()
    return carry_over(previous.bundle, previous.folder, spec, embedded.names, embedded.vectors, clusters, decided)


def _labels(
    embedded: Embedded, clusters: Clusters, options: Options, carried: Carried, given: NamesByPicture
) -> Labels:
    """Names given by exemplar win over names carried; pictures that a person excluded stay excluded."""
    names = carried.names | names_by_exemplar(given, embedded.names, clusters.labels)
    members = clusters.labels.copy()
    for row, out in find_excluded(carried.excluded, embedded.vectors).items():
        if members[row] in out.clusters:
            members[row] = NOISE
    points = comparable(embedded.vectors, options.metric)
    centrality = distances_to_centre(points, clusters.labels, options.metric)
    labels = make_labels(names, embedded.names, members, centrality, embedded.vectors)
    edits = Edits(excluded=tuple(carried.excluded))
    conflicts = tuple(cluster for cluster in carried.conflicts if names.get(cluster) == carried.names.get(cluster))
    return labels.model_copy(update={"not_groups": tuple(carried.not_groups), "conflicts": conflicts, "edits": edits})


def _arrays(vectors: Vectors, clusters: Clusters) -> Arrays:
    return Arrays(
        vectors=vectors[clusters.core],
        clusters=clusters.labels[clusters.core],
        eps=clusters.radius,
        reach=clusters.reach,
        pictures=np.flatnonzero(clusters.core).astype(np.int32),
    )


def _rows(names: Sequence[str], clusters: Clusters, categories: Sequence[str] | None) -> list[Row]:
    columns = (clusters.labels.tolist(), clusters.distances.tolist(), clusters.core.tolist())
    apart = categories if categories is not None else [None] * len(names)
    return [Row(*cells) for cells in zip(names, *columns, apart, strict=True)]


def _manifest(
    options: Options,
    embedded: Embedded,
    found: Sequence[Found],
    clusters: Clusters,
    by_category: dict[str, tuple[int, ...]],
    contents: Mapping[str, bytes],
    ancestors: Sequence[str],
) -> Manifest:
    spec = options.spec()
    clustering = Clustering(
        metric=options.metric,
        eps=float(f"{max(part.eps for part in found):.7g}"),
        neighbours=max(part.neighbours for part in found),
        min_samples=options.min_samples,
        eps_chosen="auto" if options.eps is None else "given",
    )
    members = count_members(clusters.labels.tolist())
    clustered = sum(members.values())
    version = model_version(spec, clustering, contents[CLUSTERS])
    return Manifest(
        name=options.name,
        version=version,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        embedder=spec,
        clustering=clustering,
        categories=by_category,
        counts=Counts(
            pictures=len(embedded.names),
            clustered=clustered,
            unclustered=len(embedded.names) - clustered,
            skipped=len(embedded.skipped),
            clusters=clusters.count,
            core_samples=int(clusters.core.sum()),
        ),
        members=members,
        minted=len(clusters.radius),
        ancestors=tuple(known for known in ancestors if known != version),
        files={name: sha256(content) for name, content in contents.items()},
        made_with=toolchain(),
    )
