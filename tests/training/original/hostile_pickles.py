"""Pickles that create a file when they are unpickled: the known ways to make a pickle run code.

test_safe_pickle.py proves that each works (with joblib.load, in a process of its own) and that our reader refuses it,
by name and without running it.
"""

from __future__ import annotations

import functools
import io
import operator
import subprocess
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.testing._private import utils as numpy_testing
from sklearn.cluster import DBSCAN


@dataclass(frozen=True, slots=True)
class Trick:
    """One way to run code."""

    name: str
    named: str
    """What the refusal must name."""
    pickle: Callable[[Path], bytes]
    """Takes the file that the code shall create; returns the pickle. May put files it needs beside that one."""


class Calls:
    """Pickles as a call of something, which unpickling then performs."""

    def __init__(self, function: object, *arguments: object) -> None:
        self._call = function, arguments

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self._call

    def __call__(self) -> None:
        """Pickle wants a callable where it writes a call."""


class Plain:
    """Pickles an array as numpy does, where joblib would store it its own way."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __reduce__(self) -> str | tuple[object, ...]:
        return self._array.__reduce__()


def dumped(value: object, *, protocol: int = 4, compress: int | tuple[str, int] = 0) -> bytes:
    """What joblib.dump writes."""
    buffer = io.BytesIO()
    options: dict[str, Any] = {"protocol": protocol, "compress": compress}
    joblib.dump(value, buffer, **options)
    return buffer.getvalue()


def shell(canary: Path) -> str:
    return f"touch {canary}"


def source(canary: Path) -> str:
    return f"open({str(canary)!r}, 'w').close()"


def command(canary: Path) -> Calls:
    return Calls(subprocess.getoutput, shell(canary))


def text(content: str) -> bytes:
    """A string as an instruction of protocol 4."""
    return b"\x8c" + bytes([len(content)]) + content.encode()


def inner_pickle(canary: Path) -> bytes:
    inner = b"cos\nsystem\n(V" + shell(canary).encode() + b"\ntR."
    return b"\x80\x04c_pickle\nloads\n(C" + bytes([len(inner)]) + inner + b"tR."


def numpy_file(canary: Path) -> bytes:
    path = canary.with_suffix(".npy")
    np.save(path, objects(canary), allow_pickle=True)
    return dumped(Calls(np.load, str(path), None, True))


def joblib_file(canary: Path) -> bytes:
    path = canary.with_suffix(".inner")
    path.write_bytes(dumped(command(canary)))
    return dumped(Calls(joblib.load, str(path)))


def objects(canary: Path) -> np.ndarray:
    return np.array([command(canary)], dtype=object)


def record(canary: Path) -> np.ndarray:
    return np.array([(1, command(canary))], dtype=[("number", "i8"), ("object", object)])


def system_by_map(canary: Path) -> bytes:
    """NEWOBJ makes a map and then bytes of it, which runs the map."""
    arguments = b"cos\nsystem\n](" + text(shell(canary)) + b"e\x86"
    return b"\x80\x04cbuiltins\nbytes\ncbuiltins\nmap\n" + arguments + b"\x81\x85\x81."


TRICKS = (
    Trick("os.system", "os.system", lambda c: b"cos\nsystem\n(V" + shell(c).encode() + b"\ntR."),
    Trick("os.system by INST", "os.system", lambda c: b"(V" + shell(c).encode() + b"\nios\nsystem\n."),
    Trick("os.system by OBJ", "os.system", lambda c: b"(cos\nsystem\nV" + shell(c).encode() + b"\no."),
    Trick("os.system by map", "builtins.bytes", system_by_map),
    Trick("subprocess.getoutput", "subprocess.getoutput", lambda c: dumped(command(c))),
    Trick("builtins.eval", "builtins.eval", lambda c: dumped(Calls(eval, source(c)))),
    Trick("builtins.exec, protocol 2", "__builtin__.exec", lambda c: dumped(Calls(exec, source(c)), protocol=2)),
    Trick("timeit", "timeit.timeit", lambda c: dumped(Calls(timeit.timeit, source(c), "", timeit.default_timer, 1))),
    Trick(
        "subprocess.check_call",
        "subprocess.check_call",
        lambda c: dumped(Calls(subprocess.check_call, ["touch", str(c)])),
    ),
    Trick(
        "nested reduce",
        "builtins.getattr",
        lambda c: dumped(Calls(Calls(getattr, Calls(__import__, "os"), "system"), shell(c))),
    ),
    Trick("partial", "functools.partial", lambda c: dumped(Calls(functools.partial(subprocess.getoutput, shell(c))))),
    Trick(
        "methodcaller",
        "operator.methodcaller",
        lambda c: dumped(Calls(operator.methodcaller("system", shell(c)), Calls(__import__, "os"))),
    ),
    Trick(
        "a module reached through an admitted one",
        "joblib.numpy_pickle.os.system",
        lambda c: b"\x80\x04" + text("joblib.numpy_pickle") + text("os.system") + b"\x93" + text(shell(c)) + b"\x85R.",
    ),
    Trick("a pickle in the pickle", "_pickle.loads", inner_pickle),
    Trick(
        "numpy's own exec",
        "numpy.testing._private.utils.runstring",
        lambda c: dumped(Calls(numpy_testing.runstring, source(c), {})),
    ),
    Trick("numpy.load of another file", "numpy.load", numpy_file),
    Trick("joblib.load of another file", "joblib.numpy_pickle.load", joblib_file),
    Trick("numpy object array", "dtype O8", lambda c: dumped(Plain(objects(c)))),
    Trick("joblib object array", "dtype O8", lambda c: dumped(objects(c))),
    Trick("joblib record array", "dtype V16", lambda c: dumped(record(c))),
    Trick("inside a model", "subprocess.getoutput", lambda c: dumped(DBSCAN(metric_params=command(c)))),
    Trick("after a model's arrays", "subprocess.getoutput", lambda c: dumped([DBSCAN(), np.arange(9), command(c)])),
    *(
        Trick(f"{method}-compressed", "subprocess.getoutput", lambda c, m=method: dumped(command(c), compress=(m, 3)))
        for method in ("zlib", "gzip", "bz2", "xz", "lzma")
    ),
)
