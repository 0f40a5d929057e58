"""Finding groups in many embeddings against scikit-learn's DBSCAN, and new embeddings against many core samples.

Every measurement has a process of its own, so that its peak of memory is its own: imports, embeddings and all. It takes
some ten minutes and 12 GB.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import alone, in_turn, machine, memory, ratio, seconds, spread, today
from benchmarks.results import Curve, Row, Section, Table
from shared.embedding.embedder import Vectors
from shared.model.core_samples import NOISE, CoreSamples

_PACKAGES = ("numpy", "scikit-learn", "scipy", "joblib")
_DIMENSIONS = 512
_GROUPS = 300
_NOISE = 0.2
"""Share of the points that are of no group."""
_EPS = 0.25
_MIN_SAMPLES = 5
_NEW = 32
"""Embeddings in a request."""
_ASSIGNING = f"Assigning {_NEW} to core samples"


@dataclass(frozen=True, slots=True)
class Cost:
    seconds: float
    processor: float
    """Seconds of all cores together: what other work on the machine hardly changes."""
    peak: float
    """Of the process, in GB."""


@dataclass(frozen=True, slots=True)
class Found:
    cost: Cost
    sizes: list[int]
    """Pictures in each group."""
    index: float
    """Adjusted Rand index of those that were drawn from a group."""


def embeddings(count: int, *, half_in_one: bool) -> Vectors:
    """Groups of all sizes on the unit sphere, tight in the middle and loose at the edge, and points between them."""
    return drawn(count, half_in_one=half_in_one)[0]


def drawn(count: int, *, half_in_one: bool) -> tuple[Vectors, NDArray[np.int32]]:
    """Embeddings, and the group that each one was drawn from, or NOISE."""
    chance = np.random.default_rng(count)
    centres = _directions(chance, _GROUPS)
    shares = chance.dirichlet(np.ones(_GROUPS))
    if half_in_one:
        shares = np.concatenate([[0.5 / (1 - _NOISE)], shares[1:] / shares[1:].sum() * (1 - 0.5 / (1 - _NOISE))])
    vectors = np.empty((count, _DIMENSIONS), dtype=np.float32)
    groups = np.full(count, NOISE, dtype=np.int32)
    for start in range(0, count, 5_000):
        part = vectors[start : start + 5_000]
        group = chance.choice(_GROUPS, len(part), p=shares)
        # Two points of spread 0.58 are _EPS apart, so that groups fray into border points and noise.
        spread = chance.triangular(0.2, 0.4, 0.9, (len(part), 1)).astype(np.float32)
        part[:] = _directions(chance, len(part))
        grouped = chance.random(len(part)) >= _NOISE
        part[grouped] = centres[group[grouped]] + spread[grouped] * part[grouped]
        part /= np.linalg.norm(part, axis=1, keepdims=True)
        groups[start : start + 5_000][grouped] = group[grouped]
    return vectors, groups


def _directions(chance: np.random.Generator, count: int) -> Vectors:
    vectors = chance.standard_normal((count, _DIMENSIONS), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def ours(count: int, half_in_one: bool) -> Found:
    """From embeddings to groups, as training finds them by default: neighbours, the choice of parameters, radii."""
    from sklearn.metrics import adjusted_rand_score

    from training.clustering.clusters import Parameters, find_groups

    vectors, truth = drawn(count, half_in_one=half_in_one)
    found, cost = _measured(lambda: find_groups(vectors, Parameters(min_samples=_MIN_SAMPLES)))
    labels, grouped = found.clusters.labels, truth != NOISE
    index = float(adjusted_rand_score(truth[grouped], labels[grouped]))
    return Found(cost, found.clusters.sizes(), index)


def scikit_learns(count: int, half_in_one: bool) -> Cost:
    """DBSCAN alone, with an eps that is given."""
    from sklearn.cluster import DBSCAN

    vectors = embeddings(count, half_in_one=half_in_one)
    return _measured(lambda: DBSCAN(eps=_EPS, min_samples=_MIN_SAMPLES, metric="cosine").fit(vectors))[1]


def nearest(count: int, repeats: int) -> tuple[list[float], list[float]]:
    """Seconds to find a request's nearest core samples, and seconds of one matrix product of that size, in turns."""
    vectors, new = embeddings(count, half_in_one=False), embeddings(_NEW, half_in_one=False)
    core = CoreSamples(vectors, np.zeros(count, dtype=np.int32), "cosine")
    found, product = in_turn(repeats, lambda: core.nearest(new), lambda: new @ vectors.T)
    return found, product


def plain_loop(count: int) -> float:
    """Seconds of the plain recipe's loop over core samples for a request, of which it takes one picture at a time."""
    from scipy.spatial import distance

    vectors, new = embeddings(count, half_in_one=False), embeddings(1, half_in_one=False)[0]
    return _NEW * seconds(lambda: [distance.cosine(new, core) for core in vectors])


def _measured[T](work: Callable[[], T]) -> tuple[T, Cost]:
    start, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, Cost(time.perf_counter() - start, time.process_time() - processor, memory() / 1024)


def measure(quick: bool) -> Section:
    compared, faster = _compare((5_500,) if quick else (12_500, 25_000, 50_000), repeats=1 if quick else 3)
    counts = (5_500, 6_000) if quick else (12_500, 25_000, 50_000, 100_000)
    grown, growth, clustering = _grow(counts)
    assigned, assignment = _assign((1_000, 5_500) if quick else (1_000, 10_000, 100_000), 3 if quick else 31)
    curves = [*clustering, faster, *assignment]
    return Section("clustering", machine(_PACKAGES), today(), [*compared, *grown, assigned], [growth], curves)


def _compare(counts: Sequence[int], repeats: int) -> tuple[list[Row], Curve]:
    """Ours and scikit-learn's in turns. Only the largest is held against a target, and repeated."""
    curve: list[float] = []
    pairs: list[tuple[Cost, Cost]] = []
    for count in counts:
        rounds = repeats if count == counts[-1] else 1
        pairs = [(alone(scikit_learns, count, False), alone(ours, count, False).cost) for _ in range(rounds)]
        curve.append(median(theirs.seconds for theirs, _ in pairs))
    theirs, mine = ([pair[one] for pair in pairs] for one in (0, 1))
    of_mine, of_theirs = ([one.processor for one in some] for some in (mine, theirs))
    share = ratio(of_mine, of_theirs)
    name = f"Groups of {counts[-1]:,} x {_DIMENSIONS}, parameters chosen"
    times = f"{spread(of_mine, 's')} of all cores together, scikit-learn {spread(of_theirs, 's')}"
    peak, its = (max(one.peak for one in some) for some in (mine, theirs))
    return [
        Row(name, "at most", 0.8, share, "x scikit-learn's DBSCAN alone", f"{times}, rounds in turn: {repeats}"),
        Row(f"{name}: memory", "at most", 1, peak, "GB", f"scikit-learn {its:.2f} GB"),
    ], Curve("Clustering", "DBSCAN, scikit-learn", counts, curve)


def _grow(counts: Sequence[int]) -> tuple[list[Row], Table, list[Curve]]:
    """How time and memory go with the number of points, in groups of all sizes and with half of all in one."""
    rows: list[Row] = []
    lines: list[list[str]] = []
    curves: list[Curve] = []
    for half_in_one in (False, True):
        found = [alone(ours, count, half_in_one) for count in counts]
        costs = [one.cost for one in found]
        shape = "half in one group" if half_in_one else "in groups"
        power = math.log(costs[-1].processor / costs[0].processor) / math.log(counts[-1] / counts[0])
        name = f"Groups of {counts[-1]:,} x {_DIMENSIONS}, {shape}"
        how = f"{costs[-1].processor:.0f} s of all cores together, {costs[0].processor:.1f} s for {counts[0]:,}"
        rows.append(Row(f"{name}: memory", "at most", 6, costs[-1].peak, "GB", f"in {costs[-1].seconds:.0f} s"))
        rows.append(Row(f"{name}: growth of time", "at most", 2, power, "is the power of n", how))
        for count, one in zip(counts, found, strict=True):
            figures = (f"{one.cost.seconds:.1f}", f"{one.cost.processor:.1f}", f"{one.cost.peak:.2f}")
            lines.append([f"{count:,}", shape, *figures, str(len(one.sizes)), f"{max(one.sizes) / count:.0%}"])
        curves.append(Curve("Clustering", f"groups, {shape}", counts, [one.seconds for one in costs]))
    head = ["points", "shape", "seconds", "seconds of all cores", "GB", "groups", "pictures of the largest"]
    return rows, Table("Finding groups as the number of points grows", head, lines), curves


def _assign(counts: Sequence[int], repeats: int) -> tuple[Row, list[Curve]]:
    found = [alone(nearest, count, repeats) for count in counts]
    times, products = found[-1]
    row = Row(
        f"{_NEW} new embeddings against {counts[-1]:,} core samples",
        "at most",
        3,
        ratio(times, products),
        "x one matrix product",
        f"{spread(times)}, the product {spread(products)}, {repeats} times in turn",
    )
    medians = [median(one) for one, _ in found]
    loops = [alone(plain_loop, count) for count in counts]
    return row, [
        Curve(_ASSIGNING, "this project", counts, medians),
        Curve(_ASSIGNING, "plain recipe", counts, loops),
    ]
