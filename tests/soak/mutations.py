"""Damage to a file, as transfers, disks and attackers do it. All of it follows from the random generator's seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

# What length fields are set to: nothing, one, the signs' turning points, everything.
_LENGTHS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutate(content: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
    """One to four mutations of a file; `others` are what pieces may be spliced in from."""
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        if not damaged:
            break
        chance.choices(_MUTATIONS, _WEIGHTS)[0](damaged, chance, others)
    return bytes(damaged)


def _position(damaged: bytearray, chance: Random) -> int:
    """Half of them within the first 128 bytes, where headers are."""
    return chance.randrange(min(len(damaged), 128) if chance.random() < 0.5 else len(damaged))


def _flip_bits(damaged: bytearray, chance: Random, others: Sequence[bytes]) -> None:
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        damaged[_position(damaged, chance)] ^= 1 << chance.randrange(8)


def _set_bytes(damaged: bytearray, chance: Random, others: Sequence[bytes]) -> None:
    for _ in range(chance.choice((1, 2, 4))):
        damaged[_position(damaged, chance)] = chance.randrange(256)


def _set_length(damaged: bytearray, chance: Random, others: Sequence[bytes]) -> None:
    size = chance.choice((1, 2, 4))
    number = chance.choice((*_LENGTHS, chance.randrange(1 << 16))) % (1 << 8 * size)
    start = _position(damaged, chance)
    damaged[start : start + size] = number.to_bytes(size, chance.choice(("big", "little")))


def _truncate(damaged: bytearray, chance: Random, others: Sequence[bytes]) -> None:
    del damaged[_position(damaged, chance) :]


def _remove(damaged: bytearray, chance: Random, others: Sequence[bytes]) -> None:
    start = _position(damaged, chance)
    del damaged[start : start + chance.choice((1, 2, 4, 16, 256))]


def _repeat(damaged: bytearray, chance: Random, others: Sequence[bytes]) -> None:
    start = _position(damaged, chance)
    piece = damaged[start : start + chance.choice((1, 4, 16, 256))]
    damaged[start:start] = piece * chance.choice((1, 2, 50))


def _insert_noise(damaged: bytearray, chance: Random, others: Sequence[bytes]) -> None:
    start = _position(damaged, chance)
    damaged[start:start] = chance.randbytes(chance.choice((1, 4, 16, 256)))


def _splice(damaged: bytearray, chance: Random, others: Sequence[bytes]) -> None:
    other = chance.choice(others)
    start, size = chance.randrange(len(other)), chance.choice((4, 16, 64, 1024, len(other)))
    piece = other[start : start + size]
    position = _position(damaged, chance)
    damaged[position : position + chance.choice((0, len(piece)))] = piece


type _Mutation = Callable[[bytearray, Random, Sequence[bytes]], None]

_MUTATIONS: tuple[_Mutation, ...] = (
    _flip_bits,
    _set_bytes,
    _set_length,
    _truncate,
    _remove,
    _repeat,
    _insert_noise,
    _splice,
)
_WEIGHTS = (4, 4, 6, 1, 2, 2, 2, 2)
