"""training.original.safe_pickle, with what it reads through: pickled_objects and unpack."""

from __future__ import annotations

import ast
import contextlib
import zlib
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.cluster import DBSCAN

from tests.training.original.hostile_pickles import TRICKS, Plain, Trick, dumped, text
from training.original import safe_pickle
from training.original.pickled_objects import LABELS, MODEL, Instance, Kind
from training.original.safe_pickle import read_pickle
from training.original.unpack import RefusedError, read_unpacked

ROOT = Path(__file__).parents[3]
NAMES = {0: ["book cover", "Buchdeckel, geschlossen"], 1: ["livre « ouvert »"], -7: [], 70_000: ["本"]}


def read(folder: Path, content: bytes, kind: Kind = MODEL) -> object:
    path = folder / "MODEL.pkl"
    path.write_bytes(content)
    return read_pickle(path, kind)


def refusal(folder: Path, content: bytes, kind: Kind = MODEL) -> str:
    with pytest.raises(RefusedError, match="MODEL") as caught:
        read(folder, content, kind)
    return str(caught.value)


@pytest.mark.parametrize("kind", [MODEL, LABELS], ids=["model", "labels"])
@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.name)
def test_refuses_hostile_pickles_by_name_and_runs_nothing(trick: Trick, kind: Kind, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    message = refusal(tmp_path, trick.pickle(canary), kind)
    assert not canary.exists()
    assert message.endswith(f"which {kind.description} does not need: not loaded")
    if kind is MODEL:
        assert trick.named in message


def test_the_hostile_pickles_are_hostile(tmp_path: Path) -> None:
    harmless: list[str] = []
    for number, trick in enumerate(TRICKS):
        path, canary = tmp_path / f"{number}.pkl", tmp_path / f"{number}.canary"
        path.write_bytes(trick.pickle(canary))
        with contextlib.suppress(Exception):
            joblib.load(path)
        if not canary.exists():
            harmless.append(trick.name)
    assert harmless == []


@pytest.mark.parametrize(
    ("content", "instruction"),
    [
        (b"Pwho knows\n.", "PERSID"),
        (b"\x80\x02K\x01Q.", "BINPERSID"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"\x80\x04cnumpy\ndtype\n)}\x92.", "NEWOBJ_EX"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
        (b"\x80\x04\x8f.", "EMPTY_SET"),
        (b"(inumpy\ndtype\n.", "INST"),
        (b"(cnumpy\ndtype\no.", "OBJ"),
    ],
)
def test_refuses_other_instructions_by_name(content: bytes, instruction: str, tmp_path: Path) -> None:
    assert f"uses the pickle instruction {instruction}" in refusal(tmp_path, content)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("compress", [0, 3], ids=["plain", "compressed"])
def test_reads_names_of_every_protocol(protocol: int, compress: int, tmp_path: Path) -> None:
    assert read(tmp_path, dumped(NAMES, protocol=protocol, compress=compress), LABELS) == NAMES


def test_reads_plain_data_of_every_protocol(tmp_path: Path) -> None:
    shared = ["the same list twice"]
    value = [
        None,
        True,
        False,
        2**70,
        -1,
        0.1,
        "",
        "x" * 70_000,
        (),
        (1,),
        (1, 2),
        (1, 2, 3),
        (1, 2, 3, 4),
        {},
        [shared] * 2,
    ]
    for protocol in range(6):
        assert read(tmp_path, dumped(value, protocol=protocol)) == value


def test_reads_numpy_integers_as_keys(tmp_path: Path) -> None:
    numbers = {np.int64(3): "three", np.int32(-1): "none", np.uint8(200): "many"}
    assert read(tmp_path, dumped(numbers), LABELS) == {3: "three", -1: "none", 200: "many"}


@pytest.mark.parametrize("method", ["zlib", "gzip", "bz2", "xz", "lzma"])
def test_reads_what_joblib_compresses(method: str, tmp_path: Path) -> None:
    array = np.arange(6.0)
    found = read(tmp_path, dumped([array, "after it"], compress=(method, 3)))
    assert isinstance(found, list)
    np.testing.assert_array_equal(found[0], array)
    assert found[1] == "after it"


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2", "<i8", ">i4", "u1", "bool"])
@pytest.mark.parametrize("wrap", [np.asanyarray, Plain], ids=["joblib", "numpy"])
def test_reads_numeric_arrays(dtype: str, wrap: Callable[[np.ndarray], object], tmp_path: Path) -> None:
    for array in (np.arange(6).astype(dtype), np.arange(6).reshape(2, 3).astype(dtype), np.empty((0, 3), dtype)):
        for ordered in (array, np.asfortranarray(array)):
            found = read(tmp_path, dumped([wrap(ordered), wrap(ordered)]))
            assert isinstance(found, list)
            for copy in found:
                assert copy.dtype == ordered.dtype
                np.testing.assert_array_equal(copy, ordered)


def test_reads_a_model_as_attributes(tmp_path: Path) -> None:
    fitted = DBSCAN(eps=np.float64(0.3), min_samples=1).fit(np.eye(3, dtype=np.float32))
    found = read(tmp_path, dumped(fitted))
    assert isinstance(found, Instance)
    assert found.class_name == "sklearn.cluster._dbscan.DBSCAN"
    assert found.attributes["eps"] == 0.3
    np.testing.assert_array_equal(found.attributes["components_"], np.eye(3))


def test_refuses_subclasses_of_arrays(tmp_path: Path) -> None:
    with pytest.warns(PendingDeprecationWarning):
        content = dumped(np.matrix([[1.0]]))
    assert "asks for numpy.matrix" in refusal(tmp_path, content)


def test_refuses_joblibs_oldest_wrapper(tmp_path: Path) -> None:
    content = b"\x80\x02cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81}X\x08\x00\x00\x00filenameX\x05\x00\x00\x00x.npysb."
    assert "asks for joblib.numpy_pickle.NDArrayWrapper" in refusal(tmp_path, content)


def test_label_files_need_no_models(tmp_path: Path) -> None:
    assert "asks for sklearn.cluster._dbscan.DBSCAN" in refusal(tmp_path, dumped(DBSCAN()), LABELS)


def test_a_name_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    message = refusal(tmp_path, b"\x80\x04" + text("\x1b[2Jos") + text("x" * 200) + b"\x93.")
    assert r"asks for '\x1b[2Jos.xxx" in message
    assert "\x1b" not in message
    assert len(message) < 300


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "the end at position 0"),
        (b"\xff\xd8\xff\xe0", "byte 0xff at position 0"),
        (b"\x80\x04K\x01", "the end at position 4"),
        (b"\x80\x04.", "nothing to work on"),
        (b"\x80\x04t.", "no mark"),
        (b"\x80\x04h\x05.", "never remembered"),
        (b"\x80\x04NNa.", "not a list"),
        (b"\x80\x04NNNs.", "not a dict"),
        (b"\x80\x04}(Nu.", "not a dict"),
        (b"\x80\x04})Ns.", "key of type tuple"),
        (b"\x80\x04NN\x93.", "not a name"),
        (b"\x80\x04N)R.", "something is called"),
        (b"\x80\x04cnumpy\ndtype\nNR.", "something is called"),
        (b"\x80\x04cnumpy\ndtype\n)\x81.", "an object is made"),
        (b"\x80\x04NNb.", "state does not fit"),
        (b"I" + b"9" * 5000 + b"\n.", "digits"),
        (b"X\xff\xff\xff\x7fabc.", "2147483647 bytes"),
        (b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}b.", "lacks a shape"),
    ],
)
def test_refuses_incomplete_pickles(content: bytes, complaint: str, tmp_path: Path) -> None:
    message = refusal(tmp_path, content)
    assert "is not a pickle that can be read" in message
    assert complaint in message


@pytest.mark.parametrize(
    "shape", [b"J\xff\xff\xff\xff\x85", b"K\x01K\x01K\x01\x87", b"\x8a\x09" + b"\xff" * 8 + b"\x00\x85", b"N\x85"]
)
def test_refuses_impossible_arrays(shape: bytes, tmp_path: Path) -> None:
    dtype = b"cnumpy\ndtype\n\x8c\x02f8\x89\x88\x87R(K\x03\x8c\x01<NNNK\x00K\x00K\x00tb"
    pending = b"cnumpy._core.multiarray\n_reconstruct\n)R"
    content = b"\x80\x04" + pending + b"(K\x01" + shape + dtype + b"\x89C\x08" + bytes(8) + b"tb."
    assert "impossible shape" in refusal(tmp_path, content)


def test_refuses_an_array_cut_short(tmp_path: Path) -> None:
    content = dumped(np.arange(100.0))
    assert "ends within an array: copy it again" in refusal(tmp_path, content[:-200])


def test_bounds_the_number_of_instructions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_pickle, "_MAX_INSTRUCTIONS", 1000)
    assert read(tmp_path, b"]" * 999 + b".") == []
    assert "more than 1,000 instructions" in refusal(tmp_path, b"]" * 1000 + b".")


def test_an_object_in_itself_ends(tmp_path: Path) -> None:
    endless: list[object] = []
    endless.append(endless)
    found = read(tmp_path, dumped(endless))
    assert isinstance(found, list)
    assert found[0] is found


def test_bounds_files_packed_and_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "MODEL.pkl"
    path.write_bytes(bytes(1001))
    with pytest.raises(RefusedError, match="larger than 1,000 bytes"):
        read_unpacked(path, 1000)
    path.write_bytes(zlib.compress(bytes(1001)))
    with pytest.raises(RefusedError, match="unpacks to more than 1,000 bytes"):
        read_unpacked(path, 1000)
    assert read_unpacked(path, 1001) == bytes(1001)


def test_names_damaged_and_unreadable_compression(tmp_path: Path) -> None:
    packed = dumped(list(range(1000)), compress=3)
    assert "ends too early" in refusal(tmp_path, packed[:-50])
    assert "damaged compressed file" in refusal(tmp_path, packed[:50] + b"\0" * 50 + packed[100:])
    assert "packed with lz4" in refusal(tmp_path, b"\x04\x22\x4d\x18" + bytes(20))
    assert "joblib before 0.10" in refusal(tmp_path, b"ZF0x10               " + bytes(20))


def test_nothing_in_the_project_unpickles() -> None:
    """No module that reads pickles is imported, and numpy is nowhere allowed to.

    Of joblib only what runs tasks and says where: their pickles travel between one's own processes, never from files.
    So do those of the local host and the worker that it starts, which proves itself by a token first.
    """
    between_processes = ROOT / "local/functions_host/channel.py"
    readers = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
    for folder in ("ClusterSkill", "shared", "training", "local", "infra", "data"):
        for path in set((ROOT / folder).rglob("*.py")) - {between_processes}:
            for node in ast.walk(ast.parse(path.read_text())):
                imported = {alias.name.split(".")[0] for alias in node.names} if isinstance(node, ast.Import) else set()
                if isinstance(node, ast.ImportFrom) and node.module:
                    names = {alias.name for alias in node.names}
                    running = node.module == "joblib" and names <= {"Parallel", "delayed", "parallel_config"}
                    imported = set() if running else {node.module.split(".")[0]}
                assert not imported & readers, f"{path} imports {imported & readers}"
                allows = (
                    isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False"
                )
                assert not allows, f"{path} lets numpy unpickle"
