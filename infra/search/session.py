"""What every command begins with: clients by the environment's settings, and errors in words."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from infra.search.settings import load_search_settings
from shared.command_line.console import console, errors_in_words, escape, fail

if TYPE_CHECKING:
    from infra.search.clients import Clients


@contextmanager
def session(given: dict[str, Any] | None = None) -> Generator[Clients]:
    """Clients by the environment's settings; errors from outside the code end the command with their message."""
    from azure.core.exceptions import AzureError, HttpResponseError

    from infra.search.clients import Clients

    with errors_in_words():
        try:
            with Clients(load_search_settings(given)) as clients:
                yield clients
        except HttpResponseError as error:
            fail(error.error.message if error.error else error.message)
        except AzureError as error:
            fail(error.message)


def say(text: str) -> None:
    """A line for people, whatever brackets are in it."""
    console.print(escape(text))
