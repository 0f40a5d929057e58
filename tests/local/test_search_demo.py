"""The demonstration from end to end, with a network in miniature."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from local import search_demo
from tests.local.search.deployments import draw_groups
from tests.tiny_models import tiny_model


@pytest.mark.slow
def test_from_nothing_to_three_answers(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tiny_model(tmp_path / "models", "tiny", names="open book")
    search_demo.main(["--model", str(tmp_path / "models" / "tiny"), "--pictures", str(draw_groups(tmp_path / "few"))])
    said = capfd.readouterr().err
    assert "The skill answers with tiny" in said
    assert len(re.findall(r"\d+ of \d+ pictures", said)) == len(search_demo.QUERIES)


@pytest.mark.slow
def test_a_command_that_fails_ends_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        search_demo.main(["--model", str(tmp_path / "nothing"), "--pictures", str(tmp_path)])
    assert "`python -m training publish" in " ".join(capfd.readouterr().err.split())
