"""int8 against float32: do pictures get into the same groups, are the groups as good, and how much faster is it?

Of each labelled set, int8 is calibrated as training does it, on pictures that are never asked about. In each round the
pictures of some kinds are drawn, models are trained on 7 in 10 of them, and asked about the others. Groups of two
models are the same if they grew, for the most part, from the same training pictures.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from benchmarks.groups.embedding import MODELS, embed_labelled, pooled
from benchmarks.groups.evaluate import best_index, episodes
from benchmarks.groups.packages import CACHE, UnavailableError
from benchmarks.groups.sets import SETS, prepare
from benchmarks.measuring import in_turn, machine, ratio, spread, today
from benchmarks.results import Row, Section, Table
from shared.embedding.embedder import BATCH, EmbedderSpec, Vectors, open_embedder
from shared.model.core_samples import NOISE, CoreSamples
from shared.pictures.folder import find_pictures
from shared.stores.graphs import graph_path
from training.clustering.choice import NoGroupsError
from training.clustering.clusters import Clusters, Parameters, find_groups
from training.embedding.cache import EmbeddingCache
from training.embedding.embeddings import embed_pictures
from training.model.calibration import PICTURES, calibrate, calibration_order
from training.model.options import Options
from training.network.weights import export_graph

_FLOAT32 = Options("float32").spec()
_MIN_SAMPLES = 3
_SAMPLES = Path(__file__).parents[1] / "data" / "train"

type Labels = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Pair:
    """The same pictures' embeddings in both precisions, (n, 512) each."""

    float32: Vectors
    int8: Vectors
    labels: Labels
    calibrated: NDArray[np.bool_]
    """Which pictures int8 was calibrated on."""

    def cosines(self) -> NDArray[np.float64]:
        a, b = self.float32.astype(np.float64), self.int8.astype(np.float64)
        return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Held-out pictures that float32 puts into a group, and how many of them are put into the same one."""

    asked: int
    assigned: int
    """By int8, among the groups that float32 found: all that differs is how pictures are embedded."""
    trained: int
    """By a model trained in int8, with an eps of its own."""
    control: int
    """By a model trained in float32 without the last of the training pictures: how firm the groups are by nature."""


def measure(quick: bool) -> Section:
    rounds, repeats = (2, 1) if quick else (12, 15)
    cells: list[Sequence[str]] = []
    agreements: list[Agreement] = []
    indexes: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        spec = _FLOAT32
        for name, pictures in _sample_pictures(Path(folder)) if quick else _sets():
            pair, spec = embed(pictures, Path(folder))
            agreed, better = compare(pair, rounds)
            agreements += agreed
            indexes += better
            cells.append(_cells(name, pair, agreed, better))
        times = _times(spec, Path(folder), repeats)
    return Section(
        "precision", machine(), today(), [*_targets(agreements, indexes, rounds)], [Table(_TITLE, _HEAD, cells), times]
    )


def embed(pictures: Path, folder: Path) -> tuple[Pair, EmbedderSpec]:
    """Both precisions' embeddings, and int8's spec; its graph is written into `folder`."""
    sources = find_pictures(pictures)
    int8 = calibrate(export_graph(MODELS, print), folder, _FLOAT32, sources)
    spec = Options("int8", precision="int8", graph_sha256=int8.stem).spec()
    with closing(EmbeddingCache(spec, CACHE / "embeddings.sqlite")) as cache:
        embedded = embed_pictures(sources, open_embedder(spec, int8), cache)
    flat, labels = embed_labelled(pictures)
    sample = {source.name for source in islice(calibration_order(sources), PICTURES)}
    calibrated = np.array([name in sample for name in embedded.names])
    return Pair(pooled(flat, spec.pooling), embedded.vectors, labels, calibrated), spec


def compare(pair: Pair, rounds: int) -> tuple[list[Agreement], list[tuple[float, float]]]:
    """Of each round, how held-out pictures fared, and the best adjusted Rand indexes, float32's and int8's."""
    chance = np.random.default_rng(0)
    agreements: list[Agreement] = []
    indexes: list[tuple[float, float]] = []
    for drawn in islice(episodes(pair.labels, rounds, seed=0), rounds):
        rows = chance.permutation(drawn.trained)
        held_out = (np.arange(len(rows)) >= len(rows) * 7 // 10) & ~pair.calibrated[rows]
        agreements.append(_agreement(pair, rows[~held_out], rows[held_out]))
        best = [
            best_index(vectors[rows], pair.labels[rows].tolist(), _MIN_SAMPLES) for vectors in (pair.float32, pair.int8)
        ]
        indexes.append((best[0], best[1]))
    return agreements, indexes


def _agreement(pair: Pair, trained: NDArray[np.intp], asked: NDArray[np.intp]) -> Agreement:
    try:
        float32 = _train(pair.float32[trained])
        int8, fewer = _train(pair.int8[trained]), _train(pair.float32[trained[:-1]])
    except NoGroupsError:
        return Agreement(0, 0, 0, 0)
    given = _assign(float32, pair.float32, trained, asked)
    same = [
        _mapped(_assign(model, vectors, trained[: len(model.labels)], asked), _counterparts(model, float32)) == given
        for model, vectors in ((float32, pair.int8), (int8, pair.int8), (fewer, pair.float32))
    ]
    grouped = given != NOISE
    return Agreement(int(grouped.sum()), *(int((one & grouped).sum()) for one in same))


def _train(vectors: Vectors) -> Clusters:
    return find_groups(vectors, Parameters(min_samples=_MIN_SAMPLES)).clusters


def _assign(
    clusters: Clusters, vectors: Vectors, trained: NDArray[np.intp], asked: NDArray[np.intp]
) -> NDArray[np.int32]:
    """The groups that the pictures asked about get."""
    core = CoreSamples(vectors[trained][clusters.core], clusters.labels[clusters.core], "cosine")
    nearest = core.nearest(vectors[asked])
    return nearest.within(clusters.radius[nearest.clusters])


def _mapped(groups: NDArray[np.int32], counterparts: dict[int, int]) -> NDArray[np.int32]:
    return np.array([counterparts.get(group, NOISE) for group in groups.tolist()], dtype=np.int32)


def _counterparts(clusters: Clusters, of: Clusters) -> dict[int, int]:
    """Each of `clusters`' groups to that of `of` that most of its pictures are in."""
    found: dict[int, int] = {}
    for one in range(clusters.count):
        there = of.labels[: len(clusters.labels)][clusters.labels == one]
        if members := Counter(there[there != NOISE].tolist()).most_common(1):
            found[one] = members[0][0]
    return found


def _targets(agreements: Sequence[Agreement], indexes: Sequence[tuple[float, float]], rounds: int) -> Iterator[Row]:
    asked = sum(one.asked for one in agreements)
    assigned, trained, control = _shares(agreements)
    float32, int8 = map(fmean, zip(*indexes, strict=True))
    yield Row(
        "int8: same group as float32's, held-out pictures",
        "at least",
        0.99,
        assigned,
        "of those that have one",
        f"{asked:,} pictures asked about, {rounds} models of each set; {trained:.4f} if trained in int8, and "
        f"{control:.4f} if trained in float32 without one of the pictures",
    )
    yield Row(
        "int8: best adjusted Rand index",
        "at least",
        0.97,
        int8 / float32,
        "x float32's",
        f"{int8:.3f} and {float32:.3f}, the mean over the same subsets",
    )


def _shares(agreements: Sequence[Agreement]) -> tuple[float, float, float]:
    asked = max(1, sum(one.asked for one in agreements))
    return (
        sum(one.assigned for one in agreements) / asked,
        sum(one.trained for one in agreements) / asked,
        sum(one.control for one in agreements) / asked,
    )


_TITLE = "int8 against float32, set by set"
_HEAD = (
    "set",
    "pictures",
    "cosine, mean",
    "least",
    "same group",
    "trained in int8",
    "control",
    "best index, float32",
    "int8",
)


def _cells(
    name: str, pair: Pair, agreements: Sequence[Agreement], indexes: Sequence[tuple[float, float]]
) -> tuple[str, ...]:
    cosines = pair.cosines()
    float32, int8 = map(fmean, zip(*indexes, strict=True))
    return (
        name,
        str(len(cosines)),
        f"{cosines.mean():.5f}",
        f"{cosines.min():.4f}",
        *(f"{share:.4f}" for share in _shares(agreements)),
        f"{float32:.3f}",
        f"{int8:.3f}",
    )


def _times(spec: EmbedderSpec, folder: Path, repeats: int) -> Table:
    """One picture and batches, in both precisions, in turns."""
    picture = np.random.default_rng(0).integers(0, 256, (spec.input, spec.input, 3), dtype=np.uint8)
    embedders = [
        open_embedder(one, graph_path(root, one.graph_sha256)) for one, root in ((_FLOAT32, MODELS), (spec, folder))
    ]
    rows: list[Sequence[str]] = []
    for count, what in ((1, "one by one"), (BATCH, f"in batches of {BATCH}")):
        float32, int8 = in_turn(repeats, *(partial(one.embed, [picture] * count) for one in embedders))
        each = [[seconds / count for seconds in taken] for taken in (float32, int8)]
        rows.append((what, spread(each[0]), spread(each[1]), f"{ratio(int8, float32):.2f}"))
    return Table(f"One picture's embedding, {repeats} rounds in turn", ("", "float32", "int8", "ratio"), rows)


def _sets() -> Iterator[tuple[str, Path]]:
    for one in SETS:
        try:
            yield one.name, prepare(one)
        except UnavailableError as error:
            print(f"{one.name} left out: {error} ({one.source})")


def _sample_pictures(folder: Path) -> Iterator[tuple[str, Path]]:
    """The sample pictures as a labelled set."""
    for path in sorted(_SAMPLES.glob("*_book*.jpg")) + sorted(_SAMPLES.glob("book_*.jpg")):
        there = folder / "samples" / path.stem[:-3] / path.name
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(path.read_bytes())
    yield "samples", folder / "samples"
