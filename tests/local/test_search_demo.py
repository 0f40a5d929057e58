"""The demonstration from end to end, with a network in miniature."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from local import search_demo
from tests.local.search.deployments import draw_groups
from tests.tiny_models import tiny_model


@pytest.mark.slow
def test_from_nothing_to_three_answers(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tiny_model(tmp_path / "models", "tiny", names="open book")
    options = ["--model", str(tmp_path / "models" / "tiny"), "--pictures", str(draw_groups(tmp_path / "few"))]
    result = CliRunner().invoke(search_demo.app, options)
    assert result.exit_code == 0, result.stderr
    messages = capfd.readouterr().err
    assert "The skill answers with tiny" in messages
    assert len(re.findall(r"\d+ of \d+ pictures", messages)) == len(search_demo.QUERIES)


@pytest.mark.slow
def test_a_failing_command_ends_the_demonstration(tmp_path: Path) -> None:
    result = CliRunner().invoke(search_demo.app, ["--model", str(tmp_path / "nothing"), "--pictures", str(tmp_path)])
    assert result.exit_code == 1
    assert "python -m training publish" in " ".join(result.stderr.split())
