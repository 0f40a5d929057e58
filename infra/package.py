"""`python -m infra.package`: the zip that Azure runs, built here and never there.

    python -m infra.package [--backend onnxruntime|tensorflow] [--guard key|entra] [--output dist]

Writes OUTPUT/package, the app as Azure unpacks it, and OUTPUT/skill.zip, the same zipped: the Function, what it needs
of shared/, host.json, and the pinned packages of requirements/function.txt for Linux on x86-64 and Python 3.13, under
.python_packages/lib/site-packages, where the Functions worker looks. `--backend tensorflow` takes
requirements/tensorflow.txt instead, for a dedicated plan.

`--guard` is who keeps strangers out, as in the deployment. With a key, the packaged function.json says `authLevel:
function`, so that the Functions host refuses before it reads a body. Behind Microsoft Entra it stays `anonymous`:
callers have a token there and no key. Without the option it is Entra where SKILL_ENTRA_CLIENT_ID, azd's, is set.

Nothing is built remotely: a remote build would install the root requirements.txt, tests and training and all. The same
sources give the same zip, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from shared.command_line.console import command_line, console, errors_in_words
from shared.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("ClusterSkill", "host.json", "shared")
"""What the Function consists of, beside its packages. `.funcignore` leaves the same for other tools."""
LEFT_OUT = ("shared/command_line", "shared/pictures")
"""What is for people and training alone. `.importlinter` sees to it that the Function does not import it."""

FUNCTION_JSON = Path("ClusterSkill/function.json")
PACKAGES = Path(".python_packages/lib/site-packages")
REQUIREMENTS = {"onnxruntime": "requirements/function.txt", "tensorflow": "requirements/tensorflow.txt"}

# Azure's Python 3.13 images have glibc 2.36 or newer; 2.28 is what the wheels at hand ask for at the most.
_PLATFORM = "x86_64-manylinux_2_28"
_PYTHON = "3.13"

# What no running Function reads: test suites, commands with this machine's paths in them, and records of installation
# that nobody will undo. Names and licences of the packages stay.
_UNREAD_FOLDERS = frozenset({"tests", "sboms"})
_UNREAD_AT_TOP = frozenset({"bin", ".lock"})
_UNREAD_IN_DIST_INFO = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})

# Flex Consumption fetches and unpacks the zip at every cold start; its temporary storage holds 0.8 GB.
_MAX_ZIPPED = 100_000_000
_MAX_UNPACKED = 400_000_000

# Where Azure puts the app: the paths that tracebacks show.
_HOME = "/home/site/wwwroot"

# Without one, azd leaves out every __pycache__ of what it packages, and each cold start compiles again.
_FUNCIGNORE = "# Nothing: the package is sent as it is.\n"

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every entry: the first that a zip can tell, so that no build differs from another by its hour."""


class Backend(StrEnum):
    """What computes the embeddings on Azure."""

    ONNXRUNTIME = "onnxruntime"
    TENSORFLOW = "tensorflow"


class Guard(StrEnum):
    """Who keeps strangers out on Azure."""

    KEY = "key"
    ENTRA = "entra"


AUTH_LEVELS = {Guard.KEY: "function", Guard.ENTRA: "anonymous"}
"""The trigger's authLevel by guard."""


class PackageError(UserError):
    """No package was made, or it does not fit. The message says why."""


@dataclass(frozen=True, slots=True)
class Package:
    """A finished package. Sizes are in bytes."""

    zip: Path
    folder: Path
    zipped: int
    unpacked: int
    sha256: str


def build(output: Path, backend: str = "onnxruntime", guard: Guard = Guard.KEY) -> Package:
    """Build the package from this tree. Raises PackageError where packages can't be installed or limits are broken."""
    output = output.resolve()
    folder = output / "package"
    shutil.rmtree(folder, ignore_errors=True)
    _install(REQUIREMENTS[backend], folder / PACKAGES)
    for source in SOURCES:
        _copy(ROOT / source, folder / source)
    _guard(folder / FUNCTION_JSON, guard)
    _compile(folder)
    path = output / "skill.zip"
    write_zip(folder, path)
    (folder / ".funcignore").write_text(_FUNCIGNORE, encoding="utf-8")
    package = Package(
        zip=path,
        folder=folder,
        zipped=path.stat().st_size,
        unpacked=sum(file.stat().st_size for file in _files(folder)),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    if backend == "onnxruntime" and (package.zipped > _MAX_ZIPPED or package.unpacked > _MAX_UNPACKED):
        raise PackageError(
            f"{path} is too large for Flex Consumption: {_sizes(package)}, limits "
            f"{_MAX_ZIPPED / 1e6:.0f} and {_MAX_UNPACKED / 1e6:.0f} MB. See what requirements/function.in brings along"
        )
    return package


def write_zip(folder: Path, path: Path) -> None:
    """Zip a folder so that the same files give the same bytes: sorted, with one time and one mode."""
    path.unlink(missing_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(_files(folder), key=lambda file: file.relative_to(folder).as_posix()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whose modes external_attr holds
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, file.read_bytes())


def _install(requirements: str, target: Path) -> None:
    platform = ("--python-platform", _PLATFORM, "--python-version", _PYTHON, "--only-binary", ":all:")
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes", *platform]
    run = subprocess.run([*command, "--target", str(target), "-r", requirements], cwd=ROOT, check=False)
    if run.returncode:
        raise PackageError(f"the packages of {requirements} could not be installed for {_PLATFORM}")
    for unread in [path for path in target.rglob("*") if _is_unread(path.relative_to(target))]:
        shutil.rmtree(unread, ignore_errors=True)
        unread.unlink(missing_ok=True)


def guard_of(package: Path) -> Guard:
    """Whom a built zip leaves it to keep strangers out. Raises PackageError."""
    try:
        with zipfile.ZipFile(package) as archive:
            trigger = json.loads(archive.read(FUNCTION_JSON.as_posix()))["bindings"][0]
        return next(guard for guard, level in AUTH_LEVELS.items() if level == trigger["authLevel"])
    except (OSError, zipfile.BadZipFile, ValueError, LookupError, TypeError, StopIteration) as error:
        raise PackageError(f"{package} is not what `make package` builds") from error


def _guard(path: Path, guard: Guard) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    document["bindings"][0]["authLevel"] = AUTH_LEVELS[guard]
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _compile(folder: Path) -> None:
    """Compile everything, so that no cold start has to: imports take 1.65 s instead of 2.9, measured on two cores.

    The app's folder is read-only on Azure, so what is not compiled here is compiled again by every new worker. The
    bytecode trusts its source without looking, and is the same whatever the hash seed.
    """
    if sys.version_info[:2] != tuple(map(int, _PYTHON.split("."))):
        raise PackageError(f"Python {_PYTHON} has to compile the package, not {sys.version.split()[0]}")
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    paths = ["-s", str(folder), "-p", _HOME, str(folder)]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    run = subprocess.run([*command, *paths], env=environment, check=False, capture_output=True, text=True)
    if run.returncode:
        raise PackageError(f"the package could not be compiled:\n{run.stdout.strip()}")


def _is_unread(path: Path) -> bool:
    if path.parts[0] in _UNREAD_AT_TOP or path.name in _UNREAD_FOLDERS:
        return True
    return path.parent.name.endswith(".dist-info") and path.name in _UNREAD_IN_DIST_INFO


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=_left_out)
    else:
        shutil.copyfile(source, target)


def _left_out(folder: str, names: list[str]) -> set[str]:
    here = Path(folder).relative_to(ROOT)
    return {name for name in names if name == "__pycache__" or (here / name).as_posix() in LEFT_OUT}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _sizes(package: Package) -> str:
    return f"{package.zipped / 1e6:.1f} MB zipped, {package.unpacked / 1e6:.1f} MB unpacked"


app = command_line()


@app.command()
def main(
    backend: Annotated[Backend, typer.Option(help="[bold]tensorflow[/] needs a dedicated plan.")] = Backend.ONNXRUNTIME,
    guard: Annotated[
        Guard | None, typer.Option(help="[bold]entra[/] where SKILL_ENTRA_CLIENT_ID is set, else [bold]key[/].")
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder to write to.")] = ROOT / "dist",
) -> None:
    """Build the zip that Azure runs."""
    with errors_in_words():
        by_entra = bool(os.environ.get("SKILL_ENTRA_CLIENT_ID"))
        package = build(output, backend, guard or (Guard.ENTRA if by_entra else Guard.KEY))
    console.print(f"{package.zip}: {_sizes(package)}")
    typer.echo(f"sha256 {package.sha256}")


if __name__ == "__main__":
    app(prog_name="python -m infra.package")
