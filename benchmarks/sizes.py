"""How small may pictures arrive? Labels of the original against those of the picture scaled down and encoded again.

The search service scales pictures down before it sends them, and encodes them as JPEG. Pictures of each labelled
set, and pieces of large photographs, are embedded as they are and as they would arrive at each size; models trained
on originals say what both are. "antialias" is how models of this project resize, "point" how those of the original
sample do (shared/embedding/images.py). Encoding alone changes some labels, at any size; what a size costs is seen
against 2000 pixels, which is what the service sends unless it is told otherwise.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from benchmarks.arrivals import Labelled, as_sent, drawn_set, labelled_sets
from benchmarks.groups.embedding import MODELS, pooled
from benchmarks.groups.evaluate import episodes
from benchmarks.measuring import machine, today
from benchmarks.results import Row, Section, Table
from shared.embedding.embedder import Embedder, EmbedderSpec, Pooling, Vectors, open_embedder
from shared.embedding.embedder import prepare as decode
from shared.embedding.images import Picture, Resize
from shared.embedding.vgg16 import WEIGHTS_SHA256
from shared.model.core_samples import CoreSamples
from training.clustering.choice import NoGroupsError
from training.clustering.clusters import Clusters, Parameters, find_groups
from training.network.weights import GRAPH_SHA256, export_graph

DEFAULT = 2000
SIZES = (DEFAULT, 1024, 768, 512)
"""Pixels of the longer side at most."""
CHOSEN = 768
"""What infra/search/variants/picture_size.json asks for."""
LEAST_SAME = 0.995

type Way = tuple[Resize, Pooling]

_WAYS: Sequence[Way] = (("antialias", "rmac"), ("antialias", "avg"), ("point", "flatten"))
"""Resize, and the pooling that goes with it: the default, the other one of this project, the original sample's."""
_MIN_SAMPLES = 3


@dataclass(slots=True)
class Versions:
    """A set's pictures in one resize mode: flattened embeddings of the originals (0) and of each size, row by row."""

    vectors: dict[int, list[NDArray[np.float32]]] = field(default_factory=dict[int, list[NDArray[np.float32]]])

    def pooled(self, pooling: Pooling) -> dict[int, Vectors]:
        return {size: pooled(np.stack(rows), pooling) for size, rows in self.vectors.items()}


@dataclass(slots=True)
class Tally:
    """What was found at one size."""

    same: int = 0
    """As the original."""
    as_default: int = 0
    """As at the service's own size."""
    asked: int = 0
    moved: list[float] = field(default_factory=list[float])

    def share(self) -> float:
        return self.same / max(1, self.asked)

    def default_share(self) -> float:
        return self.as_default / max(1, self.asked)

    def add(self, other: Tally) -> None:
        self.same += other.same
        self.as_default += other.as_default
        self.asked += other.asked
        self.moved += other.moved


@dataclass(slots=True)
class Cost:
    """What pictures weigh and take at one size."""

    characters: list[int] = field(default_factory=list[int])
    seconds: list[float] = field(default_factory=list[float])


type Found = dict[str, dict[Way, dict[int, Tally]]]
"""By set, way and size."""


def measure(quick: bool) -> Section:
    found: Found = {}
    costs: dict[str, dict[int, Cost]] = {}
    embedder = _embedder("antialias")
    for name, pictures in drawn_set() if quick else labelled_sets():
        costs[name] = {size: Cost() for size in (0, *SIZES)}
        labels, versions = embed(pictures, embedder, costs[name])
        found[name] = {
            way: compare(versions[way[0]].pooled(way[1]), labels, rounds=2 if quick else 12) for way in _WAYS
        }
        print(name, "asked", flush=True)
    return section(found, costs)


def section(found: Found, costs: dict[str, dict[int, Cost]]) -> Section:
    total = {(way, size): Tally() for way in _WAYS for size in SIZES}
    for ways in found.values():
        for way, sizes in ways.items():
            for size, tally in sizes.items():
                total[way, size].add(tally)
    rows = [
        Row(
            f"{', '.join(way)}: {what}",
            "at least",
            LEAST_SAME,
            share(total[way, arrived]),
            "of the pictures asked about",
            f"{total[way, arrived].asked:,} asked; "
            + ", ".join(f"{share(total[way, size]):.4f} at {size}" for size in SIZES)
            + _missed(found, way, share, arrived),
        )
        for way in _WAYS
        for what, share, arrived in (
            (f"same label at {CHOSEN} pixels as the original's", Tally.share, CHOSEN),
            (f"scaling alone, {CHOSEN} pixels against {DEFAULT}", Tally.default_share, CHOSEN),
            (f"encoding alone, {DEFAULT} pixels, which few exceed, against the original", Tally.share, DEFAULT),
        )
    ]
    lines = [
        (
            name,
            ", ".join(way),
            str(sizes[CHOSEN].asked),
            *(f"{sizes[size].share():.4f}, {sizes[size].default_share():.4f}" for size in SIZES),
        )
        for name, ways in found.items()
        for way, sizes in ways.items()
    ]
    head = ("set", "resize, pooling", "asked", *map(str, SIZES))
    tables = [
        Table(f"Same label as the original's, and as at {DEFAULT} pixels, set by set", head, lines),
        _moved(total),
        _costs(costs),
    ]
    return Section("sizes", machine(), today(), rows, tables)


def _missed(found: Found, way: Way, share: Callable[[Tally], float], arrived: int) -> str:
    sets = [name for name, ways in found.items() if share(ways[way][arrived]) < LEAST_SAME]
    return f"; missed by {', '.join(sets)}" if sets else ""


def embed(
    pictures: Labelled, embedder: Embedder, cost: dict[int, Cost]
) -> tuple[NDArray[np.str_], dict[Resize, Versions]]:
    """The pictures' labels and, by resize mode, their embeddings; `cost` is added to."""
    labels: list[str] = []
    versions: dict[Resize, Versions] = {"antialias": Versions(), "point": Versions()}
    for label, original in pictures:
        labels.append(label)
        sent = {0: original} | {size: as_sent(original, size) for size in SIZES}
        distinct = list(dict.fromkeys(sent.values()))  # small pictures are the same at every size
        for resize, made in versions.items():
            spec = embedder.spec.model_copy(update={"resize": resize})
            ready: list[Picture] = []
            taken: list[float] = []
            for data in distinct:
                started = time.perf_counter()
                ready.append(decode(spec, data))
                taken.append(time.perf_counter() - started)
            vectors = embedder.embed(ready)
            for size, data in sent.items():
                made.vectors.setdefault(size, []).append(vectors[distinct.index(data)])
                if resize == "antialias":
                    cost[size].characters.append(len(base64.b64encode(data)))
                    cost[size].seconds.append(taken[distinct.index(data)])
    return np.array(labels), versions


def compare(versions: dict[int, Vectors], labels: NDArray[np.str_], rounds: int) -> dict[int, Tally]:
    """Models of originals, asked about pictures that they were not trained on, in all versions of each."""
    found = {size: Tally() for size in versions if size}
    for one in islice(episodes(labels, rounds, seed=0), rounds):
        originals = versions[0]
        try:
            clusters = find_groups(originals[one.trained], Parameters(min_samples=_MIN_SAMPLES)).clusters
        except NoGroupsError:
            continue
        asked = np.concatenate([one.asked, one.strangers])
        core = CoreSamples(originals[one.trained][clusters.core], clusters.labels[clusters.core], "cosine")
        groups, distances = _ask(core, clusters, originals[asked])
        default, _ = _ask(core, clusters, versions[DEFAULT][asked])
        for size, tally in found.items():
            there, away = _ask(core, clusters, versions[size][asked])
            tally.asked += len(asked)
            tally.same += int((there == groups).sum())
            tally.as_default += int((there == default).sum())
            tally.moved += np.abs(away - distances).tolist()
    return found


def _ask(core: CoreSamples, clusters: Clusters, vectors: Vectors) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    nearest = core.nearest(vectors)
    return nearest.within(clusters.radius[nearest.clusters]), nearest.distances


def _embedder(resize: Resize) -> Embedder:
    spec = EmbedderSpec(weights_sha256=WEIGHTS_SHA256, graph_sha256=GRAPH_SHA256, pooling="flatten", resize=resize)
    return open_embedder(spec, export_graph(MODELS, print))


def _moved(tallies: dict[tuple[Way, int], Tally]) -> Table:
    rows: list[Sequence[str]] = []
    for way in _WAYS:
        cells: list[str] = []
        for size in SIZES:
            moved = np.array(tallies[way, size].moved or [0.0])
            cells.append(f"{moved.mean():.5f}, {np.percentile(moved, 99):.4f}, {moved.max():.4f}")
        rows.append((f"{way[0]}, {way[1]}", *cells))
    return Table(
        "How far the answered distance moves: mean, 99 of 100, most", ("resize, pooling", *map(str, SIZES)), rows
    )


def _costs(costs: dict[str, dict[int, Cost]]) -> Table:
    rows: list[Sequence[str]] = [
        (
            name,
            *(
                f"{fmean(one.characters) / 1000:,.0f} kB, {fmean(one.seconds) * 1000:.1f} ms"
                for one in (cost[size] for size in (0, *SIZES))
            ),
        )
        for name, cost in costs.items()
    ]
    return Table(
        "A picture in base64, and the time to decode and resize it (antialias): means",
        ("set", "original", *map(str, SIZES)),
        rows,
    )
