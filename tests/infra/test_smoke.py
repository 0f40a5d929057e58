"""The smoke command, up to its first call to Azure, and how it cleans up after a call that fails."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra.smoke import PICTURES, app
from tests.conftest import noise_picture
from tests.infra.az import Az
from tests.tiny_models import tiny_model


def smoke(*options: str) -> Result:
    return CliRunner().invoke(app, options)


def message(result: Result) -> str:
    """The error that ended it, on one line."""
    assert result.exit_code == 1
    return " ".join(result.stderr.split("Error: ")[-1].split())


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    """The options for a model and pictures that are there."""
    tiny_model(tmp_path / "models")
    (tmp_path / "pictures").mkdir()
    for seed in range(PICTURES + 3):
        noise_picture(seed).save(tmp_path / "pictures" / f"{seed:02}.png")
    return ["--model", str(tmp_path / "models" / "books"), "--pictures", str(tmp_path / "pictures")]


@pytest.mark.usefixtures("no_az")
def test_without_az_nothing_begins(given: list[str]) -> None:
    assert "az is not installed" in message(smoke(*given))


def test_without_a_login_nothing_is_created(given: list[str], az: Az) -> None:
    az.answer({"account show": None})
    assert "az account show" in message(smoke(*given))
    assert az.asked() == ["account show --query name -o tsv"]


def test_without_a_model_or_pictures_az_is_not_even_asked(given: list[str], az: Az, tmp_path: Path) -> None:
    assert "is not a model" in message(smoke(*given, "--model", str(tmp_path / "nowhere")))
    for picture in list((tmp_path / "pictures").iterdir())[:4]:
        picture.unlink()
    assert "has 9 pictures, 10 are needed" in message(smoke(*given))
    assert az.asked() == []


def test_does_not_delete_a_group_it_could_not_create(given: list[str], az: Az) -> None:
    az.answer({"group create": None})
    assert smoke(*given).exit_code == 1
    assert [asked.split(" -n")[0] for asked in az.asked()] == ["account show --query name -o tsv", "group create"]


@pytest.mark.parametrize("listed", ["kv-one\nkv-two", None])
def test_what_was_created_is_deleted_when_a_step_fails(listed: str | None, given: list[str], az: Az) -> None:
    az.answer({"deployment group create": None, "keyvault list": listed, "ad signed-in-user": "somebody"})
    result = smoke(*given)
    asked = az.asked()
    group = asked[1].split()[3]
    assert group.startswith("skill-smoke-")
    assert f"group delete -n {group} --yes" in asked
    purged = [each for each in asked if each.startswith("keyvault purge")]
    assert purged == ([f"keyvault purge -n {vault}" for vault in listed.split()] if listed else [])
    assert "principalId=somebody" in next(each for each in asked if "group create -g" in each)
    assert " s  deploy infra/main.bicep\n" in result.stdout
    assert " s  tear down\n" in result.stdout
    assert message(result).startswith("az deployment group create")


def test_keep_leaves_the_group(given: list[str], az: Az) -> None:
    az.answer({"deployment group create": None})
    result = smoke(*given, "--keep")
    assert result.exit_code == 1
    assert not [each for each in az.asked() if each.startswith("group delete")]
    assert "left for a look: az group delete -n skill-smoke-" in result.stderr
