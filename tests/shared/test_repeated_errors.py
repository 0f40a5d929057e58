import logging

import pytest

from shared.errors import UserError
from shared.repeated_errors import RepeatedErrorLog


@pytest.fixture
def errors() -> RepeatedErrorLog:
    return RepeatedErrorLog(logging.getLogger("test"), "over")


def test_each_cause_and_its_end_are_logged_once(errors: RepeatedErrorLog, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    errors.clear()
    for error in ("a", "a", UserError("a"), "b", "a"):
        errors.report(error)
    assert errors.cause == "a"
    errors.clear()
    errors.clear()
    assert errors.cause is None
    assert caplog.messages == ["a", "b", "a", "over"]


def test_only_unexpected_errors_have_a_traceback(errors: RepeatedErrorLog, caplog: pytest.LogCaptureFixture) -> None:
    for error in (UserError("expected"), OSError(28, "No space left on device"), KeyError("bug")):
        errors.report(error)
    assert caplog.messages == ["expected", "[Errno 28] No space left on device", "KeyError: 'bug'"]
    assert [bool(record.exc_info) for record in caplog.records] == [False, False, True]
