"""A folder of pictures as a stable list: found recursively, named by relative path, sorted by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.embedder import Embedder
from shared.images import Picture, PictureError

# What Pillow reads, by the suffixes people give it; other files in the folder are not pictures and not worth a word.
SUFFIXES = frozenset(
    {".avif", ".bmp", ".dib", ".gif", ".ico", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pcx", ".pgm"}
    | {".png", ".pnm", ".ppm", ".psd", ".tga", ".tif", ".tiff", ".webp"}
)


class DatasetError(ValueError):
    """A folder that holds nothing to train on."""


@dataclass(frozen=True, slots=True)
class Source:
    """A picture that has not been read yet."""

    name: str
    """Path relative to the folder, with forward slashes on every system: the picture's name everywhere else."""
    path: Path

    def read(self, embedder: Embedder) -> Picture:
        """Decode for this embedder. Raises PictureError, also when the file can't be opened."""
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise PictureError(f"it can't be opened ({error.strerror})") from error
        return embedder.picture(content)


def find_pictures(folder: Path) -> list[Source]:
    """All pictures below a folder, sorted by name. Hidden files and folders are left out. Raises DatasetError."""
    if not folder.is_dir():
        raise DatasetError(f"{folder} is not a folder")
    sources = sorted(
        (Source(path.relative_to(folder).as_posix(), path) for path in _walk(folder)), key=lambda s: s.name
    )
    if not sources:
        raise DatasetError(f"{folder} holds no pictures (looked for {', '.join(sorted(SUFFIXES))}, in subfolders too)")
    return sources


def _walk(folder: Path) -> Iterator[Path]:
    for path, folders, files in folder.walk():
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (path / name for name in files if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES)
