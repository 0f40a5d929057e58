import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from pydantic import ValidationError

from shared.embedding.backends import Backend, open_backend
from shared.embedding.embedder import BATCH, Embedder, EmbedderSpec, Pooling, open_embedder
from shared.embedding.graph import read_tensors
from shared.embedding.images import Picture, fit
from shared.embedding.vgg16 import WEIGHTS_SHA256, digest
from tests.conftest import PROJECT, noise_picture

SAMPLES = sorted((PROJECT / "data").glob("t*/*.jpg"))


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    return [fit(noise_picture(seed), 240, "antialias") for seed in range(BATCH + 2)]


def cosine_distance(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    return float(1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_single_equals_batch_equals_parallel(embedder: Embedder, pictures: list[Picture]) -> None:
    batch = embedder.embed(pictures)
    single = np.concatenate([embedder.embed([picture]) for picture in pictures])
    with ThreadPoolExecutor(3) as threads:
        parallel = np.concatenate(list(threads.map(embedder.embed, [[picture] for picture in pictures])))
    assert np.array_equal(batch, single)
    assert np.array_equal(batch, parallel)


@pytest.fixture(scope="module", params=["avg", "rmac"])
def canonical(request: pytest.FixtureRequest) -> tuple[Pooling, bytes, np.ndarray]:
    """A picture and its embedding, pinned: what a vector means must never change."""
    fixtures = PROJECT / "tests" / "fixtures"
    pinned = json.loads((fixtures / f"canonical_embedding_{request.param}.json").read_text())
    content = (fixtures / "canonical_picture.jpg").read_bytes()
    return request.param, content, np.asarray(pinned, dtype=np.float32)


def test_the_canonical_embedding(
    spec: EmbedderSpec, network: Backend, canonical: tuple[Pooling, bytes, np.ndarray]
) -> None:
    pooling, content, expected = canonical
    embedder = Embedder(spec.model_copy(update={"pooling": pooling}), network)
    picture = embedder.picture(content)
    single, batch = embedder.embed([picture])[0], embedder.embed([picture] * (BATCH + 1))
    with ThreadPoolExecutor(2) as threads:
        parallel = np.concatenate(list(threads.map(embedder.embed, [[picture]] * 2)))
    tolerance = 1e-4 * float(np.linalg.norm(expected))
    for vector in (single, *batch, *parallel):
        assert vector == pytest.approx(expected, abs=tolerance)


def test_a_closed_embedder_gives_its_memory_back(spec: EmbedderSpec, graph: Path, pictures: list[Picture]) -> None:
    code = f"""
import re, numpy
from pathlib import Path
from shared.embedding.backends import Backend, open_backend
from shared.embedding.embedder import EmbedderSpec, open_embedder
def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
spec = EmbedderSpec.model_validate_json({spec.model_dump_json()!r})
before = resident()
embedder = open_embedder(spec, Path({str(graph)!r}))
embedder.embed(numpy.zeros((4, 240, 240, 3), numpy.uint8))
held = resident()
embedder.close()
print(held - before, held - resident())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT)
    held, given_back = map(float, done.stdout.split())
    assert given_back > 0.7 * held

    embedder = open_embedder(spec, graph)
    embedder.close()
    with pytest.raises(RuntimeError, match="closed"):
        embedder.embed(pictures[:1])


def test_no_pictures_are_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, 512)


def test_pooling_reduces_the_same_feature_map(spec: EmbedderSpec, graph: Path, pictures: list[Picture]) -> None:
    vectors = {
        pooling: open_embedder(spec.model_copy(update={"pooling": pooling}), graph).embed(pictures[:1])[0]
        for pooling in get_args(Pooling)
    }
    features = vectors["flatten"].reshape(7, 7, 512)  # Keras's order: rows, columns, channels
    assert vectors["avg"] == pytest.approx(features.mean(axis=(0, 1)), rel=1e-5)
    assert np.array_equal(vectors["max"], features.max(axis=(0, 1)))


@pytest.mark.parametrize(("pooling", "expected"), [("avg", 512), ("max", 512), ("flatten", 25_088)])
def test_dimensions(spec: EmbedderSpec, pooling: str, expected: int) -> None:
    assert spec.model_copy(update={"pooling": pooling}).dimensions == expected


def test_the_spec_refuses_what_it_does_not_know(spec: EmbedderSpec) -> None:
    with pytest.raises(ValidationError):
        EmbedderSpec.model_validate(spec.model_dump() | {"network": "resnet"})
    with pytest.raises(ValidationError):
        EmbedderSpec.model_validate(spec.model_dump() | {"colour": "sepia"})


def test_the_graph_holds_the_verified_weights(graph: Path) -> None:
    assert digest(read_tensors(graph)) == WEIGHTS_SHA256


def test_tensorflow_is_not_imported_unless_asked_for() -> None:
    code = "import sys, shared.serving.skill; print([m for m in sys.modules if 'tensorflow' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def tensorflow(graph: Path) -> Backend:
    return open_backend("float32", WEIGHTS_SHA256, graph, "tensorflow")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # TensorFlow's own imports
def test_the_backends_agree_on_every_sample_picture(embedder: Embedder, tensorflow: Backend) -> None:
    assert len(SAMPLES) >= 48
    samples = [embedder.picture(path.read_bytes()) for path in SAMPLES]
    distances = [
        cosine_distance(*pair)
        for pair in zip(embedder.embed(samples), Embedder(embedder.spec, tensorflow).embed(samples), strict=True)
    ]
    assert max(distances) < 1e-5


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_canonical_embedding_by_tensorflow(
    spec: EmbedderSpec, tensorflow: Backend, canonical: tuple[Pooling, bytes, np.ndarray]
) -> None:
    test_the_canonical_embedding(spec, tensorflow, canonical)
