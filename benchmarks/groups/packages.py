"""Published packages that hold pictures: fetched once with their own clients, kept in .cache/, never committed."""

from __future__ import annotations

import shutil
import struct
import subprocess
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from shared.errors import UserError

CACHE = Path(__file__).parents[2] / ".cache" / "benchmarks"


class UnavailableError(UserError):
    """A package can't be had on this machine."""


def npm_package(name: str, version: str) -> Path:
    """The unpacked contents of an npm package. Raises UnavailableError."""
    folder = CACHE / "packages" / f"{name.replace('/', '-')}-{version}"
    if not folder.exists():
        downloads = _downloads()
        archive = _run("npm", "pack", "--silent", "--pack-destination", str(downloads), f"{name}@{version}").split()[-1]
        with tarfile.open(downloads / archive) as packed:
            packed.extractall(partial := folder.with_suffix(".partial"), filter="data")
        partial.rename(folder)
    return folder / "package"


def debian_package(name: str) -> Path:
    """The unpacked files of a Debian package, in the version of this machine's release. Raises UnavailableError."""
    folder = CACHE / "packages" / name
    if not folder.exists():
        downloads = _downloads()
        _run("apt-get", "download", "--quiet", name, cwd=downloads)
        (archive,) = downloads.glob(f"{name}_*.deb")
        _run("dpkg-deb", "--extract", str(archive), str(partial := folder.with_suffix(".partial")))
        partial.rename(folder)
    return folder


def qt_resources(path: Path) -> Iterator[tuple[str, bytes]]:
    """Path and content of each file in a binary Qt resource collection (.rcc), as Qt's QResource lays it out."""
    data = path.read_bytes()
    magic, version, tree, contents, names = struct.unpack_from(">4sIIII", data)
    if magic != b"qres":
        raise UnavailableError(f"{path} is no Qt resource collection")
    node_size = 14 if version == 1 else 22
    compressed, directory = 1, 2
    pending = [(0, "")]
    while pending:
        node, parent = pending.pop()
        name_at, flags, first, second = struct.unpack_from(">IHII", data, tree + node * node_size)
        (length,) = struct.unpack_from(">H", data, names + name_at)
        start = names + name_at + 6
        name = f"{parent}/{data[start : start + 2 * length].decode('utf-16-be')}" if node else ""
        if flags & directory:
            pending.extend((child, name) for child in range(second, second + first))
            continue
        (size,) = struct.unpack_from(">I", data, contents + second)
        content = data[contents + second + 4 : contents + second + 4 + size]
        yield name, zlib.decompress(content[4:]) if flags & compressed else content


def _downloads() -> Path:
    folder = CACHE / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    (CACHE / "packages").mkdir(exist_ok=True)
    return folder


def _run(program: str, *arguments: str, cwd: Path | None = None) -> str:
    if (found := shutil.which(program)) is None:
        raise UnavailableError(f"{program} is not installed")
    done = subprocess.run([found, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnavailableError(f"{program} {arguments[-1]} failed: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout
