"""Ask the skill, as the search service will: is it ready, does it answer what the definitions map?"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx
from azure.core.credentials import TokenCredential
from azure.core.exceptions import ClientAuthenticationError
from PIL import Image

from infra.search.checks import CLUSTERS_SKILL
from infra.search.definitions import DefinitionError, Definitions
from infra.search.retrying import RetryDeadline
from infra.search.settings import SearchSettings
from shared.errors import UserError

KEY_HEADERS = ("Ocp-Apim-Subscription-Key", "x-functions-key")
"""Our own, and the Functions host's, which refuses on Azure before it reads a body. Both carry the same key."""
_TIMEOUT = 60.0
# 404: a Function that has just got its code, until its triggers are known. 401: one that has just got its keys.
_PASSING = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)


class SkillError(UserError):
    """The skill does not answer, or not what it must."""


class SkillLoginError(SkillError):
    """Microsoft Entra gives us no token for the skill. The search service has an identity of its own for it."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a ready skill says of itself."""

    model: str
    version: str


class Skill:
    """The Function's URL with what opens it. `login` gives the token where Microsoft Entra guards it."""

    def __init__(self, settings: SearchSettings, login: Callable[[], TokenCredential]) -> None:
        self.url = settings.need("skill_url")
        self._settings = settings
        self._login = login

    def ready(self) -> Ready:
        """Raises SkillError when it does not serve."""
        body = self._checked(self._send("GET"))
        return Ready(str(body.get("model")), str(body.get("version")))

    def wait(self, deadline: RetryDeadline) -> Ready | None:
        """Wait until it serves. None where Entra lets in the search service and not us, so that it can't be asked.

        Raises SkillError when the time is over, or at once for what waiting can't fix, such as a wrong key.
        """
        while True:
            try:
                response = self._send("GET")
            except SkillLoginError:
                return None
            except SkillError as error:
                if not deadline.wait(str(error)):
                    raise
                continue
            if self._settings.skill_resource_id and response.status_code in {
                HTTPStatus.UNAUTHORIZED,
                HTTPStatus.FORBIDDEN,
            }:
                return None
            if response.status_code not in _PASSING or not deadline.wait(_problem(response)):
                body = self._checked(response)
                return Ready(str(body.get("model")), str(body.get("version")))

    def answer(self, picture: bytes) -> dict[str, Any]:
        """The answer's data for one picture. Raises SkillError."""
        record = {"recordId": "0", "data": {"images": {"data": base64.b64encode(picture).decode()}}}
        body = self._checked(self._send("POST", {"values": [record]}))
        value = body["values"][0]
        if value["errors"]:
            raise SkillError(f"{self.url} could not read the picture: {value['errors'][0]['message']}")
        return value["data"]

    def check(self, definitions: Definitions) -> None:
        """Send one picture and see that every output of the definitions is answered. Raises DefinitionError."""
        data = self.answer(_grey_picture())
        findings: list[str] = []
        for at, skill in enumerate(definitions.skillset["skills"]):
            if skill.get("name") == CLUSTERS_SKILL:
                findings += [
                    f"skillset.skills[{at}].outputs[{number}].name: the skill did not answer {output['name']!r}"
                    + (": set RETURN_VECTOR=true on the Function" if output["name"] == "vector" else "")
                    for number, output in enumerate(skill["outputs"])
                    if output["name"] not in data
                ]
        length = len(data.get("vector", ()))
        findings += [
            f"index.fields[{at}].dimensions: {field['dimensions']}, but the skill's vectors have {length:,} numbers"
            for at, field in enumerate(definitions.index["fields"])
            if length and field.get("dimensions", length) != length
        ]
        if findings:
            raise DefinitionError("\n".join(["these definitions would not work:", *findings]))

    def _send(self, method: str, body: object = None) -> httpx.Response:
        try:
            return httpx.request(method, self.url, json=body, headers=self._headers(), timeout=_TIMEOUT)
        except httpx.HTTPError as error:
            raise SkillError(f"the skill at {self.url} does not answer ({error or type(error).__name__})") from error

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        if self._settings.skill_key:
            headers |= dict.fromkeys(KEY_HEADERS, self._settings.skill_key.get_secret_value())
        if self._settings.skill_resource_id:
            scope = f"{self._settings.skill_resource_id}/.default"
            try:
                token = self._login().get_token(scope)
            except ClientAuthenticationError as error:
                raise SkillLoginError(f"no token for {scope}: {error.message}") from error
            headers["Authorization"] = f"Bearer {token.token}"
        return headers

    def _checked(self, response: httpx.Response) -> dict[str, Any]:
        if response.status_code != HTTPStatus.OK:
            raise SkillError(_problem(response))
        try:
            return response.json()
        except ValueError:
            raise SkillError(f"{self.url} does not answer in JSON: is SKILL_URL the Function's address?") from None


def _problem(response: httpx.Response) -> str:
    try:
        message = response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = response.reason_phrase
    return f"the skill at {response.url} answers {response.status_code}: {message}"


def _grey_picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "grey").save(buffer, "JPEG")
    return buffer.getvalue()
