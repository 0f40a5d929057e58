"""The smoke command, up to its first call to Azure, and how it cleans up after a call that fails."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra.package import Guard, Package
from infra.search.retrying import RetryDeadline
from infra.send import Site
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


@pytest.fixture
def azure(az: Az, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that comes after az, which only Azure could answer: what it was asked, and it answers that all is well."""
    done: list[str] = []
    settings = {"FUNCTION_APP_NAME": {"value": "func"}, "SKILL_URL": {"value": "https://func.example"}}
    key = {"SKILL_KEY_SECRET": {"value": "https://vault.example/secrets/skill-key"}}
    site = {"id": "/sites/func", "properties": {"enabledHostNames": ["f.scm.example"], "functionAppConfig": {}}}
    answers = {
        "account get-access-token": "a-token",
        "ad app list": "[]",
        "ad app create": json.dumps({"id": "object", "appId": "client"}),
        "ad signed-in-user": "somebody",
        "ad sp list": "[]",
        "deployment group show": json.dumps(settings | key),
        "keyvault list": "kv-one",
        "keyvault secret show": "the-key",
        "resource show": json.dumps(site),
    }
    az.answer(answers)

    def build(folder: Path, guard: Guard) -> Package:
        done.append(f"build for {guard}")
        return Package(folder / "skill.zip", folder, 0, 0, "")

    def send(site: Site, package: Path, token: str, deadline: RetryDeadline) -> None:
        done.append(f"send {package.name} to {site.publishing} with {token}")

    def run(
        module: str, arguments: Sequence[str], settings: Mapping[str, str], *, capture: bool
    ) -> subprocess.CompletedProcess[str]:
        assert capture
        words = [each for each in arguments if not each.startswith("/")]
        done.append(" ".join([module, *words]) + (" with the key" if "SKILL_KEY" in settings else ""))
        hits = "hit\n" * PICTURES if "query" in arguments else ""
        return subprocess.CompletedProcess([], 0, stdout=hits)

    for name, stand_in in {"build": build, "send": send, "run": run}.items():
        monkeypatch.setattr(f"infra.smoke.{name}", stand_in)
    return done


@pytest.mark.parametrize("mode", ["key", "entra"])
def test_walks_all_of_it(mode: str, given: list[str], az: Az, azure: list[str]) -> None:
    by_key = mode == "key"
    if not by_key:
        answers = json.loads((az.folder / "answers.json").read_text())
        deployed = json.loads(answers["deployment group show"])
        del deployed["SKILL_KEY_SECRET"]
        az.answer({**answers, "deployment group show": json.dumps(deployed)})
    result = smoke(*given, *([] if by_key else ["--entra"]))
    assert result.exit_code == 0, result.output
    key = " with the key" if by_key else ""
    assert azure == [
        f"build for {mode}",
        "send skill.zip to https://f.scm.example with a-token",
        f"training publish{key}",
        f"infra.search deploy{key}",
        f"infra.search upload{key}",
        f"infra.search run{key}",
        f"infra.search query *{key}",
        f"infra.search query * --filter label/any(){key}",
    ]
    commands = [" ".join(asked.split(" -")[0].split()) for asked in az.asked()]
    registering = ["ad app list", "ad app create", "rest", "rest", "ad sp list", "ad sp create"]
    keys = ["keyvault secret show", "rest", "keyvault secret show", "rest", "keyvault secret show"]
    assert commands == [
        "account show",
        "group create",
        *([] if by_key else registering),
        "ad signed-in-user show",
        "deployment group create",
        "deployment group show",
        "resource show",
        "account get-access-token",
        "rest",
        *(keys if by_key else []),
        *([] if by_key else ["ad app delete"]),
        "keyvault list",
        "group delete",
        "keyvault purge",
    ]
    created = next(asked for asked in az.asked() if asked.startswith("deployment group create"))
    assert created.endswith("entraClientId=" if by_key else "entraClientId=client")


def test_keep_leaves_the_group(given: list[str], az: Az) -> None:
    az.answer({"deployment group create": None})
    result = smoke(*given, "--keep")
    assert result.exit_code == 1
    assert not [each for each in az.asked() if each.startswith("group delete")]
    assert "left for a look: az group delete -n skill-smoke-" in result.stderr
