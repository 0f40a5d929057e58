"""The smoke command, up to its first call to Azure, and how it cleans up after a call that fails."""

from pathlib import Path

import pytest

from infra.smoke import PICTURES, main
from tests.conftest import noise_picture
from tests.infra.conftest import Az
from tests.tiny_models import tiny_model


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    """The options for a model and pictures that are there."""
    tiny_model(tmp_path / "models")
    (tmp_path / "pictures").mkdir()
    for seed in range(PICTURES + 3):
        noise_picture(seed).save(tmp_path / "pictures" / f"{seed:02}.png")
    return ["--model", str(tmp_path / "models" / "books"), "--pictures", str(tmp_path / "pictures")]


@pytest.mark.usefixtures("no_az")
def test_without_az_nothing_begins(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(given) == 1
    assert "az is not installed" in capsys.readouterr().err


def test_without_a_login_nothing_is_created(given: list[str], az: Az, capsys: pytest.CaptureFixture[str]) -> None:
    az.answer({"account show": None})
    assert main(given) == 1
    assert az.asked() == ["account show --query name -o tsv"]
    assert "az account show" in capsys.readouterr().err


def test_without_a_model_or_pictures_az_is_not_even_asked(
    given: list[str], az: Az, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*given, "--model", str(tmp_path / "nowhere")]) == 1
    assert "is no model" in capsys.readouterr().err
    for picture in list((tmp_path / "pictures").iterdir())[:4]:
        picture.unlink()
    assert main(given) == 1
    assert "has 9 pictures, 10 are needed" in capsys.readouterr().err
    assert az.asked() == []


def test_a_group_that_could_not_be_created_is_not_deleted(given: list[str], az: Az) -> None:
    az.answer({"group create": None})
    assert main(given) == 1
    assert [asked.split(" -n")[0] for asked in az.asked()] == ["account show --query name -o tsv", "group create"]


@pytest.mark.parametrize("listed", ["kv-one\nkv-two", None])
def test_what_was_created_is_deleted_when_a_step_fails(
    listed: str | None, given: list[str], az: Az, capsys: pytest.CaptureFixture[str]
) -> None:
    az.answer({"deployment group create": None, "keyvault list": listed, "ad signed-in-user": "somebody"})
    assert main(given) == 1
    asked = az.asked()
    group = asked[1].split()[3]
    assert group.startswith("skill-smoke-")
    assert f"group delete -n {group} --yes" in asked
    purged = [each for each in asked if each.startswith("keyvault purge")]
    assert purged == ([f"keyvault purge -n {vault}" for vault in listed.split()] if listed else [])
    out, err = capsys.readouterr()
    assert "principalId=somebody" in next(each for each in asked if "group create -g" in each)
    assert " s  deploy infra/main.bicep\n" in out
    assert " s  tear down\n" in out
    assert err.strip().startswith("error: az deployment group create")


def test_it_can_leave_the_group_for_a_look(given: list[str], az: Az, capsys: pytest.CaptureFixture[str]) -> None:
    az.answer({"deployment group create": None})
    assert main([*given, "--keep"]) == 1
    assert not [each for each in az.asked() if each.startswith("group delete")]
    assert "left for a look: az group delete -n skill-smoke-" in capsys.readouterr().out
