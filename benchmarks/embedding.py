"""Pictures on disk to embeddings: does decoding keep up with the network, and what does each picture cost?"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from itertools import batched, cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measuring import in_turn, machine, ratio, spread, today
from benchmarks.results import Curve, Row, Section
from benchmarks.serving import FLOAT32, ROOT, bare_graphs
from shared.embedding.backends import Backend
from shared.embedding.embedder import BATCH, Embedder, open_embedder
from shared.model.bundle import read_manifest
from shared.pictures.folder import find_pictures
from shared.pictures.source import Source
from shared.stores.graphs import graph_path
from training.embedding.embeddings import embed_sources
from training.network.weights import CACHE as WEIGHTS

_SIZES = {"2 megapixels": (1600, 1200), "12 megapixels": (4000, 3000)}


def measure(quick: bool) -> Section:
    rounds, count = (1, 8) if quick else (7, 64)
    manifest = read_manifest(FLOAT32)
    embedder = open_embedder(manifest.embedder, graph_path(FLOAT32.parent, manifest.embedder.graph_sha256))
    side = manifest.embedder.input
    batch = np.random.default_rng(0).normal(0, 60, (BATCH, 3, side, side)).astype(np.float32)

    def bare(graph: Backend) -> Callable[[], None]:
        def run() -> None:
            for some in batched(range(count), BATCH, strict=False):
                graph(batch[: len(some)])

        return run

    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        graphs = bare_graphs(Path(folder))
        for name, size in _SIZES.items():
            pictures = _pictures(Path(folder) / name, size, count)
            all_of_it, *alone = in_turn(rounds, _embedding(embedder, pictures), *map(bare, graphs.values()))
            rows += [
                Row(
                    f"embedding pictures of {name} from disk, both cores, against {graph}",
                    "at least",
                    0.90,
                    ratio(taken, all_of_it),
                    "x its throughput",
                    f"{count} pictures in {spread(all_of_it, 's')}, {graph} in {spread(taken, 's')}, "
                    f"{rounds} rounds in turn",
                )
                for graph, taken in zip(graphs, alone, strict=True)
            ]
        curves = _curves(embedder, Path(folder) / next(iter(_SIZES)), (1, 2) if quick else (8, 16, 32, 64, 128))
    return Section("embedding", machine(), today(), rows, curves=curves)


def _embedding(embedder: Embedder, folder: Path) -> Callable[[], None]:
    sources = find_pictures(folder)

    def run() -> None:
        for _, outcome in embed_sources(sources, embedder, None):
            if isinstance(outcome, Exception):
                raise outcome

    return run


def _pictures(folder: Path, size: tuple[int, int], count: int) -> Path:
    folder.mkdir()
    base = sorted((ROOT / "data" / "train").glob("*.jpg"))
    for number, path in enumerate(islice(cycle(base), count)):
        Image.open(path).resize(size, Image.Resampling.BICUBIC).save(folder / f"{number:03}.jpg", quality=85)
    return folder


def _curves(embedder: Embedder, pictures: Path, counts: Sequence[int]) -> list[Curve]:
    """Seconds for so many pictures, by this project and by Keras's `predict`, in turns."""
    os.environ["PLAIN_WEIGHTS"] = str(WEIGHTS)
    from benchmarks.plain_app import plain_skill

    sources = find_pictures(pictures)
    plain_skill.embed(sources[0].content())
    taken: list[tuple[float, float]] = []
    for count in counts:
        some = list(islice(cycle(sources), count))
        (ours,), (plain,) = in_turn(
            1, lambda some=some: list(embed_sources(some, embedder, None)), lambda some=some: _plainly(some)
        )
        taken.append((ours, plain))
    return [
        Curve("Embedding", "this project", counts, [one for one, _ in taken]),
        Curve("Embedding", "plain recipe", counts, [one for _, one in taken]),
    ]


def _plainly(sources: Sequence[Source]) -> None:
    from benchmarks.plain_app import plain_skill

    for source in sources:
        plain_skill.embed(source.content())
