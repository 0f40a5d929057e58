"""One version of Python is promised, and everything agrees on which."""

import re
import sys

import pytest

from tests.conftest import PROJECT

PROMISED = (PROJECT / ".python-version").read_text(encoding="utf-8").strip()

# Where it stands, and how.
PLACES = {
    "pyproject.toml": (r'target-version = "py(\d)(\d+)"', r'pythonVersion = "(\d)\.(\d+)"'),
    "local/setup.py": (r"sys\.version_info\[:2\] != \((\d), (\d+)\)", r"Python (\d)\.(\d+) is needed"),
    "Makefile": (
        r"command -v python(\d)\.(\d+)",
        r"--python-version (\d)\.(\d+)",
    ),
    "infra/package.py": (r'_PYTHON = "(\d)\.(\d+)"',),
    "infra/modules/function.bicep": (r"var pythonVersion = '(\d)\.(\d+)'",),
    "README.md": (r"You need Python (\d)\.(\d+)",),
    "CONTRIBUTING.md": (r"You need Python (\d)\.(\d+)",),
    "docs/deploy.md": (r"`az login`, Python (\d)\.(\d+)",),
    ".github/workflows/ci.yml": (r"python-version-file: \.python-version()()",),
}


def test_the_tests_run_on_it() -> None:
    assert f"{sys.version_info[0]}.{sys.version_info[1]}" == PROMISED


@pytest.mark.parametrize("place", PLACES)
def test_every_place_names_it(place: str) -> None:
    text = (PROJECT / place).read_text(encoding="utf-8")
    for pattern in PLACES[place]:
        found = re.findall(pattern, text)
        assert found, pattern
        assert {".".join(version).strip(".") or PROMISED for version in found} == {PROMISED}


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (PROJECT / "docs").glob("*.md"))]
)
def test_no_document_promises_another(document: str) -> None:
    text = (PROJECT / document).read_text(encoding="utf-8")
    assert set(re.findall(r"\bPython (3\.\d+)", text)) <= {PROMISED}
