import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.printable import printable


@given(st.text())
def test_nothing_is_left_that_is_acted_on_or_hidden(text: str) -> None:
    assert printable(text).isprintable()


@pytest.mark.parametrize("text", ["", "été 日本 😀.png", "<img src=x onerror=alert(1)>", "C:\\temp", "a b"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert printable(text) == text


def test_what_acts_is_written_out() -> None:
    assert printable("a\nb\r\t\x1b]0;t\x07\u202egpj\u2028\ud800") == (r"a\nb\r\t\x1b]0;t\x07\u202egpj\u2028\ud800")
