"""How every command looks: its help, progress and messages on stderr, results on stdout, errors in one line."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich import markup
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from shared.errors import UserError
from shared.printable import printable

console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
"""For people. What a command computes goes to stdout, so that it can be piped."""


def command_line(description: str | None = None) -> typer.Typer:
    """A command line to add commands to. A single command describes itself; several share this description."""
    return typer.Typer(
        help=description,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )


def fail(message: object) -> NoReturn:
    """End the command: the message in red, exit code 1."""
    # Further lines are set back, so that a name with a line end in it can't pass for a line of ours.
    first, *others = (escape(line) for line in str(message).split("\n"))
    console.print("\n  ".join((f"[bold red]Error:[/] {first}", *others)))
    raise typer.Exit(1)


@contextmanager
def errors_in_words() -> Generator[None]:
    """Turn errors that are written for people into `fail`; any other one is a bug and keeps its traceback."""
    try:
        yield
    except (UserError, OSError) as error:
        fail(error)


def escape(text: str) -> str:
    """Text from outside (file names above all), one line: no square brackets as markup, no codes to the terminal."""
    return markup.escape(printable(text))


def say(line: str) -> None:
    """Tell people one line that may hold text from outside."""
    console.print(escape(line))


@contextmanager
def progress(task: str, total: int | None) -> Generator[Callable[[int], None]]:
    """A progress bar with an estimate of the time left. Yields a function that advances it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=console) as bar:
        handle = bar.add_task(task, total=total)
        yield lambda steps: bar.advance(handle, steps)
