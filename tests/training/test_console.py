import re
from collections.abc import Callable

import pytest
import typer
from rich.table import Table

from shared.errors import UserError
from training.console import console, errors_in_words, escape, fail, progress

type Screen = Callable[[], str]


@pytest.fixture
def screen(capsys: pytest.CaptureFixture[str]) -> Screen:
    """What has been printed for people; nothing else has been printed."""

    def read() -> str:
        printed = capsys.readouterr()
        assert printed.out == ""
        return printed.err

    return read


@pytest.mark.parametrize(
    "name",
    [
        "a [1].jpg",
        "[red]a.jpg",
        "[/red]",
        "[link=evil]a[/link].jpg",
        ":smile:.jpg",
        r"c\[b]\d.jpg",
        "[[x]]",
        "été 日本",
    ],
)
def test_names_are_printed_as_they_are(screen: Screen, name: str) -> None:
    console.print(f"[green]Read[/] {escape(name)}: fine")
    table = Table(escape(name), box=None)
    table.add_row(escape(name))
    console.print(table)
    assert screen().split("\n")[:3] == [f"Read {name}: fine", f" {name} ", f" {name} "]


def test_codes_for_the_terminal_are_shown_and_not_sent(screen: Screen) -> None:
    console.print(escape("a\x1b]0;title\x07\x9b31m\u202egpj.jpg\r"))
    assert screen() == "a\\x1b]0;title\\x07\\x9b31m\\u202egpj.jpg\\r\n"


def test_a_name_can_not_pass_for_a_line_of_ours(screen: Screen) -> None:
    console.print(escape("a\nError: all is lost.jpg\u2028b"))
    assert screen() == "a\\nError: all is lost.jpg\\u2028b\n"
    with pytest.raises(typer.Exit):
        fail("a\nError: all is lost.jpg is missing")
    assert screen() == "Error: a\n  Error: all is lost.jpg is missing\n"


def test_fail_ends_the_command_with_a_message(screen: Screen) -> None:
    with pytest.raises(typer.Exit) as ended:
        fail("a [1].jpg is missing")
    assert ended.value.exit_code == 1
    assert screen() == "Error: a [1].jpg is missing\n"


@pytest.mark.parametrize("error", [UserError("mend it"), OSError("mend it")])
def test_errors_for_people_are_told_in_words(screen: Screen, error: Exception) -> None:
    with pytest.raises(typer.Exit), errors_in_words():
        raise error
    assert screen() == "Error: mend it\n"


def test_a_bug_keeps_its_traceback(screen: Screen) -> None:
    with pytest.raises(ZeroDivisionError), errors_in_words():
        raise ZeroDivisionError
    assert screen() == ""


def test_progress_counts(screen: Screen) -> None:
    with progress("Embedding", 3) as advance:
        advance(1)
        advance(2)
    assert re.search("Embedding .* 3/3 ", screen())
