"""How small may pictures arrive? Labels of the original against those of the picture scaled down and encoded again.

The search service scales pictures down before it sends them, and encodes them as JPEG. Each picture of a labelled
set, and of large photographs cut into pieces, is embedded as it is and as it would arrive at each size; models trained
on originals say what both are. "antialias" is how models of this project resize, "point" how those of the original
sample do (shared/embedding/images.py). Encoding alone changes some labels, at any size; what a size costs is seen
against 2000 pixels, which is what the service sends unless it is told otherwise.
"""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from benchmarks.groups.embedding import MODELS, pooled
from benchmarks.groups.evaluate import episodes
from benchmarks.groups.packages import UnavailableError, debian_package
from benchmarks.groups.sets import PHOTOGRAPHS, prepare
from benchmarks.measuring import machine, today
from benchmarks.results import Row, Section, Table
from local.search.cracking import crack
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

_WAYS: Sequence[tuple[Resize, Pooling]] = (("antialias", "rmac"), ("antialias", "avg"), ("point", "flatten"))
"""Resize, and the pooling that goes with it: the default, the other one of this project, the original sample's."""
_OF_A_KIND = 8
_PIECES = 8
_MIN_SAMPLES = 3

type Labelled = Iterator[tuple[str, bytes]]


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


def measure(quick: bool) -> Section:
    tallies = {(way, size): Tally() for way in _WAYS for size in SIZES}
    costs: dict[str, dict[int, Cost]] = {}
    lines: list[Sequence[str]] = []
    embedder = _embedder("antialias")
    for name, pictures in _quick() if quick else _sets():
        cost = {size: Cost() for size in (0, *SIZES)}
        labels, versions = embed(pictures, embedder, cost)
        costs[name] = cost
        for resize, pooling in _WAYS:
            found = compare(versions[resize].pooled(pooling), labels, rounds=2 if quick else 12)
            for size, tally in found.items():
                tallies[(resize, pooling), size].add(tally)
            shares = (f"{found[size].share():.4f}, {found[size].default_share():.4f}" for size in SIZES)
            lines.append((name, f"{resize}, {pooling}", str(len(labels)), *shares))
            print(" | ".join(lines[-1]), flush=True)
    rows = [
        Row(
            f"{resize}, {pooling}: same label at {CHOSEN} pixels as {than}",
            "at least",
            LEAST_SAME,
            share(tallies[(resize, pooling), CHOSEN]),
            "of the pictures asked about",
            f"{tallies[(resize, pooling), CHOSEN].asked:,} asked; "
            + ", ".join(f"{share(tallies[(resize, pooling), size]):.4f} at {size}" for size in SIZES),
        )
        for resize, pooling in _WAYS
        for than, share in (
            ("the original's", Tally.share),
            (f"at {DEFAULT}", Tally.default_share),
        )
    ]
    head = ("set", "resize, pooling", "pictures", *map(str, SIZES))
    tables = [
        Table(f"Same label as the original's, and as at {DEFAULT} pixels, set by set", head, lines),
        _moved(tallies),
        _costs(costs),
    ]
    return Section("sizes", machine(), today(), rows, tables)


def embed(
    pictures: Labelled, embedder: Embedder, cost: dict[int, Cost]
) -> tuple[NDArray[np.str_], dict[Resize, Versions]]:
    """The pictures' labels and, by resize mode, their embeddings; `cost` is added to."""
    labels: list[str] = []
    versions: dict[Resize, Versions] = {"antialias": Versions(), "point": Versions()}
    for label, original in pictures:
        labels.append(label)
        as_sent = {0: original} | {size: _as_sent(original, size) for size in SIZES}
        distinct = list(dict.fromkeys(as_sent.values()))  # small pictures are the same at every size
        for resize, made in versions.items():
            spec = embedder.spec.model_copy(update={"resize": resize})
            ready: list[Picture] = []
            taken: list[float] = []
            for data in distinct:
                started = time.perf_counter()
                ready.append(decode(spec, data))
                taken.append(time.perf_counter() - started)
            vectors = embedder.embed(ready)
            for size, data in as_sent.items():
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


def _as_sent(original: bytes, size: int) -> bytes:
    (image,) = crack("picture.jpg", "image/jpeg", original, (size, size)).normalized_images
    return base64.b64decode(image["data"])


def _embedder(resize: Resize) -> Embedder:
    spec = EmbedderSpec(weights_sha256=WEIGHTS_SHA256, graph_sha256=GRAPH_SHA256, pooling="flatten", resize=resize)
    return open_embedder(spec, export_graph(MODELS, print))


def _sets() -> Iterator[tuple[str, Labelled]]:
    """Pictures larger than what is asked for: the other sets have next to none. Of each kind the largest."""
    try:
        yield "large photographs", _pieces(_PIECES)
    except UnavailableError as error:
        print(f"large photographs left out: {error}")
    try:
        folder = prepare(PHOTOGRAPHS)
    except UnavailableError as error:
        print(f"{PHOTOGRAPHS.name} left out: {error} ({PHOTOGRAPHS.source})")
        return
    kinds = sorted(path for path in folder.iterdir() if path.is_dir())
    chosen = (path for kind in kinds for path in sorted(kind.iterdir(), key=_area, reverse=True)[:_OF_A_KIND])
    yield PHOTOGRAPHS.name, ((path.parent.name, path.read_bytes()) for path in chosen)


def _area(path: Path) -> tuple[int, str]:
    with Image.open(path) as picture:
        return picture.width * picture.height, path.name


def _pieces(count: int) -> Labelled:
    """Pieces of every third large photograph at its full size, in other light, labelled by the photograph."""
    folders = (("mate-backgrounds", "mate/nature"), ("lomiri-wallpapers-16.04", ""))
    paths = [
        path
        for package, folder in folders
        for path in sorted((debian_package(package) / "usr/share/backgrounds" / folder).glob("*.jpg"))
        if not path.name.startswith(("analogpattern", "umang"))  # drawn ones
    ][::3]
    return _cut(((path.stem, Image.open(path).convert("RGB")) for path in paths), count)


def _cut(photographs: Iterator[tuple[str, Image.Image]], count: int) -> Labelled:
    chance = np.random.default_rng(1)
    for name, photograph in photographs:
        for _ in range(count):
            side = min(photograph.size) * chance.uniform(0.6, 0.95)
            left, top = (chance.uniform(0, length - side) for length in photograph.size)
            piece = photograph.crop((int(left), int(top), int(left + side), int(top + side)))
            piece = ImageEnhance.Brightness(piece).enhance(chance.uniform(0.6, 1.4))
            piece.save(buffer := io.BytesIO(), "JPEG", quality=95)
            yield name, buffer.getvalue()


def _quick() -> Iterator[tuple[str, Labelled]]:
    chance = np.random.default_rng(0)

    def drawn() -> Iterator[tuple[str, Image.Image]]:
        for number in range(3):
            pixels = chance.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            yield f"photograph-{number}", Image.fromarray(pixels).resize((900, 900))

    yield "drawn", _cut(drawn(), 10)


def _moved(tallies: dict[tuple[tuple[Resize, Pooling], int], Tally]) -> Table:
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
