"""Reads the pickles that the original sample made, and runs nothing.

A pickle is a program for a stack machine that may import and call anything. This is a machine that can't: it knows the
instructions that build plain data, and keeps a global as a name that is never looked up. Whatever else a file asks for
is refused by name. It is not a `pickle.Unpickler`, so there is no `find_class` to get around; and joblib's own reader,
which unpickles object arrays with plain `pickle.load`, has no part in it.

The instructions are those of the standard library's pickletools, which documents each.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from training.original.pickled_objects import (
    ForbiddenError,
    Global,
    Kind,
    MalformedError,
    Pending,
    StoredArray,
    build,
    call,
    new,
    printable,
)
from training.original.unpack import RefusedError, read_unpacked

# A model takes some 200 instructions and a cluster's names about five: no honest file comes near. One byte of
# instruction can make an object of 60 bytes and more, so the size of the file alone would not bound memory.
_MAX_INSTRUCTIONS = 1_000_000

_MAX_SHOWN = 120  # characters of a parser's complaint, which may quote the file


def read_pickle(path: Path, kind: Kind) -> object:
    """The data in a pickle: None, numbers, str, bytes, tuple, list, dict, numeric arrays and Instances of these.

    Compressed files are unpacked first. What the data is remains to be checked; it may even contain itself.
    Raises RefusedError when the file asks for what `kind` does not need, or is not a complete pickle; OSError.
    """
    content = read_unpacked(path)
    try:
        return _Machine(content, kind).run()
    except ForbiddenError as error:
        raise RefusedError(f"{path} {error}, which {kind.description} does not need: not loaded") from None
    except (ValueError, OverflowError) as error:
        raise RefusedError(f"{path} is not a pickle that can be read: {str(error)[:_MAX_SHOWN]}") from None


class _Machine:
    """Runs one file's instructions over a stack of plain data. Errors are ForbiddenError and ValueError."""

    def __init__(self, content: bytes, kind: Kind) -> None:
        self._content = content
        self._file = io.BytesIO(content)
        self._kind = kind
        self._stack: list[object] = []
        self._marked: list[list[object]] = []
        self._memo: dict[object, object] = {}

    def run(self) -> object:
        for _ in range(_MAX_INSTRUCTIONS):
            opcode = self._next()
            if opcode.name == "STOP":
                return self.pop()
            if opcode.name not in _STEPS:
                raise ForbiddenError(f"uses the pickle instruction {opcode.name}")
            _STEPS[opcode.name](self, self._argument(opcode))
        raise MalformedError(f"it has more than {_MAX_INSTRUCTIONS:,} instructions")

    def _next(self) -> pickletools.OpcodeInfo:
        code = self._file.read(1)
        if code not in _OPCODES:
            found = f"byte 0x{code.hex()}" if code else "the end"
            raise MalformedError(f"{found} at position {self._file.tell() - len(code)}, where an instruction should be")
        return _OPCODES[code]

    def _argument(self, opcode: pickletools.OpcodeInfo) -> object:
        if opcode.name in _NAMING:
            # pickletools' own reader of these two lines undoes escapes, which pickle does not.
            lines = (self._file.readline().rstrip(b"\n").decode(errors="replace") for _ in range(2))
            return tuple(lines)
        return opcode.arg.reader(self._file) if opcode.arg else None

    def push(self, value: object) -> None:
        self._stack.append(value)

    def top(self) -> object:
        if not self._stack:
            raise MalformedError("an instruction finds nothing to work on")
        return self._stack[-1]

    def pop(self) -> object:
        top = self.top()
        self._stack.pop()
        return top

    def pop_pair(self) -> tuple[object, object]:
        second = self.pop()
        return self.pop(), second

    def pop_tuple(self, size: int) -> tuple[object, ...]:
        return tuple([self.pop() for _ in range(size)][::-1])

    def mark(self) -> None:
        self._marked.append(self._stack)
        self._stack = []

    def pop_marked(self) -> list[object]:
        if not self._marked:
            raise MalformedError("an instruction finds no mark to go back to")
        items, self._stack = self._stack, self._marked.pop()
        return items

    def memoize(self, index: object) -> None:
        self._memo[len(self._memo) if index is None else index] = self.top()

    def recall(self, index: object) -> None:
        if index not in self._memo:
            raise MalformedError("an instruction recalls what was never remembered")
        value = self._memo[index]
        self.push(value.array if isinstance(value, Pending) and value.array is not None else value)

    def extend(self, items: Iterable[object]) -> None:
        match self.top():
            case list() as target:
                target.extend(items)
            case _:
                raise MalformedError("an instruction appends to what is not a list")

    def set_items(self, items: Sequence[object]) -> None:
        match self.top():
            case dict() as target if len(items) % 2 == 0:
                for key, value in zip(items[::2], items[1::2], strict=True):
                    # Hashing a tuple of tuples of tuples can take for ever, and nothing here needs such keys.
                    if not isinstance(key, str | int):
                        raise MalformedError(f"a dict has a key of type {type(key).__name__}")
                    target[key] = value
            case _:
                raise MalformedError("an instruction sets items of what is not a dict")

    def make_dict(self) -> None:
        items = self.pop_marked()
        self.push({})
        self.set_items(items)

    def push_global(self, names: object) -> None:
        match names:
            case (str() as module, str() as name):
                full_name = f"{module}.{name}"
            case _:
                raise MalformedError("a global is named by what is not a name")
        if full_name not in self._kind.globals:
            raise ForbiddenError(f"asks for {printable(full_name)}")
        self.push(Global(full_name))

    def build(self) -> None:
        built = build(*self.pop_pair())
        if isinstance(built, StoredArray):
            built, end = built.read(self._content, self._file.tell())
            self._file.seek(end)
        self.push(built)


type _Step = Callable[[_Machine, object], None]


def _instantiate(machine: _Machine, names: object) -> None:
    machine.push_global(names)  # the better message, where it names something that is not admitted
    raise ForbiddenError("uses the pickle instruction INST")


_OPCODES: Mapping[bytes, pickletools.OpcodeInfo] = {op.code.encode("latin-1"): op for op in pickletools.opcodes}

_NAMING = frozenset({"GLOBAL", "INST"})
_LITERALS = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
    | {"UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES", "BINBYTES", "BINBYTES8"}
)
_STEPS: Mapping[str, _Step] = {
    "PROTO": lambda _, __: None,
    "FRAME": lambda _, __: None,
    **dict.fromkeys(_LITERALS, _Machine.push),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "MARK": lambda machine, _: machine.mark(),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "TUPLE1": lambda machine, _: machine.push(machine.pop_tuple(1)),
    "TUPLE2": lambda machine, _: machine.push(machine.pop_tuple(2)),
    "TUPLE3": lambda machine, _: machine.push(machine.pop_tuple(3)),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.pop_marked())),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "LIST": lambda machine, _: machine.push(machine.pop_marked()),
    "APPEND": lambda machine, _: machine.extend([machine.pop()]),
    "APPENDS": lambda machine, _: machine.extend(machine.pop_marked()),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "DICT": lambda machine, _: machine.make_dict(),
    "SETITEM": lambda machine, _: machine.set_items(machine.pop_pair()),
    "SETITEMS": lambda machine, _: machine.set_items(machine.pop_marked()),
    "MEMOIZE": _Machine.memoize,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.memoize),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.recall),
    "GLOBAL": _Machine.push_global,
    "INST": _instantiate,
    "STACK_GLOBAL": lambda machine, _: machine.push_global(machine.pop_pair()),
    "REDUCE": lambda machine, _: machine.push(call(*machine.pop_pair())),
    "NEWOBJ": lambda machine, _: machine.push(new(*machine.pop_pair())),
    "BUILD": lambda machine, _: machine.build(),
}
"""All that is followed. Every other instruction (OBJ, NEWOBJ_EX, EXT*, *PERSID, buffers, sets) is refused."""
