"""The registration that guards the Function: what it is made of, made once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra import entra
from infra.entra import AZURE_CLI, app, remove
from tests.infra.az import Az

MADE = json.dumps({"id": "object", "appId": "client"})


@pytest.fixture
def sent(az: Az, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The bodies that Microsoft Graph is sent."""
    bodies: list[dict[str, object]] = []
    command = entra.az

    def watch(*arguments: str) -> str:
        if arguments[0] == "rest":
            bodies.append(json.loads(Path(arguments[arguments.index("--body") + 1][1:]).read_text(encoding="utf-8")))
        return command(*arguments)

    monkeypatch.setattr(entra, "az", watch)
    return bodies


def test_a_new_registration_has_a_scope_that_the_azure_cli_may_ask_for(az: Az, sent: list[dict[str, object]]) -> None:
    az.answer({"ad app list": "[]", "ad app create": MADE, "ad sp list": "[]"})
    result = CliRunner().invoke(app, ["--name", "pictures-skill"])
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "client\n"
    first, second = sent
    assert first["identifierUris"] == ["api://client"]
    api = first["api"]
    assert isinstance(api, dict)
    assert api["requestedAccessTokenVersion"] == 2
    (scope,) = api["oauth2PermissionScopes"]
    assert (scope["value"], scope["isEnabled"]) == ("user_impersonation", True)
    allowed = [{"appId": AZURE_CLI, "delegatedPermissionIds": [scope["id"]]}]
    assert second == {"api": {"preAuthorizedApplications": allowed}}, "once the scope is there"
    assert az.asked()[-1] == "ad sp create --id client -o none"


def test_one_that_is_there_is_kept(az: Az, sent: list[dict[str, object]]) -> None:
    az.answer({"ad app list": f"[{MADE}]", "ad sp list": "[{}]"})
    assert CliRunner().invoke(app, []).stdout == "client\n"
    assert len(sent) == 2
    assert not [asked for asked in az.asked() if "create" in asked]


def test_waits_until_graph_knows_a_new_one(az: Az, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"ad app list": f"[{MADE}]", "ad sp list": "[{}]"}
    az.answer({**answers, "rest": "ERROR: Request_ResourceNotFound"})
    monkeypatch.setattr("infra.search.retrying.time.sleep", lambda _: az.answer(answers))  # pyright: ignore[reportUnknownLambdaType]
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 0
    assert "does not take its settings yet" in " ".join(result.stderr.split())
    monkeypatch.setattr(entra, "_NEW_SECONDS", 0.0)
    az.answer({**answers, "rest": "ERROR: Request_ResourceNotFound"})
    assert CliRunner().invoke(app, []).exit_code == 1


def test_a_registration_is_deleted_by_its_client_id(az: Az) -> None:
    remove("client")
    assert az.asked() == ["ad app delete --id client"]
