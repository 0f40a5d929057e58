import io
import zipfile

import numpy as np
import pytest

from shared.model.npz import read_npz


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **arrays)
    return buffer.getvalue()


def archive(content: bytes, compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        file.writestr("a.npy", content)
    return buffer.getvalue()


def npy(array: np.ndarray, shape: str = "", version: tuple[int, int] = (1, 0)) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version)
    # The header is padded to a multiple of 64 bytes, so that another shape of the same length leaves it whole.
    old = str(array.shape)
    return buffer.getvalue().replace(old.encode(), shape.ljust(len(old)).encode()) if shape else buffer.getvalue()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float32", "int32", ">f8", "uint8"])
def test_arrays_come_back_as_they_were(dtype: str, order: str) -> None:
    for shape in ((), (0,), (5,), (2, 3), (0, 512)):
        array = np.asarray(np.arange(np.prod(shape)).reshape(shape), dtype=dtype, order="F" if order == "F" else "C")
        found = read_npz(npz(a=array, b=array), ["a"])
        assert list(found) == ["a"]
        assert found["a"].dtype == array.dtype
        np.testing.assert_array_equal(found["a"], array)
        assert found["a"].flags.writeable


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not a zip file"),
        (npz(a=np.ones(3))[:-30], "not a zip file"),
        (npz(b=np.ones(3)), "no item named 'a.npy'"),
        (archive(npy(np.ones(3)), zipfile.ZIP_DEFLATED), "a.npy is packed"),
        (archive(npy(np.ones(3)).replace(b"\x93NUMPY\1", b"\x93NUMPY\2")), "not in version 1.0"),
        (archive(npy(np.ones(3))[:-1]), "does not have the bytes"),
        (archive(npy(np.ones(3)) + b"\0"), "does not have the bytes"),
        (archive(npy(np.ones(1000), "(99999,)")), "does not have the bytes"),
        (archive(npy(np.ones(1000), "(-1000,)")), "does not have the bytes"),
        (archive(npy(np.array([None]))), "holds object, not numbers"),
        (archive(npy(np.array(["text"]))), "holds <U4, not numbers"),
        (archive(npy(np.ones(3)).replace(b"descr", b"other")), "Header"),
        (archive(b"\x93NUMPY"), "EOF"),
    ],
)
def test_what_is_not_an_array_is_refused(content: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_npz(content, ["a"])


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = archive(npy(np.zeros(50_000_000, np.uint8)), zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    with pytest.raises(ValueError, match="packed"):
        read_npz(bomb, ["a"])


def test_a_claim_of_terabytes_takes_no_memory() -> None:
    claim = npy(np.ones((100, 100, 10, 10)), "(9999999999999,)")
    with pytest.raises(ValueError, match="does not have the bytes of an array of shape"):
        read_npz(archive(claim), ["a"])
