"""What is pinned: with hashes, and under licences that allow it."""

import re

import pytest

from infra.licences import DOCUMENT, EVERYTHING, PERMITTED, SHIPPED, document, licence, pins
from tests.conftest import PROJECT

REQUIREMENTS = sorted(path.relative_to(PROJECT).as_posix() for path in PROJECT.glob("requirements/*.txt"))


def test_each_package_has_a_permissive_licence() -> None:
    found = {package: licence(package) for package in pins(EVERYTHING)}
    assert len(found) > 100
    assert {package: text for package, text in found.items() if not PERMITTED.search(text)} == {}
    assert {package: text for package, text in found.items() if re.search(r"\b[AL]?GPL", text)} == {}


def test_the_licences_are_listed() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run `python -m infra.licences`"


@pytest.mark.parametrize("requirements", [EVERYTHING, *REQUIREMENTS])
def test_every_pin_has_hashes(requirements: str) -> None:
    """And nothing but pins stands there: no other index, no file, no repository."""
    text = (PROJECT / requirements).read_text(encoding="utf-8")
    statements = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.lstrip().startswith("#")]
    assert len(statements) == len(pins(requirements)) > 0
    for statement in statements:
        assert re.fullmatch(r"\S+==\S+( ; [^-]+)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", statement), statement


def test_what_ships_is_audited() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert f"pip-audit --strict --disable-pip --require-hashes -r {SHIPPED}" in makefile
