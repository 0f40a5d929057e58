"""Sending the package: to the right endpoint, without a build, until it is in place."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from infra import send as module
from infra.search.retrying import RetryDeadline
from infra.send import SendError, Site, app, find_site, send
from tests.infra.az import Az

FLEX = Site("/subscriptions/s/sites/func", "https://func.scm.azurewebsites.net", flex=True)
DEDICATED = Site(FLEX.id, FLEX.publishing, flex=False)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "skill.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ClusterSkill/function.json", json.dumps({"bindings": [{"authLevel": "function"}]}))
    return path


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[httpx.Request]]:
    """Makes the site answer so, in turn; returns the list that requests are added to."""

    def install(*responses: httpx.Response | Exception) -> list[httpx.Request]:
        asked: list[httpx.Request] = []
        left = iter(responses)

        def handle(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            response = next(left)
            if isinstance(response, Exception):
                raise response
            return response

        transport, client = httpx.MockTransport(handle), httpx.Client

        def connect(headers: dict[str, str], timeout: float) -> httpx.Client:
            return client(headers=headers, timeout=timeout, transport=transport)

        monkeypatch.setattr(module.httpx, "Client", connect)
        return asked

    return install


def deadline(seconds: float = 60) -> RetryDeadline:
    return RetryDeadline(seconds, lambda text: None, pause=0)


def status(number: int, text: str = "") -> httpx.Response:
    return httpx.Response(200, json={"status": number, "status_text": text})


def test_flex_takes_the_package_without_a_build(package: Path, answers: Callable[..., list[httpx.Request]]) -> None:
    asked = answers(httpx.Response(202, json="one"), status(1), status(4))
    send(FLEX, package, "the-token", deadline())
    assert [f"{each.method} {each.url}" for each in asked] == [
        "POST https://func.scm.azurewebsites.net/api/publish?RemoteBuild=false",
        "GET https://func.scm.azurewebsites.net/api/deployments/one",
        "GET https://func.scm.azurewebsites.net/api/deployments/one",
    ]
    assert asked[0].content == package.read_bytes()
    assert asked[0].headers["Content-Type"] == "application/zip"
    assert {each.headers["Authorization"] for each in asked} == {"Bearer the-token"}


def test_a_dedicated_plan_takes_it_by_zipdeploy(package: Path, answers: Callable[..., list[httpx.Request]]) -> None:
    asked = answers(httpx.Response(202), status(4))
    send(DEDICATED, package, "the-token", deadline())
    assert [each.url.raw_path for each in asked] == [b"/api/zipdeploy?isAsync=true", b"/api/deployments/latest"]


@pytest.mark.parametrize("number", [403, 404, 409, 429, 502, 503])
def test_waits_for_an_endpoint_that_is_starting(
    number: int, package: Path, answers: Callable[..., list[httpx.Request]]
) -> None:
    passing = httpx.Response(number)
    asked = answers(httpx.ConnectError("refused"), passing, httpx.Response(202, json="one"), passing, status(4))
    send(FLEX, package, "the-token", deadline())
    assert len(asked) == 5


@pytest.mark.parametrize(
    ("responses", "message"),
    [
        ([httpx.Response(401, text="no")], "answers 401 to POST /api/publish: no"),
        ([httpx.Response(202, json="one"), status(3, "unzip")], "the deployment failed: unzip"),
        ([httpx.Response(202, json="one"), status(5)], "gave way to another"),
    ],
)
def test_fails_at_once_on_what_waiting_does_not_fix(
    responses: list[httpx.Response], message: str, package: Path, answers: Callable[..., list[httpx.Request]]
) -> None:
    answers(*responses)
    with pytest.raises(SendError, match=message):
        send(FLEX, package, "the-token", deadline())


def test_ends_at_the_deadline(package: Path, answers: Callable[..., list[httpx.Request]]) -> None:
    answers(httpx.Response(202, json="one"), status(1))
    with pytest.raises(SendError, match="still not in place"):
        send(FLEX, package, "the-token", deadline(0))


def test_the_command_finds_the_site_and_synchronises_its_triggers(
    az: Az, package: Path, answers: Callable[..., list[httpx.Request]]
) -> None:
    found = {
        "id": FLEX.id,
        "properties": {
            "enabledHostNames": ["func.azurewebsites.net", "func.scm.azurewebsites.net"],
            "functionAppConfig": {"runtime": {}},
        },
    }
    az.answer(
        {
            "deployment group show": json.dumps(
                {
                    "FUNCTION_APP_NAME": {"value": "func"},
                    "SKILL_KEY_SECRET": {"value": "https://vault/secrets/skill-key"},
                }
            ),
            "resource show": json.dumps(found),
            "account get-access-token": "the-token",
        }
    )
    assert find_site("pictures", "func") == FLEX
    asked = answers(httpx.Response(202, json="one"), status(4))
    result = CliRunner().invoke(app, ["-g", "pictures", "--package", str(package)])
    assert result.exit_code == 0, result.stderr
    assert len(asked) == 2
    after = [asked for asked in az.asked() if asked.startswith("rest")]
    assert after[0] == f"rest --method post --url {FLEX.id}/syncfunctiontriggers?api-version=2024-11-01"
    assert [asked.split("/keys/")[1].split("?")[0] for asked in after[1:]] == ["skill", "skill-secondary"]


def test_a_package_for_another_guard_is_not_sent(az: Az, package: Path) -> None:
    az.answer({"deployment group show": json.dumps({"FUNCTION_APP_NAME": {"value": "func"}})})
    result = CliRunner().invoke(app, ["-g", "pictures", "--package", str(package)])
    assert result.exit_code == 1
    assert "--guard entra` builds the right one" in " ".join(result.stderr.split())
    assert len(az.asked()) == 1
    package.write_bytes(b"PK another")
    result = CliRunner().invoke(app, ["-g", "pictures", "--package", str(package)])
    assert "is not what `make package` builds" in " ".join(result.stderr.split())


def test_a_missing_package_says_how_to_build_it(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["-g", "pictures", "--package", str(tmp_path / "no.zip")])
    assert result.exit_code == 1
    assert "`make package` builds it" in " ".join(result.stderr.split())
