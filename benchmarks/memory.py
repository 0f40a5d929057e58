"""Peaks of memory: of a host that serves, and of training on few and on many large pictures."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

import httpx
from PIL import Image

from benchmarks.measuring import alone, machine, memory, today
from benchmarks.results import Row, Section
from benchmarks.serving import FLOAT32, PICTURES, ROOT, ask, our_host, request

_EVERY = 10
"""One request in so many has a batch of 8, the others have one picture."""

_LARGE = (4000, 3000)


def measure(quick: bool) -> Section:
    return Section("memory", machine(), today(), [*_serving(40 if quick else 2_000), *_training(quick)])


def _serving(requests: int) -> list[Row]:
    files = [path.read_bytes() for path in PICTURES]
    ones, eights = [request([one]) for one in files], request(files[:8])
    after: list[float] = []
    with our_host(FLOAT32) as host, httpx.Client(timeout=120) as client:
        pid = host.worker
        for number, body in enumerate(islice(cycle(ones), requests)):
            ask(client, host, body if number % _EVERY else eights)
            if (number + 1) % (requests // 10) == 0:
                after.append(memory(pid, peak=False))
        peak = memory(pid)
    growth = (after[-1] - after[0]) / after[0]
    return [
        Row(
            "peak memory serving batches of 8",
            "at most",
            350,
            peak,
            "MB",
            f"{peak:.0f} MB, the worker process, over {requests:,} requests, one in {_EVERY} of 8 records",
        ),
        Row(
            "growth of memory while serving",
            "at most",
            5,
            100 * growth,
            "%",
            f"{after[0]:.0f} MB after a tenth of {requests:,} requests, {after[-1]:.0f} MB at the end",
        ),
    ]


def _training(quick: bool) -> list[Row]:
    few, many = (8, 16) if quick else (500, 4_000)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        pictures = _large_pictures(folder / "many" / "pictures", many)
        (folder / "few" / "pictures").mkdir(parents=True)
        for picture in pictures[:few]:
            (folder / "few" / "pictures" / picture.name).hardlink_to(picture)
        peaks = [alone(_train, _checkout(folder / name), folder / name / "pictures") for name in ("few", "many")]
    how = (
        f"{peaks[0]:.0f} MB on {few:,} and {peaks[1]:.0f} MB on {many:,} JPEG pictures of 12 megapixels, report and all"
    )
    return [
        Row("peak memory of training on many large pictures", "at most", 900, max(peaks), "MB", how),
        Row(f"the same on {many:,} as on {few:,}", "at most", 1.10, peaks[1] / peaks[0], "x", how),
    ]


def _large_pictures(folder: Path, count: int) -> list[Path]:
    """So many files, no two alike to the byte: the sample pictures at 12 megapixels, and bytes that decoders skip."""
    folder.mkdir(parents=True)
    base = sorted((ROOT / "data" / "train").glob("*.jpg"))

    def enlarge(path: Path) -> bytes:
        with tempfile.SpooledTemporaryFile() as file:
            Image.open(path).resize(_LARGE, Image.Resampling.BICUBIC).save(file, "JPEG", quality=85)
            file.seek(0)
            return file.read()

    with ThreadPoolExecutor(2) as threads:
        contents = list(threads.map(enlarge, base))
    paths = [folder / f"{number:05}.jpg" for number in range(count)]
    for number, (path, content) in enumerate(zip(paths, cycle(contents), strict=False)):
        path.write_bytes(content + number.to_bytes(4))
    return paths


def _checkout(folder: Path) -> Path:
    """This project in another place, so that its caches and models are nobody else's."""
    (folder / "models").mkdir(parents=True)
    for name in ("shared", "training", "models/embedders"):
        (folder / name).symlink_to(ROOT / name, target_is_directory=True)
    return folder


def _train(checkout: Path, pictures: Path) -> float:
    """Train in a process of its own; its peak of memory in MB."""
    command = [sys.executable, "-m", "training", "train", str(pictures), "--name", "large", "--eps", "0.3"]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak / 1024
