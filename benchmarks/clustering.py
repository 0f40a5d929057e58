"""`python -m benchmarks.clustering`: DBSCAN of many embeddings, against scikit-learn's in the same run.

Every measurement has a process of its own, so that its peak of memory is its own: imports, embeddings and all. It takes
some ten minutes and 8 GB; `--quick` proves in seconds that it runs.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from shared.clusters import NOISE, CoreSamples
from shared.embedder import Vectors

_DIMENSIONS = 512
_GROUPS = 300
_NOISE = 0.2
"""Share of the points that are of no group."""
_EPS = 0.25
_MIN_SAMPLES = 5
_NEW = 32
"""Embeddings in a request."""


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
    clusters: NDArray[np.int32]
    """Of core samples; NOISE for all others."""
    noise: NDArray[np.bool_]


def embeddings(count: int, *, half_in_one: bool) -> Vectors:
    """Groups of all sizes on the unit sphere, tight in the middle and loose at the edge, and points between them."""
    chance = np.random.default_rng(count)
    centres = _directions(chance, _GROUPS)
    shares = chance.dirichlet(np.ones(_GROUPS))
    if half_in_one:
        shares = np.concatenate([[0.5 / (1 - _NOISE)], shares[1:] / shares[1:].sum() * (1 - 0.5 / (1 - _NOISE))])
    vectors = np.empty((count, _DIMENSIONS), dtype=np.float32)
    for start in range(0, count, 5_000):
        part = vectors[start : start + 5_000]
        group = chance.choice(_GROUPS, len(part), p=shares)
        # Two points of spread 0.58 are _EPS apart, so that groups fray into border points and noise.
        spread = chance.triangular(0.2, 0.4, 0.9, (len(part), 1)).astype(np.float32)
        part[:] = _directions(chance, len(part))
        grouped = chance.random(len(part)) >= _NOISE
        part[grouped] = centres[group[grouped]] + spread[grouped] * part[grouped]
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return vectors


def _directions(chance: np.random.Generator, count: int) -> Vectors:
    vectors = chance.standard_normal((count, _DIMENSIONS), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def ours(count: int, half_in_one: bool) -> Found:
    """All of training's clustering, border points and distances included."""
    from training.clustering import find_clusters

    vectors = embeddings(count, half_in_one=half_in_one)
    found, cost = _measured(lambda: find_clusters(vectors, eps=_EPS, min_samples=_MIN_SAMPLES, metric="cosine"))
    return Found(cost, np.where(found.core, found.labels, NOISE).astype(np.int32), found.labels == NOISE)


def scikit_learns(count: int, half_in_one: bool) -> Found:
    from sklearn.cluster import DBSCAN

    vectors = embeddings(count, half_in_one=half_in_one)
    found, cost = _measured(lambda: DBSCAN(eps=_EPS, min_samples=_MIN_SAMPLES, metric="cosine").fit(vectors))
    clusters = np.full(count, NOISE, dtype=np.int32)
    clusters[found.core_sample_indices_] = found.labels_[found.core_sample_indices_]
    return Found(cost, clusters, found.labels_ == NOISE)


def request(count: int, repeats: int) -> tuple[float, float]:
    """Seconds of a request's nearest core samples, and of one matrix product of that size."""
    vectors, new = embeddings(count, half_in_one=False), embeddings(_NEW, half_in_one=False)
    core = CoreSamples(vectors, np.zeros(count, dtype=np.int32), "cosine")
    nearest, product = [], []
    for _ in range(repeats):
        nearest.append(_seconds(lambda: core.nearest(new)))
        product.append(_seconds(lambda: new @ vectors.T))
    return median(nearest), median(product)


def _measured[T](work: Callable[[], T]) -> tuple[T, Cost]:
    start, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, Cost(time.perf_counter() - start, time.process_time() - processor, _peak())


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _peak() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 30) if sys.platform == "darwin" else peak / (1 << 20)


def alone[**P, R](work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run it in a process that does nothing else, before or after."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        return processes.submit(work, *args, **kwargs).result()


def _compare(count: int, half_in_one: bool, repeats: int) -> str:
    """Ours and scikit-learn's in turns, as a row of the table."""
    pairs = [(alone(scikit_learns, count, half_in_one), alone(ours, count, half_in_one)) for _ in range(repeats)]
    theirs, mine = ([pair[one].cost for pair in pairs] for one in (0, 1))
    faster = median(a.seconds / b.seconds for a, b in zip(theirs, mine, strict=True))
    a, b = _middle(theirs), _middle(mine)
    return (
        f"| {count:,} {_shape(half_in_one)} | {a.seconds:.1f} s ({a.processor:.1f}), {a.peak:.2f} GB "
        f"| {b.seconds:.1f} s ({b.processor:.1f}), {b.peak:.2f} GB "
        f"| {faster:.1f} x | {b.peak / a.peak:.2f} | {_differences(*pairs[0])} |"
    )


def _differences(a: Found, b: Found) -> str:
    different = np.count_nonzero((a.clusters != b.clusters) | (a.noise != b.noise))
    return (
        f"the same: {a.clusters.max() + 1} groups, {a.noise.mean():.0%} noise" if not different else f"{different} not"
    )


def _grow(counts: Sequence[int], half_in_one: bool, repeats: int) -> None:
    before: Cost | None = None
    for count in counts:
        found = [alone(ours, count, half_in_one) for _ in range(repeats)]
        cost = _middle([one.cost for one in found])
        power = f"{math.log2(cost.processor / before.processor):.2f}" if before else ""
        sizes = np.bincount(found[0].clusters[found[0].clusters != NOISE])
        print(
            f"| {count:,} {_shape(half_in_one)} | {cost.seconds:.1f} s | {cost.processor:.1f} s | {power} "
            f"| {cost.peak:.2f} GB | {len(sizes)} | {sizes.max() / count:.0%} |",
            flush=True,
        )
        before = cost


def _middle(costs: Sequence[Cost]) -> Cost:
    """The median times and the highest peak."""
    return Cost(
        median(cost.seconds for cost in costs),
        median(cost.processor for cost in costs),
        max(cost.peak for cost in costs),
    )


def _shape(half_in_one: bool) -> str:
    return "half in one group" if half_in_one else "in groups"


def _machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    versions = ", ".join(f"{package} {version(package)}" for package in ("numpy", "scikit-learn", "scipy", "joblib"))
    name = " ".join(names) or platform.machine()
    return f"{name}, {os.process_cpu_count()} cores; Python {platform.python_version()}, {versions}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clustering", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few points, once, to prove that it runs")
    parser.add_argument("--repeats", type=int, default=3, help="medians of so many (default 3)")
    options = parser.parse_args()
    repeats = 1 if options.quick else options.repeats
    print(f"{_machine()}\n\nCosine, {_DIMENSIONS} dimensions, eps {_EPS}, min_samples {_MIN_SAMPLES}.")
    print("In brackets, the seconds of all cores together.\n")
    _print_head("points", "scikit-learn", "ours", "faster", "share of its memory", "core samples' clusters and noise")
    for count, half_in_one in ((5_500, True),) if options.quick else ((50_000, False), (20_000, True)):
        print(_compare(count, half_in_one, repeats), flush=True)
    print()
    _print_head("points", "time", "processors", "power of n", "memory", "groups", "largest")
    for half_in_one in (False,) if options.quick else (False, True):
        _grow((5_500,) if options.quick else (12_500, 25_000, 50_000, 100_000), half_in_one, repeats)
    count = 5_500 if options.quick else 100_000
    nearest, product = alone(request, count, 3 if options.quick else 31)
    print(
        f"\n{_NEW} new embeddings against {count:,} core samples: {nearest * 1e3:.1f} ms, "
        f"{nearest / product:.2f} times one matrix product of that size ({product * 1e3:.1f} ms)."
    )


def _print_head(*names: str) -> None:
    print(f"| {' | '.join(names)} |\n|{'---|' * len(names)}")


if __name__ == "__main__":
    main()
