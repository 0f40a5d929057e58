"""Sort pictures into a folder for each label, by links or copies; the pictures themselves stay where they are."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from shared.digests import sha256
from shared.model.model import Assignment
from shared.pictures.folder import SORTED, FileSource
from shared.pictures.source import Source
from training.assignment.assign import AssignError, Row, Tally
from training.assignment.placing import check_below, place_each

Placing = Literal["link", "copy"]

_LONGEST = 240  # bytes of one name: file systems take 255, and a temporary file beside it has a longer one
_LONGEST_SUFFIX = 16

UNCLUSTERED = "_unclustered"
UNNAMED = "_group {}"

# Windows opens a device instead of a file of such a name, whatever its suffix.
_DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\.|$)", re.IGNORECASE)


def sort_into_folders(
    rows: Iterable[Row],
    sources: Sequence[Source],
    output: Path,
    placing: Placing,
    *,
    force: bool = False,
    advance: Callable[[int], None] = lambda steps: None,
) -> Tally:
    """Put each picture into the folder of every one of its labels. Running again adds what is missing.

    Raises AssignError when another file is in the way and `force` is not set, and where there is nothing to link to.
    """
    by_name = {source.name: source for source in sources}

    def place(picture: str, assignment: Assignment) -> bool:
        unnamed = UNNAMED.format(assignment.cluster) if assignment.cluster >= 0 else UNCLUSTERED
        folders = [output / folder_name(label) for label in assignment.names or (unnamed,)]
        targets = [_below(folder, picture) for folder in folders]
        _mark(output)
        placed = [_place(by_name[picture], target, placing, force=force) for target in targets]
        return not any(placed)

    return place_each(rows, place, advance)


def _mark(output: Path) -> None:
    """Have the next training pass this folder over, should it lie among the pictures."""
    output.mkdir(parents=True, exist_ok=True)
    (output / SORTED).touch()


def folder_name(label: str) -> str:
    """A label as a folder's name on any system: no separators, no device, nothing invisible, no outer dots."""
    visible = "".join(c if c.isprintable() else "_" for c in label)
    name = re.sub(r'[<>:"/\\|?*]', "_", visible).strip(". ") or "_"
    return _short(f"_{name}" if _DEVICE.match(name) else name)


def _short(name: str) -> str:
    """The name as a file system takes it, cut where it is too long; what was cut stays apart from others."""
    content = name.encode()
    if len(content) <= _LONGEST:
        return name
    mark, suffix = f"~{sha256(content)[:8]}", PurePosixPath(name).suffix
    end = mark + (suffix if len(suffix.encode()) <= _LONGEST_SUFFIX else "")
    return content[: _LONGEST - len(end.encode())].decode(errors="ignore") + end


def _below(folder: Path, picture: str) -> Path:
    return check_below(folder.joinpath(*map(_short, PurePosixPath(picture).parts)), folder, picture)


def _place(source: Source, target: Path, placing: Placing, *, force: bool) -> bool:
    """Whether something was done: False where the right file is there already."""
    if target.exists() or target.is_symlink():
        if _same(source, target, placing):
            return False
        if not force:
            raise AssignError(f"{target} is there already and is another file: choose another --output, or --force")
        target.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
    if placing == "link":
        target.symlink_to(_path(source).resolve())
    else:
        modified = source.status().modified_ns
        target.write_bytes(source.content())
        os.utime(target, ns=(modified, modified))
    return True


def _same(source: Source, target: Path, placing: Placing) -> bool:
    if placing == "link":
        return target.is_symlink() and target.resolve() == _path(source).resolve()
    return not target.is_symlink() and FileSource(source.name, target).status() == source.status()


def _path(source: Source) -> Path:
    if isinstance(source, FileSource):
        return source.path
    raise AssignError("pictures in a container can't be linked to: use --placing copy")
