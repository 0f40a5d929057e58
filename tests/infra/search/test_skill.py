"""Asking the skill before deploying: ready or not, waiting or not, and whether it answers what is mapped."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError

from infra.search.definitions import DefinitionError, render
from infra.search.retrying import RetryDeadline
from infra.search.settings import SearchSettings, load_search_settings
from infra.search.skill import Ready, Skill, SkillError
from tests.local.search.skill_server import VERSION, Reply, SkillServer, Value, answer, reply


class Token(NamedTuple):
    token: str = "a token"  # noqa: S105 - nobody's
    expires_on: int = 0


class Login:
    """A login that is always there."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **_: Any) -> Token:
        self.scopes += scopes
        return Token()


def settings(url: str, **given: Any) -> SearchSettings:
    return load_search_settings({"skill_url": url, "storage_connection": "ResourceId=/s;", **given})


def skill_at(url: str, login: Login | None = None, **given: Any) -> Skill:
    return Skill(settings(url, **given), lambda: login or Login())  # pyright: ignore[reportArgumentType] - a fake one


def timeout(told: list[str], seconds: float = 5) -> RetryDeadline:
    return RetryDeadline(seconds, told.append, pause=0.01)


def responses(monkeypatch: pytest.MonkeyPatch, *answers: httpx.Response | Exception) -> list[dict[str, Any]]:
    """Answer the skill's requests with these, one after another; what was sent."""
    left, sent = list(answers), list[dict[str, Any]]()

    def request(method: str, url: str, **rest: Any) -> httpx.Response:
        sent.append({"method": method, **rest})
        following = left.pop(0)
        if isinstance(following, Exception):
            raise following
        following.request = httpx.Request(method, url)
        return following

    monkeypatch.setattr(httpx, "request", request)
    return sent


READY = {"status": "ready", "model": "books", "version": VERSION}


def test_a_ready_skill_reports_its_version(skill: SkillServer) -> None:
    assert skill_at(skill.url).wait(timeout([])) == Ready("colours", VERSION)


def test_waits_until_the_skill_has_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    loading = httpx.Response(503, json={"error": {"code": "x", "message": "no model yet"}})
    unknown, ready = httpx.Response(404, text="<html>"), httpx.Response(200, json=READY)
    responses(monkeypatch, httpx.ConnectError("refused"), unknown, loading, loading, ready)
    told: list[str] = []
    assert skill_at("http://f/").wait(timeout(told)) == Ready("books", VERSION)
    assert len(told) == 3  # once for each reason
    assert "no model yet" in told[2]


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (httpx.Response(403, json={"error": {"message": "the header is wrong"}}), "answers 403: the header is wrong"),
        (httpx.Response(410, text="<html>"), "answers 410: Gone"),
        (httpx.Response(200, text="<html>"), "does not answer in JSON"),
    ],
)
def test_fails_at_once_on_what_waiting_does_not_fix(
    response: httpx.Response, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    responses(monkeypatch, response)
    with pytest.raises(SkillError, match=message):
        skill_at("http://f/").wait(timeout([]))


def test_retrying_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    responses(monkeypatch, httpx.ConnectError("refused"))
    with pytest.raises(SkillError, match="does not answer"):
        skill_at("http://f/").wait(timeout([], seconds=0))
    responses(monkeypatch, httpx.Response(503))
    with pytest.raises(SkillError, match="503"):
        skill_at("http://f/").wait(timeout([], seconds=0))


def test_a_skill_behind_entra_may_let_in_the_search_service_only(monkeypatch: pytest.MonkeyPatch) -> None:
    login = Login()
    sent = responses(monkeypatch, httpx.Response(401))
    assert skill_at("http://f/", login, skill_resource_id="api://f").wait(timeout([])) is None
    assert login.scopes == ["api://f/.default"]
    assert sent[0]["headers"] == {"Authorization": "Bearer a token"}


class NoToken(Login):
    """An application without a scope that this login may ask for (AADSTS65001)."""

    def get_token(self, *scopes: str, **_: Any) -> Token:
        raise ClientAuthenticationError(f"AADSTS65001: no consent to {scopes[0]}")


def test_without_a_token_the_search_service_may_still_get_in() -> None:
    skill = skill_at("http://f/", NoToken(), skill_resource_id="api://f")
    assert skill.wait(timeout([])) is None
    with pytest.raises(SkillError, match=r"no token for api://f/\.default: AADSTS65001"):
        skill.ready()


def test_the_key_is_sent(skill: SkillServer) -> None:
    skill_at(skill.url, skill_key="secret").check(render(settings(skill.url)))
    assert [skill.headers[0][name] for name in ("ocp-apim-subscription-key", "x-functions-key")] == ["secret"] * 2


def test_every_mapped_output_must_be_answered(skill: SkillServer) -> None:
    def without(values: list[Value]) -> Reply:
        answers = [answer(value) for value in values]
        del answers[0]["data"]["vector"], answers[0]["data"]["clusterId"]
        return reply(answers)

    skill.answer = without
    with pytest.raises(DefinitionError) as caught:
        skill_at(skill.url).check(render(settings(skill.url, search_vector=True)))
    assert "skills[0].outputs[2].name: the skill did not answer 'clusterId'" in str(caught.value)
    assert "'vector': set RETURN_VECTOR=true" in str(caught.value)


def test_refuses_a_vector_of_another_length(skill: SkillServer) -> None:
    definitions = copy.deepcopy(render(settings(skill.url, search_vector=True)))
    next(field for field in definitions.index["fields"] if field["name"] == "vector")["dimensions"] = 25_088
    with pytest.raises(DefinitionError, match=r"dimensions: 25088, but the skill's vectors have 512 numbers"):
        skill_at(skill.url).check(definitions)


def test_a_picture_that_the_skill_cannot_read_is_an_error(skill: SkillServer) -> None:
    def refuse(values: list[Value]) -> Reply:
        return reply([{"recordId": "0", "data": {}, "errors": [{"message": "too dark"}], "warnings": []}])

    skill.answer = refuse
    with pytest.raises(SkillError, match="could not read the picture: too dark"):
        skill_at(skill.url).answer(b"x")
    assert skill.requests[0][0]["data"]["images"]["data"] == "eA=="
