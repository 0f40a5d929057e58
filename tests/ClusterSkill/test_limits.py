"""What is too much for the Function: bytes, records, time, requests at once, memory."""

import base64
import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image

import shared.serving.api
from shared.embedding.embedder import Embedder, Vectors
from shared.embedding.images import Picture
from shared.serving.contract import Answer
from tests.ClusterSkill.calls import call, picture, problem, values
from tests.conftest import encode, noise_picture


@pytest.mark.usefixtures("models")
def test_too_large_a_request_is_413(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_REQUEST_BYTES", "20")
    response = call(b" " * 21)
    assert response.status_code == 413
    assert "batchSize" in problem(response)


@pytest.mark.usefixtures("models")
def test_a_body_in_chunks_which_the_host_drops_is_400_and_says_what_to_send() -> None:
    response = call(b"", transfer_encoding="Chunked")
    assert (response.status_code, "send this one with Content-Length" in problem(response)) == (400, True)
    assert call(b"").status_code == 400
    assert "Content-Length" not in problem(call(b""))


@pytest.mark.usefixtures("models")
def test_readiness_says_how_many_requests_run(monkeypatch: pytest.MonkeyPatch) -> None:
    started, release = threading.Event(), threading.Event()

    def wait(*args: object, **options: object) -> list[Answer]:
        started.set()
        release.wait(20)
        return []

    monkeypatch.setattr(shared.serving.api, "answer_records", wait)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(call, {"values": []})
        assert started.wait(20)
        assert json.loads(call(method="GET").get_body())["running"] == 1
        release.set()
        assert running.result().status_code == 200
    assert json.loads(call(method="GET").get_body())["running"] == 0


@pytest.mark.usefixtures("models")
def test_too_many_records_are_413(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_RECORDS", "1")
    assert call(values({}, {})).status_code == 413


@pytest.mark.usefixtures("models")
def test_records_done_in_time_are_answered_and_the_others_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_REQUEST_SECONDS", "5")
    call({"values": []})
    release = threading.Event()
    decode = Embedder.picture

    def slow(self: Embedder, data: bytes, **options: Any) -> Picture:
        if len(data) == len(encode(noise_picture(1))):
            release.wait(60)
        return decode(self, data, **options)

    monkeypatch.setattr(Embedder, "picture", slow)
    started = time.monotonic()
    try:
        response = call(values(*({"images": picture(seed)} for seed in (0, 1, 0))))
    finally:
        elapsed = time.monotonic() - started
        release.set()
    first, late, last = json.loads(response.get_body())["values"]
    assert (response.status_code, first["errors"], last["errors"]) == (200, [], [])
    assert [error["message"] for error in late["errors"]] == [
        "data.images was not reached within 5 s: lower the skill's batchSize, or raise its timeout and the app setting "
        "MAX_REQUEST_SECONDS"
    ]
    assert elapsed < 15


@pytest.mark.slow
@pytest.mark.usefixtures("models")
def test_requests_too_large_together_take_turns_until_429(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_REQUEST_SECONDS", "5")
    monkeypatch.setenv("MAX_BYTES_IN_FLIGHT", "100")
    call({"values": []})
    release, entered = threading.Event(), threading.Event()
    answer = shared.serving.api.answer_records

    def slow(*arguments: Any, **options: Any) -> list[Answer]:
        entered.set()
        release.wait(60)
        return answer(*arguments, **options)

    monkeypatch.setattr(shared.serving.api, "answer_records", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(call, values({"images": picture(0)}))
        entered.wait(60)
        refused = call(values({"images": picture(0)}))
        assert call(b"", method="GET").status_code == 200
        release.set()
        assert first.result().status_code == 200
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "MAX_BYTES_IN_FLIGHT" in problem(refused)
    assert call(values({"images": picture(0)})).status_code == 200


@pytest.mark.usefixtures("models")
def test_running_out_of_memory_gets_429(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(shared.serving.api, "parse_request", no_memory)
        response = call(values({"images": picture(0)}))
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert "not enough memory" in problem(response)
    assert call({"values": []}).status_code == 200


@pytest.mark.usefixtures("models")
def test_a_picture_too_large_for_memory_fails_its_record_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    embed = Embedder.embed
    call({"values": []})

    def tight(self: Embedder, pictures: Sequence[Picture]) -> Vectors:
        if len(pictures) > 1 or pictures[0].mean() < 1:
            raise MemoryError
        return embed(self, pictures)

    monkeypatch.setattr(Embedder, "embed", tight)
    black = base64.b64encode(encode(Image.new("RGB", (8, 8)))).decode()
    response = call(values({"images": picture(0)}, {"images": black}, {"images": picture(0)}))
    answers = json.loads(response.get_body())["values"]
    assert [[error["message"] for error in each["errors"]] for each in answers] == [
        [],
        ["data.images can't be answered: there is not enough memory to embed it"],
        [],
    ]
