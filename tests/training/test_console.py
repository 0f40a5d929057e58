import io

import pytest
import typer
from rich.table import Table

from shared.errors import UserError
from training.console import console, errors_in_words, escape, fail, progress


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Where the console writes."""
    stream = io.StringIO()
    monkeypatch.setattr(console, "file", stream)
    monkeypatch.setattr(console, "width", 200)
    return stream


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
def test_names_are_printed_as_they_are(screen: io.StringIO, name: str) -> None:
    console.print(f"[green]Read[/] {escape(name)}: fine")
    table = Table(escape(name), box=None)
    table.add_row(escape(name))
    console.print(table)
    assert screen.getvalue().split("\n")[:3] == [f"Read {name}: fine", f" {name} ", f" {name} "]


def test_codes_for_the_terminal_are_shown_and_not_sent(screen: io.StringIO) -> None:
    console.print(escape("a\x1b]0;title\x07\x9b31m\u202egpj.jpg\r"))
    assert screen.getvalue() == "a\\x1b]0;title\\x07\\x9b31m\\u202egpj.jpg\\r\n"


def test_line_ends_are_kept(screen: io.StringIO) -> None:
    console.print(escape("no source works.\n  the cache: empty"))
    assert screen.getvalue() == "no source works.\n  the cache: empty\n"


def test_what_is_printed_is_for_stderr() -> None:
    assert console.stderr


def test_fail_ends_the_command_with_a_message(screen: io.StringIO) -> None:
    with pytest.raises(typer.Exit) as ended:
        fail("a [1].jpg is missing")
    assert ended.value.exit_code == 1
    assert screen.getvalue() == "Error: a [1].jpg is missing\n"


@pytest.mark.parametrize("error", [UserError("mend it"), OSError("mend it")])
def test_errors_for_people_are_told_in_words(screen: io.StringIO, error: Exception) -> None:
    with pytest.raises(typer.Exit), errors_in_words():
        raise error
    assert screen.getvalue() == "Error: mend it\n"


def test_a_bug_keeps_its_traceback(screen: io.StringIO) -> None:
    with pytest.raises(ZeroDivisionError), errors_in_words():
        raise ZeroDivisionError
    assert screen.getvalue() == ""


def test_progress_counts(screen: io.StringIO) -> None:
    with progress("Embedding", 3) as advance:
        advance(1)
        advance(2)
    assert "Embedding" in screen.getvalue()
    assert "3/3" in screen.getvalue()
