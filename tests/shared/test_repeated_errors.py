import logging

import pytest

from shared.errors import UserError
from shared.repeated_errors import RepeatedErrorLog


@pytest.fixture
def trouble() -> RepeatedErrorLog:
    return RepeatedErrorLog(logging.getLogger("test"), "over")


def test_each_cause_and_its_end_are_logged_once(trouble: RepeatedErrorLog, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    trouble.clear()
    for problem in ("a", "a", UserError("a"), "b", "a"):
        trouble.report(problem)
    assert trouble.cause == "a"
    trouble.clear()
    trouble.clear()
    assert trouble.cause is None
    assert caplog.messages == ["a", "b", "a", "over"]


def test_only_unexpected_errors_have_a_traceback(trouble: RepeatedErrorLog, caplog: pytest.LogCaptureFixture) -> None:
    for problem in (UserError("told"), OSError(28, "No space left on device"), KeyError("bug")):
        trouble.report(problem)
    assert caplog.messages == ["told", "[Errno 28] No space left on device", "KeyError: 'bug'"]
    assert [bool(record.exc_info) for record in caplog.records] == [False, False, True]
