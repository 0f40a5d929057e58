"""Batches, parallel calls, the time limit, retries: as documented, against a real server."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from local.search.skill_contract import Answer
from local.search.web_api_skill import Failure, Record, WebApiSkill
from tests.local.search.skill_server import Reply, Value, reply, serve_skill


def echo(values: list[Value]) -> Reply:
    return reply([{"recordId": v["recordId"], "data": dict(v["data"]), "errors": [], "warnings": []} for v in values])


def skill(url: str, **definition: Any) -> WebApiSkill:
    max_bytes = definition.pop("max_answer_bytes", 10_000)
    return WebApiSkill({"uri": url, "timeout": "PT5S", **definition}, retry_pause=0.01, max_answer_bytes=max_bytes)


def records(count: int) -> list[Record]:
    return [Record(str(number), {"x": number}) for number in range(count)]


def test_records_go_in_batches_and_come_back_by_their_ids() -> None:
    def backwards(values: list[Value]) -> Reply:
        return echo(values[::-1])

    with serve_skill(backwards) as server:
        answers = skill(server.url, batchSize=4, degreeOfParallelism=1).run(records(10))
    assert [len(request) for request in server.requests] == [4, 4, 2]
    assert answers == {str(number): Answer({"x": number}) for number in range(10)}


def test_at_most_so_many_calls_run_at_once() -> None:
    def slow(values: list[Value]) -> Reply:
        answered = echo(values)
        answered.pause = 0.05
        return answered

    with serve_skill(slow) as server:
        skill(server.url, batchSize=1, degreeOfParallelism=3).run(records(9))
    assert server.most_running == 3


def test_headers_are_sent() -> None:
    with serve_skill(echo) as server:
        skill(server.url, httpHeaders={"Ocp-Apim-Subscription-Key": "secret"}).run(records(1))
    assert server.headers[0]["ocp-apim-subscription-key"] == "secret"


@pytest.mark.parametrize("status", [429, 502, 503])
def test_transient_errors_are_retried_twice(status: int) -> None:
    def recovering(values: list[Value]) -> Reply:
        return echo(values) if len(server.requests) == 3 else Reply(b"", status)

    with serve_skill(recovering) as server:
        assert skill(server.url).run(records(1)) == {"0": Answer({"x": 0})}
    assert len(server.requests) == 3


def test_lasting_errors_fail_every_record_of_the_batch() -> None:
    with serve_skill(lambda _: Reply(b"later", 503)) as server:
        answers = skill(server.url, batchSize=2).run(records(2))
    assert len(server.requests) == 3
    failure = answers["1"]
    assert isinstance(failure, Failure)
    assert failure.message == "Could not execute skill because the Web Api request failed."
    assert "'503'" in failure.details
    assert "later" in failure.details


def test_other_statuses_are_not_retried() -> None:
    with serve_skill(lambda _: Reply(b"", 500)) as server:
        answers = skill(server.url).run(records(1))
    assert len(server.requests) == 1
    assert isinstance(answers["0"], Failure)


def test_an_unreachable_server_is_retried_and_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    answers = skill(f"http://127.0.0.1:{port}/").run(records(1))
    assert isinstance(answers["0"], Failure)
    assert answers["0"].message == "Could not execute skill because the Web Api request failed."


def test_one_batch_that_fails_leaves_the_others() -> None:
    def failing(values: list[Value]) -> Reply:
        return Reply(b"", 500) if values[0]["recordId"] == "2" else echo(values)

    with serve_skill(failing) as server:
        answers = skill(server.url, batchSize=1).run(records(4))
    assert [number for number, answer in answers.items() if isinstance(answer, Failure)] == ["2"]


def test_a_late_answer_is_a_timeout() -> None:
    def late(values: list[Value]) -> Reply:
        answered = echo(values)
        answered.pause = 1.5
        return answered

    with serve_skill(late) as server:
        answers = skill(server.url, timeout="PT1S").run(records(1))
    assert len(server.requests) == 1
    assert isinstance(answers["0"], Failure)
    assert "within the time limit '00:00:01'" in answers["0"].message


def test_records_with_errors_fail_alone() -> None:
    def second_fails(values: list[Value]) -> Reply:
        answers: list[dict[str, Any]] = json.loads(echo(values).body)["values"]
        answers[1] |= {"data": {}, "errors": [{"message": "it is no picture"}]}
        return reply(answers)

    with serve_skill(second_fails) as server:
        answers = skill(server.url).run(records(3))
    assert answers["1"] == Failure(
        "Could not execute skill. WebApi skill response contains errors.", "it is no picture"
    )
    assert isinstance(answers["0"], Answer)
    assert isinstance(answers["2"], Answer)


@pytest.mark.parametrize(
    ("bad", "details"),
    [
        (Reply(b'{"values": []}', content_type="text/plain"), "invalid content type"),
        (Reply(b"x" * 20_000), "longer than 10,000 bytes"),
        (Reply(b'{"values": []}'), "does not contain a record"),
    ],
)
def test_an_invalid_answer_is_an_error_and_is_not_retried(bad: Reply, details: str) -> None:
    with serve_skill(lambda _: bad) as server:
        answers = skill(server.url).run(records(2))
    assert len(server.requests) == 1
    for failure in answers.values():
        assert isinstance(failure, Failure)
        assert failure.message == "Could not execute skill because Web Api skill response is invalid."
        assert details in failure.details
