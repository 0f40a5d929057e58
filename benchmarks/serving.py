"""What a request costs: latency over HTTP, throughput of a batch, the first label of a new process, stage by stage.

Every figure is against the plain recipe (plain_app) behind the same local host, or against the network alone, in turns.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import batched
from pathlib import Path
from statistics import median

import httpx
import numpy as np

from benchmarks.measuring import in_turn, machine, ratio, seconds, spread, today
from benchmarks.results import HERE, Row, Section, Table
from local.processes import RunningHost, start_host
from shared.embedding.backends import Backend, open_backend
from shared.embedding.graph import read_tensors
from shared.model.bundle import CLUSTERS, read_bundle, read_manifest
from shared.model.model import open_model
from shared.serving.contract import decode_base64, parse_request, render_response
from shared.serving.skill import answer_records
from shared.stores.graphs import graph_path
from training.network.float32_graph import graph_bytes
from training.network.weights import CACHE as WEIGHTS

ROOT = HERE.parent
PICTURES = sorted((ROOT / "data" / "test").glob("*.jpg"))
FLOAT32 = ROOT / "models" / "books"
_BATCH = 32


def measure(quick: bool) -> Section:
    rounds = 3 if quick else 60
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        int8 = train_int8(Path(folder))
        plain, ours, small = (stack.enter_context(host) for host in (plain_host(), our_host(FLOAT32), our_host(int8)))
        one = _latency(plain, ours, small, rounds)
        batch = _throughput(ours, bare_graphs(Path(folder)), rounds=2 if quick else 12)
        stack.close()
        cold = _cold_start(rounds=1 if quick else 7)
    return Section("serving", machine(), today(), [*one, *batch, cold], [_stages(rounds)])


def bare_graphs(folder: Path) -> dict[str, Backend]:
    """The network alone, by name: as Keras's layers would be exported, and as this project writes it.

    `folder` is where the first one's file may be put.
    """
    spec = read_manifest(FLOAT32).embedder
    served = graph_path(FLOAT32.parent, spec.graph_sha256)
    exported = folder / "exported.onnx"
    exported.write_bytes(graph_bytes(read_tensors(served), winograd=()))
    return {
        name: open_backend("float32", spec.weights_sha256, path, "onnxruntime")
        for name, path in (("the bare graph", exported), ("the graph as served", served))
    }


def train_int8(folder: Path) -> Path:
    """The sample pictures' model once more, as int8."""
    models = folder / "models"
    command = [sys.executable, "-m", "training", "train", str(ROOT / "data" / "train"), "--name", "int8"]
    subprocess.run([*command, "--precision", "int8", "--out", str(models)], cwd=ROOT, check=True, capture_output=True)
    return models / "int8"


def our_host(model: Path) -> RunningHost:
    return start_host(ROOT, env={"MODEL_STORE": str(model.parent), "MODEL_NAME": model.name})


@contextmanager
def plain_host() -> Generator[RunningHost]:
    """The plain recipe, from a folder in which nothing of this project can be imported."""
    with tempfile.TemporaryDirectory() as folder:
        app = shutil.copytree(HERE / "plain_app", Path(folder) / "app")
        with start_host(app, env={"PLAIN_WEIGHTS": str(WEIGHTS), "PLAIN_CLUSTERS": str(FLOAT32 / CLUSTERS)}) as host:
            yield host


def request(pictures: Sequence[bytes]) -> bytes:
    """What AI Search would send for these pictures."""
    values = [
        {"recordId": str(number), "data": {"images": {"data": base64.b64encode(picture).decode()}}}
        for number, picture in enumerate(pictures)
    ]
    return json.dumps({"values": values}).encode()


def ask(client: httpx.Client, host: RunningHost, body: bytes) -> None:
    """Send it, and make sure that every record was answered without an error."""
    answer = client.post(f"{host.url}/api/extraction", content=body).raise_for_status().json()
    if any(value["errors"] for value in answer["values"]):
        raise RuntimeError(f"{host.url} answered with errors: {answer['values'][0]}")


def _latency(plain: RunningHost, ours: RunningHost, int8: RunningHost, rounds: int) -> list[Row]:
    bodies = [request([path.read_bytes()]) for path in PICTURES]
    with httpx.Client(timeout=120) as client:
        turn = iter(range(10**9))

        def asking(host: RunningHost) -> Callable[[], None]:
            return lambda: ask(client, host, bodies[next(turn) // 3 % len(bodies)])

        asked = [asking(host) for host in (plain, ours, int8)]
        in_turn(2, *asked)
        recipe, float32, small = in_turn(rounds, *asked)
    base = f"the plain recipe {spread(recipe)}, {rounds} requests each in turn"
    return [
        Row(
            "one picture over HTTP, warm, float32",
            "at most",
            0.45,
            ratio(float32, recipe),
            "x plain recipe",
            f"{spread(float32)}, {base}",
        ),
        Row(
            "one picture over HTTP, warm, int8",
            "at most",
            0.20,
            ratio(small, recipe),
            "x plain recipe",
            f"{spread(small)}, {base}",
        ),
    ]


def _throughput(ours: RunningHost, graphs: Mapping[str, Backend], rounds: int) -> list[Row]:
    """A request of many records against graphs on pictures that are decoded and preprocessed already."""
    side = read_manifest(FLOAT32).embedder.input
    batch = np.random.default_rng(0).normal(0, 60, (_BATCH, 3, side, side)).astype(np.float32)
    body = request([path.read_bytes() for path in (PICTURES * _BATCH)[:_BATCH]])
    sizes = (4, 8, 32)

    def bare(graph: Backend, size: int) -> Callable[[], None]:
        def run() -> None:
            for start in range(0, _BATCH, size):
                graph(batch[start : start + size])

        return run

    works = [bare(graph, size) for graph in graphs.values() for size in sizes]
    with httpx.Client(timeout=120) as client:
        ask(client, ours, body)
        answered, *taken = in_turn(rounds, lambda: ask(client, ours, body), *works)
    rows: list[Row] = []
    for name, by_size in zip(graphs, batched(taken, len(sizes), strict=True), strict=True):
        best = min(range(len(sizes)), key=lambda one: median(by_size[one]))
        rows.append(
            Row(
                f"{_BATCH} records in one request, against {name}",
                "at least",
                0.90,
                ratio(by_size[best], answered),
                "x its throughput",
                f"{spread(answered, 's')} a request, {name} {spread(by_size[best], 's')} in batches of {sizes[best]}, "
                f"the best of {', '.join(map(str, sizes))}; {rounds} rounds in turn",
            )
        )
    return rows


def _cold_start(rounds: int) -> Row:
    body = request([PICTURES[0].read_bytes()])

    def first_label(start: Callable[[], AbstractContextManager[RunningHost]]) -> Callable[[], None]:
        def run() -> None:
            with start() as host, httpx.Client(timeout=120) as client:
                ask(client, host, body)

        return run

    recipe, ours = in_turn(rounds, first_label(plain_host), first_label(lambda: our_host(FLOAT32)))
    return Row(
        "process start to first label, graph on disk",
        "at most",
        0.20,
        ratio(ours, recipe),
        "x plain recipe",
        f"{spread(ours, 's')}, the plain recipe {spread(recipe, 's')}, host and all, {rounds} starts each in turn",
    )


def _stages(rounds: int) -> Table:
    """Where the time of a request of one record goes, for a small picture and for one as AI Search sends at most."""
    from PIL import Image

    spec = read_bundle(FLOAT32).manifest.embedder
    model = open_model(read_bundle(FLOAT32), graph_path(FLOAT32.parent, spec.graph_sha256))
    small = PICTURES[0].read_bytes()
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        Image.open(PICTURES[0]).resize((2000, 1500), Image.Resampling.BICUBIC).save(file.name, quality=85)
        large = Path(file.name).read_bytes()
    columns: list[list[str]] = []
    names: list[str] = []
    for content in (small, large):
        body = request([content])
        (record,) = parse_request(body, max_records=1)
        text = str(record.images[0])
        picture = model.embedder.picture(content)
        vectors = model.embedder.embed([picture])
        answers = answer_records(model, [record])
        stages: dict[str, Callable[[], object]] = {
            "JSON to records": lambda body=body: parse_request(body, max_records=1),
            "base64 to bytes": lambda text=text: decode_base64(text),
            "decode and resize": lambda content=content: model.embedder.picture(content),
            "embed": lambda picture=picture: model.embedder.embed([picture]),
            "nearest core sample": lambda vectors=vectors: model.assign(vectors),
            "answers to JSON": lambda answers=answers: render_response(answers),
        }
        names = list(stages)
        columns.append([f"{median(seconds(work) for _ in range(rounds)) * 1e3:.2f}" for work in stages.values()])
    rows = list(zip(names, *columns, strict=True))
    head = ("stage", f"{len(small) / 1e3:.0f} kB picture, ms", f"2000 x 1500, {len(large) / 1e3:.0f} kB, ms")
    return Table("Where the time of one record goes", head, rows)
