"""The steps that can be undone and done again, for all tabs; kept beside the model from one server to the next.

A step is on the disk before it is made. Which steps are made is told by the labels that are there.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.documents import to_json
from shared.files import write_atomically
from shared.model.bundle import Labels

_FOLDER = ".undo"

# More than anybody steps back; a step holds labels.json twice.
_MOST_STEPS = 100


class Step(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    """Of the model: in another one, ids mean other groups."""
    message: str
    before: Labels
    after: Labels


class History:
    """What was done to the labels of the model in a folder."""

    def __init__(self, folder: Path, version: str) -> None:
        self._folder = folder / _FOLDER
        self._version = version
        self._steps = self._read()
        """By file, the oldest first."""
        self._done = 0

    @property
    def undo(self) -> Step | None:
        """The step that was made last."""
        return self._at(self._done - 1)

    @property
    def redo(self) -> Step | None:
        """The step that was undone last, or that is about to be made."""
        return self._at(self._done)

    def resume(self, labels: Labels) -> None:
        """Go to where these labels are in the stack. What leads nowhere near them is forgotten."""
        steps = [*self._steps.values()]
        states = [*(step.before for step in steps), *(step.after for step in steps[-1:])]
        here = to_json(labels)
        found = [place for place, state in enumerate(states) if to_json(state) == here]
        self._done = found[-1] if found else 0
        if not found:
            self._forget([*self._steps])

    def add(self, message: str, before: Labels, after: Labels) -> None:
        """A step that is about to be made, instead of those that were undone. Raises OSError."""
        files = [*self._steps]
        path = self._folder / f"{int(files[-1].name.partition('.')[0]) + 1 if files else 1:08}.json.gz"
        step = Step(version=self._version, message=message, before=before, after=after)
        self._folder.mkdir(exist_ok=True)
        write_atomically(path, gzip.compress(to_json(step)))
        too_old = files[: max(self._done + 1 - _MOST_STEPS, 0)]
        self._forget([*too_old, *files[self._done :]])
        self._done -= len(too_old)
        self._steps[path] = step

    def forth(self) -> None:
        """The next step has been made."""
        self._done += 1

    def back(self) -> None:
        """The last step has been taken back."""
        self._done -= 1

    def _at(self, place: int) -> Step | None:
        return [*self._steps.values()][place] if 0 <= place < len(self._steps) else None

    def _read(self) -> dict[Path, Step]:
        """The steps after the last one that can't be read or is of another model, which end the stack: they go."""
        steps: dict[Path, Step] = {}
        for path in sorted(self._folder.glob("*.json.gz")):
            step = self._step_in(path)
            if step is None:
                for useless in (*steps, path):
                    useless.unlink()
                steps.clear()
            else:
                steps[path] = step
        return steps

    def _step_in(self, path: Path) -> Step | None:
        try:
            step = Step.model_validate_json(gzip.decompress(path.read_bytes()))
        except (OSError, EOFError, zlib.error, ValidationError):
            return None
        return step if step.version == self._version else None

    def _forget(self, files: list[Path]) -> None:
        for path in files:
            path.unlink(missing_ok=True)
            del self._steps[path]
