"""The project's documents, as the tests read them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import PROJECT

FOLDERS = ("docs", "benchmarks", "data", ".github")
DOCUMENTS = sorted(
    path.relative_to(PROJECT).as_posix()
    for path in (*PROJECT.glob("*.md"), *(one for folder in FOLDERS for one in (PROJECT / folder).rglob("*.md")))
)
"""Every page of Markdown, by its path in the project."""


def read(document: str) -> str:
    return (PROJECT / document).read_text(encoding="utf-8")


def documented_answer() -> dict[str, object]:
    """The answer to the sample request, under the marker."""
    match = re.search(r"<!-- the answer, tested -->\n```json\n(.*?)\n```", read("docs/skill.md"), re.DOTALL)
    assert match
    return json.loads(match[1])


def links(document: str) -> Iterator[tuple[Path, str]]:
    """What a page's links within the project lead to: a file, and the heading's anchor or nothing."""
    found = re.findall(r"""(?:\]\(|(?:src|srcset|href)=")(?![a-z]+:)([^)"\s]+)""", read(document))
    for target in found:
        path, _, anchor = target.partition("#")
        page = PROJECT / document
        yield (page.parent / path).resolve() if path else page, anchor


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(document: str) -> Iterator[tuple[str, ...]]:
    """Every `python -m` command in a page's blocks, tables and sentences, in words; comments are left out."""
    for line in read(document).replace("\\\n", " ").splitlines():
        for command in re.findall(r"python -m ([a-z][\w.]*[^`#|&\n]*)", line):
            yield tuple(command.split())


def command_blocks(document: str) -> list[str]:
    """The command lines in a page's blocks without a language, each as it begins without the environment's folder."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", read(document), re.MULTILINE | re.DOTALL)
    lines = [line for language, block in blocks if not language for line in block.replace("\\\n", "").splitlines()]
    begun = [line.removeprefix(".venv/bin/") for line in lines]
    return [line for line in begun if re.match(r"(?:[A-Z_]+=\S+ )*(?:python|make|az|azd|curl|export|git|cd) ", line)]
