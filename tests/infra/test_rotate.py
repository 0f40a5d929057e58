"""Exchanging the key: never a moment in which the search service sends one that is refused."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from infra import rotate as module
from infra.az import AzError
from infra.search.retrying import RetryDeadline
from infra.send import Site

SECRET = "https://kv-it.vault.azure.net/secrets/skill-key"  # noqa: S105 - an address
DEPLOYED = {"SKILL_KEY_SECRET": SECRET, "FUNCTION_APP_NAME": "func", "SKILL_URL": "https://func.example/api/extraction"}


class Deployment:
    """A vault, an app that reads it when told to, and a search service, which sends one key."""

    def __init__(self) -> None:
        self.vault = {"skill-key": "first", "skill-key-secondary": "unused"}
        self.app = set(self.vault.values())
        self.search = "first"
        self.slow = 0
        self.refuse_search = 0
        self.gaps: list[str] = []

    def az(self, *arguments: str) -> str:
        if arguments[:3] == ("keyvault", "secret", "set"):
            assert arguments[arguments.index("--vault-name") + 1] == "kv-it"
            file = Path(arguments[arguments.index("--file") + 1])
            self.vault[arguments[arguments.index("-n") + 1]] = file.read_text(encoding="utf-8")
        elif "refresh" in arguments[-1]:
            self.slow = 2
        else:
            raise AzError(" ".join(arguments))
        self._look()
        return ""

    def read(self, uri: str) -> str:
        return self.vault[uri.rpartition("/")[2]]

    def get(self, _: str, headers: dict[str, str], timeout: float) -> httpx.Response:
        self.slow -= 1
        if self.slow == 1:
            raise httpx.ConnectError("restarts")
        if self.slow <= 0:
            self.app = set(self.vault.values())
        self._look()
        return httpx.Response(200 if headers["x-functions-key"] in self.app else 401)

    def run(self, _: str, __: Sequence[str], settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        if self.refuse_search:
            self.refuse_search -= 1
            return subprocess.CompletedProcess([], 1)
        self.search = settings["SKILL_KEY"]
        self._look()
        return subprocess.CompletedProcess([], 0)

    def _look(self) -> None:
        if self.search not in self.app:
            self.gaps.append(self.search)


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    there = Deployment()
    monkeypatch.setattr(module, "az", there.az)
    monkeypatch.setattr(module, "read_secret", there.read)
    monkeypatch.setattr(module, "run", there.run)
    monkeypatch.setattr(module, "outputs", lambda *_: DEPLOYED)  # pyright: ignore[reportUnknownLambdaType]
    monkeypatch.setattr(module, "find_site", lambda *_: Site("/sites/func", "", flex=True))  # pyright: ignore[reportUnknownLambdaType]
    monkeypatch.setattr(module, "set_keys", lambda *_: None)  # pyright: ignore[reportUnknownLambdaType]
    monkeypatch.setattr(module.httpx, "get", there.get)
    monkeypatch.setattr(module, "RetryDeadline", lambda seconds, say: RetryDeadline(seconds, say, pause=0))  # pyright: ignore[reportUnknownLambdaType]
    return there


def rotate(*options: str) -> Result:
    return CliRunner().invoke(module.app, ["-g", "pictures", *options])


def test_search_gets_the_new_key_once_the_function_answers_to_both(deployment: Deployment) -> None:
    result = rotate()
    assert result.exit_code == 0, result.output
    assert deployment.search == deployment.vault["skill-key"] != "first"
    assert deployment.vault["skill-key-secondary"] == "first"
    assert deployment.gaps == []
    assert rotate("--revoke").exit_code == 0
    assert "first" not in deployment.app
    assert deployment.gaps == []


def test_an_interrupted_rotation_is_taken_up(deployment: Deployment) -> None:
    run, calls = deployment.run, iter([0, 1])
    deployment.refuse_search = 0

    def second_fails(*arguments: object) -> subprocess.CompletedProcess[str]:
        deployment.refuse_search = next(calls, 0)
        return run(*arguments)  # pyright: ignore[reportArgumentType]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "run", second_fails)
        result = rotate()
    assert result.exit_code == 1
    assert "both keys are good" in " ".join(result.stderr.split())
    assert (deployment.search, deployment.gaps) == ("first", [])
    assert rotate().exit_code == 0
    assert deployment.search == deployment.vault["skill-key"]
    assert deployment.gaps == []


def test_search_is_left_alone_while_the_function_does_not_answer_to_both(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.0)
    result = rotate()
    assert result.exit_code == 1
    assert "does not know a key yet" in " ".join(result.stderr.split())
    assert (deployment.search, deployment.gaps) == ("first", [])


def test_there_must_be_an_old_key_to_revoke_and_a_key_at_all(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.vault["skill-key-secondary"] = "first"
    assert "rotate first" in " ".join(rotate("--revoke").stderr.split())
    monkeypatch.setattr(module, "outputs", lambda *_: {})  # pyright: ignore[reportUnknownLambdaType]
    assert "there is no key to rotate" in " ".join(rotate().stderr.split())


def test_keys_are_never_on_a_command_line() -> None:
    assert "--value" not in json.dumps(Path(module.__file__).read_text(encoding="utf-8"))
