"""Waiting for roles."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from azure.core.exceptions import HttpResponseError

from infra.search.retrying import RetryDeadline


def refusal(status: HTTPStatus) -> HttpResponseError:
    error = HttpResponseError("no")
    error.status_code = status
    return error


def test_retries_403_and_reports_it_once() -> None:
    told: list[str] = []
    answers: list[Exception | str] = [refusal(HTTPStatus.FORBIDDEN), refusal(HTTPStatus.FORBIDDEN), "done"]

    def action() -> str:
        following = answers.pop(0)
        if isinstance(following, Exception):
            raise following
        return following

    assert RetryDeadline(5, told.append, pause=0.01).with_roles(action) == "done"
    assert len(told) == 1
    assert told[0].startswith("not allowed yet (403)")


@pytest.mark.parametrize(("status", "seconds"), [(HTTPStatus.FORBIDDEN, 0), (HTTPStatus.BAD_REQUEST, 5)])
def test_does_not_retry_other_errors(status: HTTPStatus, seconds: float) -> None:
    def action() -> None:
        raise refusal(status)

    with pytest.raises(HttpResponseError):
        RetryDeadline(seconds, print, pause=0.01).with_roles(action)
