"""What only training knows is kept, and believed only of the model it belongs to."""

from pathlib import Path

import numpy as np

from shared.model.bundle import read_bundle
from tests.training.galleries import train_pictures
from training.clustering.eps import EpsChoice, EpsCurve
from training.report.cache import Choice, Curve, Facts, note_choices, read_facts, write_facts

CURVE = Curve(eps=(0.1, 0.2), clusters=(3, 2), coverage=(0.5, 0.9), largest=(0.2, 0.6), score=(0.4, 0.3))
CHOICE = Choice(category="", eps=0.1, reason="it is best", curve=CURVE)


def test_facts_come_back_as_they_were(tmp_path: Path) -> None:
    manifest = read_bundle(train_pictures(tmp_path / "models")).manifest
    facts = Facts(version=manifest.version, choices=(CHOICE,), positions={"ä\n.png": (0.25, 1.0)})
    write_facts(tmp_path, facts)
    assert read_facts(tmp_path, manifest) == facts


def test_facts_of_another_model_or_damaged_ones_are_none(tmp_path: Path) -> None:
    manifest = read_bundle(train_pictures(tmp_path / "models")).manifest
    nothing = Facts(version=manifest.version)
    assert read_facts(tmp_path, manifest) == nothing
    write_facts(tmp_path, Facts(version="another", choices=(CHOICE,)))
    assert read_facts(tmp_path, manifest) == nothing
    (tmp_path / ".report.json").write_bytes(b'{"version": ')
    assert read_facts(tmp_path, manifest) == nothing


def test_choices_are_noted_with_their_curves() -> None:
    curve = EpsCurve(
        eps=np.array([1 / 3, 0.5]),
        clusters=np.array([4, 1], dtype=np.int32),
        coverage=np.array([0.25, 1.0]),
        largest=np.array([0.125, 1.0]),
        score=np.array([0.75, 0.0]),
    )
    (noted,) = note_choices({"dogs": EpsChoice(0.4, curve, "it is best")})
    assert noted == Choice(
        category="dogs",
        eps=0.4,
        reason="it is best",
        curve=Curve(eps=(0.33333, 0.5), clusters=(4, 1), coverage=(0.25, 1.0), largest=(0.125, 1.0), score=(0.75, 0.0)),
    )
