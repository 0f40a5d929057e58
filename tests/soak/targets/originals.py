"""Damaged files of the original sample: read as data, or refused as RefusedError; never run, whatever they hold."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.conftest import PROJECT
from tests.soak.mutations import mutate
from tests.soak.worker import Attempt
from tests.training.original.hostile_pickles import TRICKS, dumped
from training.original.import_original import read_labels, read_model
from training.original.unpack import RefusedError

FIXTURES = PROJECT / "tests" / "fixtures" / "original"

# A model's instructions are in the first kilobyte and the last one; between them are numbers.
_INSTRUCTIONS = 1024


def prepare(folder: Path) -> Attempt:
    labels = (FIXTURES / "labels.pkl").read_bytes()
    models = [(FIXTURES / name).read_bytes() for name in ("sklearn-0.24.pkl", "sklearn-1.5.pkl")]
    packed: list[bytes] = []
    for method in ("zlib", "gzip", "bz2", "xz", "lzma"):
        packed.append(dumped({0: ["open book"] * 40, 1: ["shelf"]}, compress=(method, 3)))
    canary = folder / "canary"
    hostile = [trick.pickle(canary) for trick in TRICKS]
    others = [labels, *(model[:_INSTRUCTIONS] for model in models), *packed, *hostile]
    path = folder / "MODEL.pkl"

    def attempt(chance: Random) -> str:
        source = chance.choice((labels, labels, *models, *packed, *hostile))
        start = chance.choice((0, 0, max(0, len(source) - _INSTRUCTIONS)))
        end = start + _INSTRUCTIONS
        path.write_bytes(source[:start] + mutate(source[start:end], chance, others) + source[end:])
        try:
            chance.choice((read_model, read_labels))(path)
        except RefusedError as error:
            if str(path) not in str(error):
                raise AssertionError("the message does not name the file") from error
            return "refused"
        finally:
            if canary.exists():
                canary.unlink()
                raise AssertionError("the file ran code")
        return "read"

    return attempt
