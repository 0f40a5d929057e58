"""`python -m infra.licences`: the licences of the packages that are pinned here, as docs/licences.md.

What a package says of itself is read from its metadata, in this environment. `make lock` writes the file again.
"""

from __future__ import annotations

import re
from importlib.metadata import metadata
from pathlib import Path

from shared.command_line.console import command_line, console

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "licences.md"
SHIPPED = "requirements/function.txt"
EVERYTHING = "requirements.txt"

PERMITTED = re.compile(r"\b(MIT|BSD|0BSD|Apache|ISC|PSFL?|Python Software Foundation|MPL|Mozilla|Zlib|CC0)\b")
"""Licences that allow use and redistribution of the unchanged package beside code under MIT."""

UNDECLARED = {"namex": "Apache-2.0"}
"""Packages whose metadata says nothing, with the licence that their authors publish them under."""

ELSEWHERE = {"appnope": "BSD-2-Clause", "colorama": "BSD-3-Clause", "tensorflow": "Apache-2.0"}
"""Packages that other platforms than Linux on x86-64 need, where this environment can't ask them."""

_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==(\S+)", re.MULTILINE)
_LONGEST = 60  # a whole licence in the field that should name it

_HEADING = """# Licences of the packages

Written by `python -m infra.licences` from the packages' own metadata; a test compares the two, and refuses any licence
that is not permissive or, like MPL-2.0, harmless to those who change nothing. VGG16's weights are under CC BY 4.0.

"""


def pins(path: str) -> dict[str, str]:
    """Name and version of each package that a requirements file pins."""
    return dict(_PIN.findall((ROOT / path).read_text(encoding="utf-8")))


def licence(package: str) -> str:
    """What a package's metadata says. Raises importlib.metadata.PackageNotFoundError where it is not installed."""
    if package in ELSEWHERE:
        return ELSEWHERE[package]
    found = metadata(package)
    classifiers = [line.rpartition(" :: ")[2] for line in found.get_all("Classifier", []) if "License ::" in line]
    named = (found.get("License") or "").strip()
    if len(named) > _LONGEST or named == "UNKNOWN":
        named = ""
    return found.get("License-Expression") or named or ", ".join(classifiers) or UNDECLARED.get(package, "")


def document() -> str:
    """docs/licences.md as it must be."""
    shipped = pins(SHIPPED)
    here = {name: version for name, version in pins(EVERYTHING).items() if name not in shipped}
    parts = (
        ("What runs on Azure", f"`{SHIPPED}`, in the package that `make package` builds.", shipped),
        ("What trains, tests and stands in", f"The rest of `{EVERYTHING}`; none of it is shipped.", here),
    )
    return _HEADING + "\n".join(_section(title, text, packages) for title, text, packages in parts)


def _section(title: str, text: str, packages: dict[str, str]) -> str:
    rows = "".join(f"| {name} | {version} | {licence(name)} |\n" for name, version in packages.items())
    return f"## {title}\n\n{text}\n\n| package | version | licence |\n|---|---|---|\n{rows}"


app = command_line()


@app.command()
def main() -> None:
    """Write docs/licences.md anew."""
    DOCUMENT.write_text(document(), encoding="utf-8")
    console.print(f"Wrote {DOCUMENT}: {len(pins(EVERYTHING))} packages")


if __name__ == "__main__":
    app(prog_name="python -m infra.licences")
