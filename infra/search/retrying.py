"""Waiting for what Azure needs time for: roles that propagate, a Function that loads its model."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus

from azure.core.exceptions import HttpResponseError

type Say = Callable[[str], None]

_PAUSE_SECONDS = 10.0


class RetryDeadline:
    """How long to wait in all, told to the user once for each reason."""

    def __init__(self, seconds: float, say: Say, *, pause: float = _PAUSE_SECONDS) -> None:
        self._until = time.monotonic() + seconds
        self._say = say
        self._pause = pause
        self._told: set[str] = set()

    def wait(self, reason: str) -> bool:
        """Sleep a little; False once the time is over."""
        left = self._until - time.monotonic()
        if left <= 0:
            return False
        if reason not in self._told:
            self._told.add(reason)
            self._say(f"{reason}; trying again for {left:.0f} s")
        time.sleep(min(self._pause, left))
        return True

    def with_roles[Result](self, action: Callable[[], Result]) -> Result:
        """Repeat an action while Azure answers 403: a new role assignment takes minutes to be known everywhere."""
        while True:
            try:
                return action()
            except HttpResponseError as error:
                if error.status_code != HTTPStatus.FORBIDDEN or not self.wait("not allowed yet (403)"):
                    raise
