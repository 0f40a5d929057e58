"""New pictures come into a model that stays as it is: existing groups keep their pictures, names and ids.

New pictures join groups as the Function answers them. Among those that are left, and the unclustered ones most like
them, new groups are found; proposed ones are finer, as a person sees them first. What costs time is comparing the new
pictures, not the collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from shared.digests import sha256
from shared.embedding.embedder import Vectors
from shared.model.assigner import Assigned, Assigner, apply_edits
from shared.model.assignments_csv import Row, read_rows, rows_bytes
from shared.model.bundle import (
    ASSIGNMENTS,
    CLUSTERS,
    Arrays,
    Bundle,
    Labels,
    arrays_bytes,
    model_version,
    write_bundle,
)
from shared.model.core_samples import NOISE, Metric, comparable
from shared.model.parts import Counts, count_members, unmarked
from shared.model.remembered import Placed, vector_bytes
from training.clustering.centres import distances_to_centre
from training.clustering.choice import NoGroupsError
from training.clustering.clusters import Clusters, Parameters, find_groups, join
from training.embedding.embeddings import Embedded
from training.engine import LOCAL, Engine, toolchain
from training.model.answers import Answers
from training.model.ids import lineage_of
from training.model.names import make_labels
from training.model.options import Options

# Of each new picture that is left, so many of the unclustered ones nearest to it may form a group with it.
_AROUND = 30
# Core samples of the groups that there are, which the radii of new ones are to keep off: evenly spaced ones.
_STRANGERS = 2_000
# Of a proposed group's pictures, the least share that no group takes: one of less is a part of a known kind.
_UNANSWERED = 0.25


@dataclass(frozen=True, slots=True)
class Extended:
    """What became of new pictures."""

    bundle: Bundle
    pictures: int
    """How many were new."""
    joined: Mapping[int, int]
    """Group that was there before to how many new pictures it has."""
    found: Mapping[int, tuple[str, ...]]
    """New group to its most central pictures."""
    unclustered: int
    """New pictures that are in no group."""
    members: Mapping[int, tuple[str, ...]]
    """New group to its pictures among those that were handed in."""


def extend(
    bundle: Bundle,
    folder: Path,
    embedded: Embedded,
    categories: Sequence[str | None] | None = None,
    engine: Engine = LOCAL,
    *,
    propose: bool = False,
    known: dict[str, Row] | None = None,
) -> Extended:
    """Bring new pictures into the bundle in `folder`, whose assignments are `known` unless they are to be read.

    `embedded` holds them and, of the model's own pictures, those that are no core samples; `categories` has each one's
    category, where the model was trained by category.

    To `propose` new groups brings in their pictures alone, and nothing is answered with them until they are accepted.
    """
    if known is None:
        known = {row.picture: row for row in read_rows(folder)}
    extension = _Extension(bundle, known, embedded, categories or [None] * len(embedded.names))
    return extension.write(folder, engine, propose=propose)


class _Extension:
    """Rows are those of the embedded pictures, n of them."""

    def __init__(
        self, bundle: Bundle, known: dict[str, Row], embedded: Embedded, categories: Sequence[str | None]
    ) -> None:
        self._bundle = bundle
        self._known = known
        self._names, self._vectors, self._skipped = embedded.names, embedded.vectors, embedded.skipped
        self._categories = categories
        self._metric: Metric = bundle.manifest.clustering.metric
        # What is like a group that is marked as none, or proposed already, is not proposed again.
        self._labels = unmarked(bundle.labels)
        model = Assigner(bundle.arrays, self._labels, self._metric, bundle.manifest.categories)
        self._answers = Answers(model, self._vectors, categories)
        self._new = np.array([name not in known for name in self._names], dtype=np.bool_)
        self._left = np.array([name in known and known[name].cluster == NOISE for name in self._names], dtype=np.bool_)

    def write(self, folder: Path, engine: Engine, *, propose: bool) -> Extended:
        pool, clusters, of_category = self._find(engine, propose=propose)
        first = lineage_of(self._bundle, folder).minted
        ids = np.arange(first, first + clusters.count, dtype=np.int32)
        core = pool[clusters.core]
        new = self._arrays(core, ids[clusters.labels[clusters.core]], clusters, first + clusters.count)
        by_category = dict(self._bundle.manifest.categories)
        of_new = {category: ids[list(found)].tolist() for category, found in of_category.items() if by_category}
        for category, some in of_new.items():
            by_category[category] = (*by_category.get(category, ()), *some)
        groups = Assigner(new, Labels(), self._metric, {**dict.fromkeys(by_category, ()), **of_new})
        alone = self._answers.alone(groups)
        near = alone.clusters != NOISE
        near[core] = True
        now = self._now(alone, np.flatnonzero(self._new | (self._left & near)))
        members = {
            cluster: tuple(self._names[row] for row in now if now[row][0] == cluster) for cluster in ids.tolist()
        }
        counted = Counter(now[row][0] for row in np.flatnonzero(self._new).tolist())
        joined = {cluster: count for cluster, count in sorted(counted.items()) if NOISE < cluster < first}
        labels, found = self._with_exemplars(now, first)
        written = self._bundle
        if propose and clusters.count:
            labels = labels.model_copy(update={"proposed": (*labels.proposed, *ids.tolist())})
            now = {row: answer for row, answer in now.items() if answer[0] >= first}
        elif not propose:
            labels = self._held(labels, alone, np.flatnonzero(near & ~self._new & ~self._left))
        if clusters.count or not propose:
            written = self._write(folder, new, self._rows(now, core), core, labels, by_category)
        return Extended(written, int(self._new.sum()), joined, found, counted[NOISE], members)

    def _rows(self, now: Mapping[int, tuple[int, float]], core: NDArray[np.intp]) -> dict[str, Row]:
        """The lines of assignments.csv by picture; of those embedded, with the ones that are assigned `now`."""
        rows = dict(self._known)
        for row, (cluster, distance) in now.items():
            name = self._names[row]
            category = rows[name].category if name in rows else self._categories[row]
            rows[name] = Row(name, cluster, distance, core=False, category=category)
        for row in core.tolist():
            rows[self._names[row]].core = True
        return rows

    def _find(self, engine: Engine, *, propose: bool) -> tuple[NDArray[np.intp], Clusters, dict[str, tuple[int, ...]]]:
        """Pictures that may form groups, the groups among them, and which of these are of each category."""
        left = self._candidates(propose=propose)
        parameters = replace(self._parameters(), fine=propose)
        clusters, _, _ = apply_edits(self._bundle.arrays, self._labels)
        others = self._bundle.arrays.vectors[clusters != NOISE]
        others = others[:: -(-len(others) // _STRANGERS) or 1]
        parts: list[tuple[NDArray[np.intp], Clusters]] = []
        of_category: dict[str, tuple[int, ...]] = {}
        count = 0
        column = np.array([self._categories[row] or "" for row in left], dtype=np.str_)
        for category in sorted(set(column.tolist())):
            rows = np.flatnonzero(column == category)
            try:
                found = find_groups(self._vectors[left[rows]], parameters, engine, others).clusters
            except NoGroupsError:
                continue
            found = found.only(found.shares(self._answers.unanswered(left[rows])) >= _UNANSWERED)
            parts.append((rows, found))
            of_category[category] = tuple(range(count, count + found.count))
            count += found.count
        return left, join(parts, len(left)), of_category

    def _candidates(self, *, propose: bool) -> NDArray[np.intp]:
        """New pictures that no group takes and the unclustered ones around them, as far as nobody decided about them.

        To propose groups, all new pictures: of a new kind, some are within the radius of a known one.
        """
        new = np.flatnonzero(self._new)
        fresh = new[self._answers.unanswered(new)]
        around = np.flatnonzero(self._left)[_around(self._points(self._left), self._points(fresh))]
        rows = np.union1d(new if propose else fresh, around[self._answers.unanswered(around)])
        return rows[~self._answers.before(rows).decided]

    def _points(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Vectors:
        return comparable(self._vectors[rows], self._metric)

    def _parameters(self) -> Parameters:
        """As the model was trained."""
        clustering, embedder = self._bundle.manifest.clustering, self._bundle.manifest.embedder
        given = clustering.eps_chosen == "given"
        return Options(
            self._bundle.manifest.name,
            clustering.neighbours if given or not clustering.neighbours else None,
            clustering.eps if given else None,
            clustering.min_samples,
            clustering.metric,
            embedder.pooling,
        ).parameters()

    def _arrays(self, core: NDArray[np.intp], of_core: NDArray[np.int32], clusters: Clusters, total: int) -> Arrays:
        """Of the new groups, but for the rows of their core samples' pictures."""
        eps, reach = np.zeros((2, total), dtype=np.float32)
        eps[total - clusters.count :], reach[total - clusters.count :] = clusters.radius, clusters.reach
        return Arrays(self._vectors[core], of_core, eps, reach, np.zeros(len(core), dtype=np.int32))

    def _held(self, labels: Labels, alone: Assigned, members: NDArray[np.intp]) -> Labels:
        """Labels with which the pictures of a group stay in it, though a new one is nearer."""
        before, now = self._answers.before(members), self._answers.after(alone, members)
        stay = (before.clusters != NOISE) & (before.clusters != now.clusters)
        held = [
            Placed(
                picture=self._names[row],
                vector=vector_bytes(self._vectors[row]),
                cluster=cluster,
                category=self._categories[row],
            )
            for row, cluster in zip(members[stay].tolist(), before.clusters[stay].tolist(), strict=True)
        ]
        edits = labels.edits.model_copy(update={"held": (*labels.edits.held, *held)})
        return labels.model_copy(update={"edits": edits})

    def _now(self, alone: Assigned, rows: NDArray[np.intp]) -> dict[int, tuple[int, float]]:
        """Cluster and distance by row, with new groups that answer `alone` by themselves."""
        found = self._answers.after(alone, rows)
        return dict(
            zip(rows.tolist(), zip(found.clusters.tolist(), found.distances.tolist(), strict=True), strict=True)
        )

    def _with_exemplars(
        self, now: Mapping[int, tuple[int, float]], first: int
    ) -> tuple[Labels, dict[int, tuple[str, ...]]]:
        rows = [row for row, (cluster, _) in now.items() if cluster >= first]
        clusters = np.array([now[row][0] for row in rows], dtype=np.int32)
        names, vectors = [self._names[row] for row in rows], self._vectors[rows]
        centrality = distances_to_centre(comparable(vectors, self._metric), clusters, self._metric)
        found = make_labels({}, names, clusters, centrality, vectors).exemplars
        labels = self._bundle.labels
        return labels.model_copy(update={"exemplars": {**labels.exemplars, **found}}), dict(found)

    def _write(
        self,
        folder: Path,
        new: Arrays,
        rows: Mapping[str, Row],
        core: NDArray[np.intp],
        labels: Labels,
        by_category: dict[str, tuple[int, ...]],
    ) -> Bundle:
        manifest = self._bundle.manifest
        place = {name: row for row, name in enumerate(rows)}
        of_core = np.array([place[self._names[row]] for row in core.tolist()], dtype=np.int32)
        arrays = _joined(self._bundle.arrays, replace(new, pictures=of_core))
        contents = {CLUSTERS: arrays_bytes(arrays), ASSIGNMENTS: rows_bytes(list(rows.values()))}
        version = model_version(manifest.embedder, manifest.clustering, contents[CLUSTERS])
        members = count_members(row.cluster for row in rows.values())
        clustered = sum(members.values())
        changes = {
            "version": version,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "categories": by_category,
            "counts": Counts(
                pictures=len(rows),
                clustered=clustered,
                unclustered=len(rows) - clustered,
                skipped=manifest.counts.skipped + len(self._skipped),
                clusters=len(np.unique(arrays.clusters)),
                core_samples=len(arrays.clusters),
            ),
            "members": members,
            "minted": len(arrays.eps),
            "ancestors": tuple(dict.fromkeys(one for one in (*manifest.ancestors, manifest.version) if one != version)),
            "files": {name: sha256(content) for name, content in contents.items()},
            "made_with": toolchain(),
        }
        return write_bundle(folder, manifest.model_copy(update=changes), contents, labels)


def _joined(old: Arrays, new: Arrays) -> Arrays:
    """`new` has groups with ids beyond those of `old`, and limits for all."""
    eps, reach = new.eps.copy(), new.reach.copy()
    eps[: len(old.eps)], reach[: len(old.reach)] = old.eps, old.reach
    return Arrays(
        vectors=np.concatenate([old.vectors, new.vectors]),
        clusters=np.concatenate([old.clusters, new.clusters]),
        eps=eps,
        reach=reach,
        pictures=np.concatenate([old.pictures, new.pictures]),
    )


def _around(points: Vectors, others: Vectors) -> NDArray[np.intp]:
    """Which of some points are among the nearest ones of any of the others."""
    if not len(points) or not len(others):
        return np.zeros(0, dtype=np.intp)
    _, near = faiss.knn(others, points, min(_AROUND, len(points)))
    return np.unique(near).astype(np.intp)
