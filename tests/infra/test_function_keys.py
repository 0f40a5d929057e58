"""The function's keys are those in the vault, and nobody sees them on the way."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.az import AzError
from infra.function_keys import FUNCTION, KEYS, app, set_keys
from infra.search.retrying import RetryDeadline
from tests.conftest import PROJECT
from tests.infra.az import Az

SITE = "/subscriptions/s/sites/func"
SECRET = "https://vault.example/secrets/skill-key"  # noqa: S105 - an address


@pytest.fixture
def bodies(az: Az, tmp_path: Path) -> Path:
    """The stand-in for az also keeps what it is given to send, and that file's mode."""
    kept = tmp_path / "bodies"
    script = (az.folder / "az").read_text()
    keep = (
        "import os\n"
        "for each in sys.argv:\n"
        "    if each.startswith('@'):\n"
        f"        with open({str(kept)!r}, 'a') as out:\n"
        "            out.write(oct(os.stat(each[1:]).st_mode)[-3:] + open(each[1:]).read() + chr(10))\n"
    )
    (az.folder / "az").write_text(script + keep)
    return kept


def test_both_keys_become_the_functions_and_are_never_arguments(az: Az, bodies: Path) -> None:
    az.answer(
        {
            f"keyvault secret show --id {SECRET}-secondary": "the-other",
            f"keyvault secret show --id {SECRET}": "the-key",
        }
    )
    set_keys(SITE, SECRET, RetryDeadline(0, print))
    sent = [asked for asked in az.asked() if asked.startswith("rest")]
    assert [re.sub("@.*json", "@file", asked) for asked in sent] == [
        f"rest --method put --url {SITE}/functions/ClusterSkill/keys/{name}?api-version=2024-11-01 --body @file -o none"
        for name in ("skill", "skill-secondary")
    ]
    assert not [asked for asked in az.asked() if "the-key" in asked or "the-other" in asked]
    lines = bodies.read_text().splitlines()
    assert [line[:3] for line in lines] == ["600", "600"]
    assert [json.loads(line[3:])["properties"]["value"] for line in lines] == ["the-key", "the-other"]


def test_waits_for_a_function_that_is_not_known_yet(az: Az, monkeypatch: pytest.MonkeyPatch) -> None:
    az.answer({"rest": None})
    told: list[str] = []

    def wait(self: RetryDeadline, reason: str) -> bool:
        told.append(reason)
        return len(told) < 2

    monkeypatch.setattr(RetryDeadline, "wait", wait)
    with pytest.raises(AzError):
        set_keys(SITE, SECRET, RetryDeadline(0, print))
    assert ["does not take its keys yet" in reason for reason in told] == [True, True]


@pytest.mark.parametrize("group", [[], ["-g", "pictures"]], ids=["by the environment", "by group"])
def test_the_command_finds_the_site(az: Az, group: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = {"FUNCTION_APP_NAME": "func", "SKILL_KEY_SECRET": SECRET}
    az.answer(
        {
            "deployment group show": json.dumps({name: {"value": value} for name, value in outputs.items()}),
            "resource list -n func": SITE,
        }
    )
    for name, value in outputs.items():
        monkeypatch.setenv(name, "" if group else value)
    result = CliRunner().invoke(app, group)
    assert result.exit_code == 0, result.stderr
    assert sum(asked.startswith(f"rest --method put --url {SITE}/functions") for asked in az.asked()) == len(KEYS)


def test_behind_entra_there_are_no_keys(az: Az, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILL_KEY_SECRET", "")
    assert CliRunner().invoke(app).exit_code == 0
    assert az.asked() == []


def test_the_names_are_those_of_the_package_and_the_vault() -> None:
    assert (PROJECT / FUNCTION / "function.json").is_file()
    vault = (PROJECT / "infra" / "modules" / "key.bicep").read_text(encoding="utf-8")
    for suffix in KEYS.values():
        assert f"name: 'skill-key{suffix}'" in vault
