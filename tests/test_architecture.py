"""docs/architecture.md is true: each walk's modules are reached from its first one by imports, and never lead back."""

from __future__ import annotations

import re

import grimp
import pytest

from tests.documents import read

PACKAGES = ("ClusterSkill", "local", "infra", "training", "shared")


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def walk(heading: str) -> list[str]:
    """The modules that the numbered steps under a heading name, in order."""
    text = re.search(rf"^## {heading}\n(.*?)^## ", read("docs/architecture.md"), re.MULTILINE | re.DOTALL)
    assert text
    steps = "".join(re.findall(r"^\d+\. .*\n(?:   .*\n)*", text[1], re.MULTILINE))
    paths = re.findall(r"`([\w/]+?)(?:/__init__)?\.py`", steps)
    return [path.replace("/", ".") for path in paths]


@pytest.mark.parametrize(
    ("heading", "starts"),
    [
        ("A picture through training", ("training.commands.train", "training.commands.publish")),
        ("A request through serving", ("ClusterSkill",)),
    ],
)
def test_a_walk_goes_down_only(graph: grimp.ImportGraph, heading: str, starts: tuple[str, ...]) -> None:
    modules = walk(heading)
    assert modules[0] == starts[0]
    assert len(modules) > 5
    for module in modules[1:]:
        assert any(graph.chain_exists(start, module) for start in starts), module
        assert not any(graph.chain_exists(module, start) for start in starts), module
