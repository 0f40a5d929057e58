"""The queries ask for what telemetry sends."""

import re
from pathlib import Path

import pytest

from shared.serving.contract import Answer
from shared.serving.telemetry import REFUSED, RUNNING, SPAN, WAITING, summarise
from shared.stopwatch import Stopwatch
from tests.conftest import PROJECT

QUERIES = sorted((PROJECT / "infra" / "queries").glob("*.kql"))
DOCS = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")


def sent() -> set[str]:
    """What a span can carry, answered or refused; log records carry their logger's name."""
    answers = [Answer("1", {"clusterId": 1, "confidence": 0.5})]
    return {*summarise("books", "v1", answers, Stopwatch()), "method", "status", "logger_name"}


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_queries_read_what_telemetry_sends(path: Path) -> None:
    query = path.read_text(encoding="utf-8")
    assert query.startswith("// ")
    asked = set(re.findall(r"customDimensions\.(\w+)", query))
    assert asked
    assert asked <= sent()
    assert set(re.findall(r'name == "(\w+)"', query)) <= {SPAN, RUNNING, WAITING, REFUSED}
    assert f"`infra/queries/{path.name}`" in DOCS


def test_every_metric_is_read_by_a_query() -> None:
    asked = {
        name for path in QUERIES for name in re.findall(r"customDimensions\.(\w+)", path.read_text(encoding="utf-8"))
    }
    assert sent() - asked == {"unclustered_share"}, "the queries weigh shares by pictures, from their counts"
