"""That every benchmark runs: the figures of a quick run say nothing."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import SECTIONS, SHOWN
from benchmarks.plot import draw
from benchmarks.results import PAGE, Curve, Section, load, render
from tests.conftest import PROJECT


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(SECTIONS) - {"clustering", "precision"}))  # these have tests of their own
def test_a_benchmark_runs(name: str, graph: Path) -> None:
    del graph
    command = [sys.executable, "-m", "benchmarks", name, "--quick"]
    ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found = re.findall(r"^\| .+ \| [≤≥] [\d.]+ .+ \| (\S+) .+ \| (?:met|\*\*missed\*\*) \|$", ran.stdout, re.MULTILINE)
    assert found
    assert all(math.isfinite(float(one)) for one in found)


def test_the_page_is_what_was_measured() -> None:
    sections = load(SHOWN)
    assert [section.name for section in sections if section.name in SECTIONS] == list(SECTIONS)
    assert PAGE.read_text(encoding="utf-8") == render(sections)


def test_the_plot_shows_every_curve_and_is_the_same_every_time(tmp_path: Path) -> None:
    curves = [Curve("Embedding", "ours", [1, 10], [0.1, 1]), Curve("Embedding", "plain recipe", [1, 10], [0.3, 3])]
    sections = [Section("embedding", "a machine", "2026-01-01", curves=curves), Section("memory", "", "")]
    for name in ("one.svg", "two.svg"):
        draw(sections, tmp_path / name)
    drawn = (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert all(text in drawn for curve in curves for text in (curve.panel, curve.name))
    assert drawn == (tmp_path / "two.svg").read_text(encoding="utf-8")
