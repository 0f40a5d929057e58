"""Commands run with what a deployment says of itself."""

import json

import pytest
from typer.testing import CliRunner, Result

from infra.deployed import app, outputs, with_key
from tests.infra.az import Az

OUTPUTS = {
    "SEARCH_ENDPOINT": {"type": "String", "value": "https://search.example"},
    "SKILL_KEY_SECRET": {"type": "String", "value": "https://vault.example/secrets/skill-key"},
    "CLASSIFIER_URL": {"type": "String", "value": ""},
}
SHOW = "deployment group show -g pictures -n main --query properties.outputs -o json"


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def deployed(az: Az) -> Az:
    az.answer({"deployment group show": json.dumps(OUTPUTS), "keyvault secret show": "the-key"})
    return az


def test_outputs_are_settings_and_empty_ones_are_not_set(deployed: Az) -> None:
    assert outputs("pictures") == {name: OUTPUTS[name]["value"] for name in ("SEARCH_ENDPOINT", "SKILL_KEY_SECRET")}
    assert deployed.asked() == [SHOW]


def test_a_key_is_read_where_there_is_one_and_none_is_given(deployed: Az) -> None:
    assert with_key({"A": "a"}) == {"A": "a"}
    assert with_key({"SKILL_KEY_SECRET": "it", "SKILL_KEY": "given"}) == {
        "SKILL_KEY_SECRET": "it",
        "SKILL_KEY": "given",
    }
    assert deployed.asked() == []
    assert with_key({"SKILL_KEY_SECRET": "it"}) == {"SKILL_KEY_SECRET": "it", "SKILL_KEY": "the-key"}


def test_a_command_has_them_in_its_environment(deployed: Az, capfd: pytest.CaptureFixture[str]) -> None:
    assert invoke("-g", "pictures", "json.tool", "--no-such-option").exit_code == 2, "the command's own exit code"
    code = "import os; print(os.environ['SEARCH_ENDPOINT'], os.environ['SKILL_KEY'])"
    assert invoke("-g", "pictures", "timeit", "-n", "1", "-r", "1", code).exit_code == 0
    assert "https://search.example the-key\n" in capfd.readouterr().out


def test_in_a_hook_the_settings_are_in_place_and_the_key_is_added(
    deployed: Az, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKILL_KEY_SECRET", "https://vault.example/secrets/skill-key")
    assert invoke("timeit", "-n", "1", "-r", "1", "import os; print(os.environ['SKILL_KEY'])").exit_code == 0
    assert "the-key\n" in capfd.readouterr().out
    assert [asked.split(" --id")[0] for asked in deployed.asked()] == ["keyvault secret show"]


def test_without_a_command_it_shows_the_settings_and_no_key(deployed: Az) -> None:
    result = invoke("-g", "pictures")
    assert result.exit_code == 0
    assert result.stdout == (
        "SEARCH_ENDPOINT=https://search.example\nSKILL_KEY_SECRET=https://vault.example/secrets/skill-key\n"
    )
    assert deployed.asked() == [SHOW]


def test_a_missing_deployment_is_an_error(az: Az) -> None:
    az.answer({"deployment group show": None})
    result = invoke("-g", "nowhere", "json.tool")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: az deployment group show -g nowhere")
