"""The smoke command with its own commands behind it, over https and by identity, up to what only Azure could answer.

Azurite, the stand-in for search and a skill take the places of storage, search service and Function; az is the tests'
stand-in. Neither is a package built nor sent: that has tests of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient
from typer.testing import CliRunner

from infra import smoke as module
from infra.package import Guard, Package
from local.search.process import start_search
from tests.infra.az import Az
from tests.local.search.deployments import draw_groups
from tests.local.search.skill_server import serve_skill
from tests.stores import CALLER, identity_azurite
from tests.tiny_models import tiny_model

IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"
KEY_SECRET = "https://vault.example/secrets/skill-key"  # noqa: S105 - an address


def answers(outputs: Mapping[str, str]) -> dict[str, str | None]:
    site = {"id": "/sites/func", "properties": {"enabledHostNames": ["func.scm.example"], "functionAppConfig": {}}}
    return {
        "account get-access-token": "a-token",
        "ad app list": "[]",
        "ad app create": json.dumps({"id": "object", "appId": "client"}),
        "ad signed-in-user": CALLER,
        "ad sp list": "[]",
        "deployment group show": json.dumps({name: {"value": value} for name, value in outputs.items()}),
        "keyvault secret show": "the-key",
        "resource show": json.dumps(site),
    }


@pytest.mark.slow
@pytest.mark.parametrize("mode", [Guard.KEY, Guard.ENTRA])
def test_from_an_empty_group_to_named_pictures(
    mode: Guard, az: Az, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_model(tmp_path / "models")
    draw_groups(tmp_path / "pictures", each=4)
    table = tmp_path / "identities.json"
    sent: list[Guard] = []

    def build(folder: Path, guard: Guard) -> Package:
        sent.append(guard)
        return Package(folder / "skill.zip", folder, 0, 0, "")

    monkeypatch.setattr(module, "build", build)
    monkeypatch.setattr(module, "send", lambda *_: None)  # pyright: ignore[reportUnknownLambdaType]
    with identity_azurite() as (azurite, environment), serve_skill() as skill:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        azurite.create_container("models")
        certificate = Path(environment["REQUESTS_CA_BUNDLE"])
        roles = ["Search Service Contributor", "Search Index Data Contributor"]
        account = {"connectionString": azurite.connection_string, "readers": [IDENTITY]}
        table.write_text(json.dumps({"callers": {CALLER: roles}, "accounts": {ACCOUNT: account}}))
        with start_search(identities=table, certificate=(certificate, certificate.with_name("key.pem"))) as search:
            guard = {"SKILL_KEY_SECRET": KEY_SECRET} if mode == Guard.KEY else {"SKILL_RESOURCE_ID": "api://client"}
            outputs = {
                "FUNCTION_APP_NAME": "func",
                "MODEL_STORE": azurite.url("models"),
                "STORAGE_ACCOUNT_URL": azurite.account_url,
                "STORAGE_CONNECTION": f"ResourceId={ACCOUNT};",
                "SEARCH_ENDPOINT": search.url,
                "SEARCH_IDENTITY": IDENTITY,
                "SEARCH_SCHEDULE": "PT1H",
                "SKILL_URL": skill.url,
                **guard,
            }
            az.answer(answers(outputs))
            options = ["--model", str(tmp_path / "models" / "books"), "--pictures", str(tmp_path / "pictures")]
            result = CliRunner().invoke(module.app, options + ([] if mode == Guard.KEY else ["--entra"]))
            assert result.exit_code == 0, result.output
            steps = [line.split(" s  ")[1] for line in result.stdout.splitlines() if " s  " in line]
            stored = BlobServiceClient.from_connection_string(azurite.connection_string)
            models = {blob.name for blob in stored.get_container_client("models").list_blobs()}
    assert sent == [mode]
    assert steps[-3:] == ["query", "tear down", "total"]
    assert "books/current.json" in models
    keys = {headers.get("ocp-apim-subscription-key") for headers in skill.headers}
    assert keys == ({"the-key"} if mode == Guard.KEY else {None})
    assert _asked(az, "group delete") == 1
    assert _asked(az, "ad app delete") == (0 if mode == Guard.KEY else 1)


def _asked(az: Az, command: str) -> int:
    asked: Sequence[str] = az.asked()
    return sum(each.startswith(command) for each in asked)
