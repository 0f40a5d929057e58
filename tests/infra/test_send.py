"""Sending the package over HTTP: to the right endpoint, without a build, until it is in place."""

from __future__ import annotations

import json
import socket
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra import send as module
from infra.search.retrying import RetryDeadline
from infra.send import SendError, Site, app, find_site, send
from tests.infra.az import Az
from tests.infra.publishing import CALLER, HANG_UP, Publishing, publishing

ID = "/subscriptions/s/sites/func"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "skill.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ClusterSkill/function.json", json.dumps({"bindings": [{"authLevel": "function"}]}))
    return path


def deadline(seconds: float = 60) -> RetryDeadline:
    return RetryDeadline(seconds, lambda text: None, pause=0)


def at(site: Publishing, *, flex: bool = True) -> Site:
    return Site(ID, site.url, flex)


def test_flex_takes_the_package_without_a_build(package: Path) -> None:
    with publishing(states=[1, 4]) as site:
        send(at(site), package, CALLER, deadline())
    assert site.asked == ["POST /api/publish?RemoteBuild=false", *["GET /api/deployments/one"] * 2]
    assert site.package == package.read_bytes()


def test_a_dedicated_plan_takes_it_by_zipdeploy(package: Path) -> None:
    with publishing() as site:
        send(at(site, flex=False), package, CALLER, deadline())
    assert site.asked == ["POST /api/zipdeploy?isAsync=true", "GET /api/deployments/latest"]
    assert site.package == package.read_bytes()


@pytest.mark.parametrize("number", [403, 404, 409, 429, 502, 503])
def test_waits_for_an_endpoint_that_is_starting(number: int, package: Path) -> None:
    with publishing(posts=[number], states=[number, 1, 4]) as site:
        send(at(site), package, CALLER, deadline())
    assert len(site.asked) == 5
    assert site.package == package.read_bytes()


def test_sends_a_large_package_again_whole_when_it_was_refused_or_cut_off_halfway(tmp_path: Path) -> None:
    """More than what fits into the connection's buffers: it is refused while it is still being sent."""
    large = tmp_path / "large.zip"
    large.write_bytes(bytes(range(256)) * 80_000)
    with publishing(posts=[404, HANG_UP, 409]) as site:
        send(at(site), large, CALLER, deadline())
    assert len(site.asked) == 5
    assert site.package == large.read_bytes()


def test_waits_for_an_endpoint_that_is_not_there_yet(package: Path) -> None:
    reasons: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as free:
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(SendError, match="does not answer"):
        send(Site(ID, nowhere, flex=True), package, CALLER, RetryDeadline(1, reasons.append, pause=0.1))
    assert reasons
    assert "does not answer" in reasons[0]


@pytest.mark.parametrize(
    ("posts", "states", "token", "message"),
    [
        ([], [4], "another", "answers 401 to POST /api/publish: no"),
        ([400], [4], CALLER, "answers 400 to POST /api/publish"),
        ([], [{"status": 3, "status_text": "unzip"}], CALLER, "the deployment failed: unzip"),
        ([], [5], CALLER, "gave way to another"),
    ],
)
def test_fails_at_once_on_what_waiting_does_not_fix(
    posts: list[int | str], states: list[int | dict[str, Any]], token: str, message: str, package: Path
) -> None:
    with publishing(posts, states) as site, pytest.raises(SendError, match=message):
        send(at(site), package, token, deadline())


def test_ends_at_the_deadline(package: Path) -> None:
    with publishing(states=[1]) as site, pytest.raises(SendError, match="still not in place"):
        send(at(site), package, CALLER, deadline(0))


def test_the_command_finds_the_site_and_synchronises_its_triggers(
    az: Az, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {
        "id": ID,
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
            "account get-access-token": CALLER,
        }
    )
    assert find_site("pictures", "func") == Site(ID, "https://func.scm.azurewebsites.net", flex=True)
    with publishing() as site:
        here = at(site)

        def find(group: str, name: str) -> Site:
            return here

        monkeypatch.setattr(module, "find_site", find)
        result = CliRunner().invoke(app, ["-g", "pictures", "--package", str(package)])
    assert result.exit_code == 0, result.stderr
    assert site.package == package.read_bytes()
    after = [asked for asked in az.asked() if asked.startswith("rest")]
    assert after[0] == f"rest --method post --url {ID}/syncfunctiontriggers?api-version=2024-11-01"
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
