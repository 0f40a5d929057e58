"""What the README promises and the threat model claims is tested: each test that they name exists."""

import re

import pytest

from tests.conftest import PROJECT

NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def promises() -> str:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^## Promises\n(.*?)^## ", readme, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def model() -> str:
    return (PROJECT / "docs" / "threat-model.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [promises(), model()], ids=["README.md", "docs/threat-model.md"])
def test_every_test_that_is_named_exists(text: str) -> None:
    named = NAMED.findall(text)
    assert len(named) > 10
    for path, function in named:
        content = (PROJECT / path).read_text(encoding="utf-8")
        assert f"def {function}(" in content if function else "def test_" in content, path


@pytest.mark.parametrize("text", [promises(), model()], ids=["README.md", "docs/threat-model.md"])
def test_every_promise_names_a_test(text: str) -> None:
    rows = re.findall(r"^\| (?!---)(.*) \|$", text, re.MULTILINE)[1:]
    rows = [row for row in rows if not row.startswith("---")]
    assert len(rows) > 8
    assert [row for row in rows if not NAMED.search(row)] == []
