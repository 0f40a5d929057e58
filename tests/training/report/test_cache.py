"""The report's cache is kept, and used only for the model it belongs to."""

from pathlib import Path

import numpy as np

from shared.model.bundle import read_bundle
from tests.training.galleries import CHOICE, train_pictures
from training.clustering import choice
from training.report.cache import Choice, Curve, ReportCache, note_choices, read_cache, write_cache


def test_the_cache_is_read_back_as_written(tmp_path: Path) -> None:
    manifest = read_bundle(train_pictures(tmp_path / "models")).manifest
    cache = ReportCache(version=manifest.version, choices=(CHOICE,), positions={"ä\n.png": (0.25, 1.0)})
    write_cache(tmp_path, cache)
    assert read_cache(tmp_path, manifest) == cache


def test_a_damaged_cache_or_one_of_another_model_is_empty(tmp_path: Path) -> None:
    manifest = read_bundle(train_pictures(tmp_path / "models")).manifest
    nothing = ReportCache(version=manifest.version)
    assert read_cache(tmp_path, manifest) == nothing
    write_cache(tmp_path, ReportCache(version="another", choices=(CHOICE,)))
    assert read_cache(tmp_path, manifest) == nothing
    (tmp_path / ".report.json").write_bytes(b'{"version": ')
    assert read_cache(tmp_path, manifest) == nothing


def test_choices_are_noted_with_their_curves() -> None:
    curve = choice.Curve(
        eps=np.array([1 / 3, 0.5]),
        clusters=np.array([4, 1], dtype=np.int32),
        coverage=np.array([0.25, 1.0]),
        largest=np.array([0.125, 1.0]),
        score=np.array([0.75, 0.0]),
    )
    (noted,) = note_choices({"dogs": choice.Choice(15, 0.4, curve, 0.25, True, "it is best")})
    assert noted == Choice(
        category="dogs",
        neighbours=15,
        eps=0.4,
        reason="it is best",
        weak=True,
        curve=Curve(eps=(0.33333, 0.5), clusters=(4, 1), coverage=(0.25, 1.0), largest=(0.125, 1.0), score=(0.75, 0.0)),
    )
