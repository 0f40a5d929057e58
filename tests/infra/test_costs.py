"""What it costs: the documents say what the script computes."""

import pytest

from infra.costs import idle, indexing, tables
from tests.conftest import PROJECT


def test_the_documents_hold_the_computed_tables() -> None:
    document = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")
    shown = document.split("<!-- python -m infra.costs -->")[1].split("<!-- end -->")[0]
    assert shown.strip() == tables().strip(), f"put the output of `python -m infra.costs` there:\n{tables()}"


def test_costs_follow_their_formulas() -> None:
    search, *_ = idle()
    assert search.dollars == pytest.approx(0.101 * 730)
    extraction, function, one_by_one, *_ = indexing()
    assert extraction.dollars == pytest.approx(10)
    # 3,333 requests of 3 pictures, 0.4 s each, on 2 GB
    assert function.dollars == pytest.approx(10_000 / 3 * 1.2 * 2 * 0.000026 + 10_000 / 3 * 0.4e-6)
    assert one_by_one.dollars > function.dollars
