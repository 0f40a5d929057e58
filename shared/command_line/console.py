"""How every command looks: its help, progress and messages on stderr, results on stdout, errors in one line."""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, override

import typer
from rich import markup
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from shared.errors import UserError
from shared.printable import printable


def typed(text: str) -> str:
    """A text with each `python -m …` in it as it can be typed where the user stands: by this environment's Python."""
    return re.sub(r"`((?:[A-Z_]+=\S+ )*)python -m ", lambda found: f"`{found[1]}{_python()} -m ", text)


def _python() -> str:
    program = Path(sys.executable)
    with suppress(ValueError):
        program = program.relative_to(Path.cwd())
    return quoted(str(program), windows=os.name == "nt")


def quoted(program: str, *, windows: bool) -> str:
    """A program's path as a shell takes it. Windows' know no single quotes, and escape nothing by a backslash."""
    if windows:
        return f'"{program}"' if " " in program else program
    return shlex.quote(program)


class _TypedConsole(Console):
    """Shows commands as they can be typed."""

    @override
    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(typed(item) if isinstance(item, str) else item for item in objects), **options)


console = _TypedConsole(stderr=True, highlight=False, soft_wrap=True, emoji=False)
"""For people. What a command computes goes to stdout, so that it can be piped."""


def command_line(description: str | None = None) -> typer.Typer:
    """A command line to add commands to. A single command describes itself; several share this description."""
    for stream in (sys.stdout, sys.stderr):
        # Where output goes into a pipe, Windows takes an encoding that lacks most letters: no name may end a command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return typer.Typer(
        help=description,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )


def count(number: int, singular: str, plural: str | None = None) -> str:
    """1 group, 2 groups."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


def flag(name: str, help: str) -> object:
    """An option that takes no value, shown without a type."""
    return typer.Option(name, help=help, metavar="")


def fail(message: object) -> NoReturn:
    """End the command: the message in red, exit code 1."""
    # Further lines are set back, so that a name with a line end in it can't pass for a line of ours.
    first, *others = (escape(line) for line in str(message).split("\n"))
    console.print("\n  ".join((f"[bold red]Error:[/] {first}", *others)))
    raise typer.Exit(1)


@contextmanager
def errors_in_words(kept: str = "") -> Generator[None]:
    """Turn errors that are written for people into `fail`; any other one is a bug and keeps its traceback.

    Ctrl+C ends the command in one line, too, which says what is `kept`.
    """
    try:
        yield
    except KeyboardInterrupt:
        console.print(f"\nInterrupted. {kept}" if kept else "\nInterrupted.")
        raise typer.Exit(130) from None
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
