"""`python -m infra.rotate -g GROUP [--revoke]`: exchange the Function's key without an interruption.

The Function takes `KEY` and `KEY_SECONDARY`. The key in use becomes the secondary one and a new one takes its place;
only once the Function answers to both does the search service get the new one. The old one stays good for other callers
until `--revoke` replaces it. An interrupted rotation is taken up by running it again: what the search service sends is
made the first key before anything is replaced.

Needs Key Vault Secrets Officer on the vault. Keys go to az in files that only this user can read.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

import httpx

from infra.az import az, read_secret
from infra.deployed import DEPLOYMENT, KEY, KEY_SECRET, GroupOption, NameOption, outputs, run
from infra.function_keys import set_keys
from infra.search.retrying import RetryDeadline
from infra.search.skill import KEY_HEADERS
from infra.send import find_site
from shared.command_line.console import command_line, console, errors_in_words, escape, flag
from shared.errors import UserError

_SECONDARY = "-secondary"
_REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_SECONDS = 900.0
_REQUEST_SECONDS = 60.0


class RotationError(UserError):
    """The key was not exchanged, or not all the way. The message says what holds."""


class Rotation:
    """The keys of one deployment: in the vault, at the Function and at the Functions host."""

    def __init__(self, group: str, deployed: Mapping[str, str], deadline: RetryDeadline) -> None:
        """Raises RotationError where no key guards the Function, AzError."""
        if KEY_SECRET not in deployed:
            raise RotationError("Microsoft Entra guards the Function: there is no key to rotate")
        self._settings = deployed
        self._secret = deployed[KEY_SECRET]
        self._deadline = deadline
        self._site = find_site(group, deployed["FUNCTION_APP_NAME"]).id

    def rotate(self) -> None:
        """Put a new key into use, and keep the one before it. Raises UserError."""
        old = read_secret(self._secret)
        self._give_to_search(old)
        self._write(_SECONDARY, old)
        new = secrets.token_hex(32)
        self._write("", new)
        self._spread()
        self._wait(old, answered=True)
        self._wait(new, answered=True)
        self._give_to_search(new)

    def revoke(self) -> None:
        """Make the secondary key, which is the old one, worthless. Raises UserError."""
        old = read_secret(self._secret + _SECONDARY)
        if old == read_secret(self._secret):
            raise RotationError("the secondary key is the one in use: rotate first")
        self._write(_SECONDARY, secrets.token_hex(32))
        self._spread()
        self._wait(old, answered=False)

    def _write(self, suffix: str, value: str) -> None:
        address = urlsplit(self._secret)
        vault, name = (address.hostname or "").split(".")[0], address.path.split("/")[2] + suffix
        with tempfile.NamedTemporaryFile("w") as file:  # mode 600
            file.write(value)
            file.flush()
            there = ("--vault-name", vault, "-n", name)
            az("keyvault", "secret", "set", *there, "--file", file.name, "--encoding", "utf-8", "-o", "none")

    def _spread(self) -> None:
        """Have the app read its references, which it does once a day otherwise, and the host its keys."""
        refresh = f"{self._site}/config/configreferences/appsettings/refresh?api-version=2022-03-01"
        az("rest", "--method", "post", "--url", refresh)
        set_keys(self._site, self._secret, self._deadline)

    def _wait(self, key: str, *, answered: bool) -> None:
        while (found := self._answers(key)) is not answered:
            problem = "the Function still answers to the old key" if found else "the Function does not know a key yet"
            if not self._deadline.wait(problem):
                raise RotationError(f"{problem}; nothing else was changed: run this again")

    def _answers(self, key: str) -> bool | None:
        """Whether the Function lets this key in; None where it can't be said."""
        try:
            headers: dict[str, str] = dict.fromkeys(KEY_HEADERS, key)
            status = httpx.get(self._settings["SKILL_URL"], headers=headers, timeout=_REQUEST_SECONDS).status_code
        except httpx.HTTPError:
            return None
        return True if status == HTTPStatus.OK else False if status in _REFUSALS else None

    def _give_to_search(self, key: str) -> None:
        if run("infra.search", ["deploy"], {**self._settings, KEY: key}).returncode:
            raise RotationError("the search service did not take the key: run this again, both keys are good")


app = command_line()


@app.command()
def main(
    group: GroupOption,
    name: NameOption = DEPLOYMENT,
    revoke: Annotated[bool, flag("--revoke", "End the old key, once nobody sends it any more.")] = False,
) -> None:
    """Exchange the Function's key without an interruption."""
    with errors_in_words():
        deadline = RetryDeadline(_SECONDS, lambda text: console.print(escape(text)))
        rotation = Rotation(group, outputs(group, name), deadline)
        if revoke:
            rotation.revoke()
            console.print("[green]Revoked[/] the old key")
        else:
            rotation.rotate()
            console.print("[green]Rotated[/] the key; the old one is good until `--revoke`")


if __name__ == "__main__":
    app(prog_name="python -m infra.rotate")
