"""The demonstration from end to end, with a network in miniature."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from local import search_demo
from tests.local.search.deployments import draw_groups
from tests.tiny_models import tiny_model


@pytest.mark.slow
def test_three_queries_print_their_hits(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tiny_model(tmp_path / "models", "tiny", names="open book")
    search_demo.main(["--model", str(tmp_path / "models" / "tiny"), "--pictures", str(draw_groups(tmp_path / "few"))])
    out, err = capfd.readouterr()
    assert err.count(" of ") >= 3
    for line in out.splitlines():
        kind, query, name, labels = line.split("\t")
        assert kind == "hit"
        assert query in search_demo.QUERIES
        assert (tmp_path / "few" / name).is_file()
        assert "book" in labels


@pytest.mark.slow
def test_a_command_that_fails_ends_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        search_demo.main(["--model", str(tmp_path / "nothing"), "--pictures", str(tmp_path)])
    assert "`python -m training publish" in " ".join(capfd.readouterr().err.split())
