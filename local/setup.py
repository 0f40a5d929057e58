"""`python -m local.setup`: make this folder ready to run, on any platform, with nothing but Python 3.13.

    python -m local.setup            what `make demo`, `make serve` and all of `python -m training` need
    python -m local.setup --tests    that, and what the tests and checks need

Standard library only: it runs before anything is installed. What is there already is not done again.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
UV = ENVIRONMENT / ("Scripts/uv.exe" if os.name == "nt" else "bin/uv")
STAMP = ENVIRONMENT / ".installed"
"""Names what is installed, by digest: once written, everything in it is there."""

RUN = "requirements/run.txt"
EVERYTHING = "requirements.txt"

DEBIAN = {
    "chromium": ("chromium", "the browser tests"),
    "qemu-x86_64": ("qemu-user", "the test of int8 on an older processor"),
    "convert": ("imagemagick", "the comparison of pictures with ImageMagick's"),
    "exiftool": ("libimage-exiftool-perl", "the test of XMP files with exiftool"),
}
"""A command, the Debian package that has it, and what is left out without it."""


class SetupError(RuntimeError):
    """This machine can't be set up. The message says what is missing."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.setup", description="Make this folder ready to run.")
    parser.add_argument("--azurite", action="store_true", help="also Azurite, which stands in for Blob Storage")
    parser.add_argument("--tests", action="store_true", help="also what the tests and checks need")
    parser.add_argument("--packages-only", action="store_true", help="no weights: they take a download of their own")
    arguments = parser.parse_args()
    try:
        install(EVERYTHING if arguments.tests else RUN)
        if not arguments.packages_only:
            _run(PYTHON, "-m", "training", "weights", "--quiet")
        if arguments.azurite or arguments.tests:
            install_azurite()
        if arguments.tests:
            install_debian_packages()
    except SetupError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. What was downloaded is kept: run the same command again to go on.\n")
        return 130
    return 0


def install(requirements: str) -> None:
    """Make the environment and install pinned packages into it, unless they or more of them are there."""
    if sys.version_info[:2] != (3, 13):
        raise SetupError(
            f"Python 3.13 is needed; this is {sys.version.split()[0]}. Install it, and call it by name: "
            "`make PYTHON=python3.13 demo`, or `py -3.13 -m local.setup` on Windows"
        )
    wanted = _digest(requirements)
    installed = STAMP.read_text(encoding="utf-8").split() if STAMP.exists() else []
    if wanted in installed:
        return
    _say(f"Installing the packages of {requirements} into {ENVIRONMENT.name}")
    if not PYTHON.exists():
        venv.create(ENVIRONMENT, with_pip=True)
    if not UV.exists():
        _pip("install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", "requirements/uv.txt")
    _run(UV, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", requirements)
    # Everything holds all that a run needs, at the same versions.
    done = [wanted, _digest(RUN)] if requirements == EVERYTHING else [wanted]
    STAMP.write_text("\n".join(done) + "\n", encoding="utf-8")


def install_azurite() -> None:
    """Azurite from npm, as package-lock.json pins it."""
    stamp = ROOT / "node_modules" / ".installed"
    wanted = _digest("package-lock.json")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SetupError("Azurite needs npm, which comes with Node.js: install Node.js 20 or newer")
    _say("Installing Azurite into node_modules")
    _run(npm, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(wanted, encoding="utf-8")


def install_debian_packages() -> None:
    """Programs that some tests drive. Where one can't be had, those tests say so and are left out."""
    missing = {command: rest for command, rest in DEBIAN.items() if shutil.which(command) is None}
    apt = shutil.which("apt-get")
    if missing and apt and os.name == "posix" and os.geteuid() == 0:
        _say(f"Installing {', '.join(package for package, _ in missing.values())}")
        subprocess.run([apt, "update", "-qq"], check=False)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for package, _ in missing.values():
            command = [apt, "install", "-y", "-qq", "--no-install-recommends", package]
            subprocess.run(command, check=False, env=quiet, stdout=subprocess.DEVNULL)
    for command, (package, left_out) in missing.items():
        if shutil.which(command) is None:
            _say(f"{command} is not here and could not be installed (on Debian, {package}): {left_out} will not run")


def _digest(path: str) -> str:
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()


def _pip(*arguments: str) -> None:
    _run(PYTHON, "-m", "pip", *arguments)


def _run(program: str | Path, *arguments: str | Path) -> None:
    done = subprocess.run([str(program), *map(str, arguments)], cwd=ROOT, check=False)
    if done.returncode:
        command = " ".join([Path(program).stem, *map(str, arguments)])
        free = shutil.disk_usage(ROOT).free // 10**6
        raise SetupError(
            f"`{command}` failed: what it said stands above. {free:,} MB are free on this disk. Once the cause "
            "is gone, run the same command again: it goes on from here"
        )


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
