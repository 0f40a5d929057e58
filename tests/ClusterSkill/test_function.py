"""The Function as Azure calls it: a real func.HttpRequest in, a real func.HttpResponse out."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import azure.functions as func
import pytest
from PIL import Image

import shared.api
from ClusterSkill import main
from shared.bundle import Labels
from shared.contract import Answer
from shared.embedder import Embedder, Vectors
from shared.images import Picture
from tests.bundles import link_graph, make_bundle
from tests.conftest import encode, noise_picture

CONTEXT = cast("func.Context", SimpleNamespace(trace_context=SimpleNamespace(trace_parent="")))
URL = "https://example.azurewebsites.net/api/extraction"


@pytest.fixture(autouse=True)
def fresh_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test starts as a new worker process would: nothing loaded."""
    monkeypatch.setattr(shared.api, "_api", None)


@pytest.fixture
def models(tmp_path: Path, graph: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models with one that knows noise picture 0 as "noise"."""
    link_graph(graph, tmp_path)
    vectors = embedder.embed([embedder.picture(encode(noise_picture(0)))])
    make_bundle(tmp_path / "books", vectors, [0], Labels(labels={0: ("noise",)}), eps=0.001)
    for name in ("KEY", "WEBSITE_INSTANCE_ID", "WEBSITE_AUTH_ENABLED", "MODEL_NAME", "DBSCAN_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MODEL_STORE", str(tmp_path))
    return tmp_path


def call(body: object = None, method: str = "POST", **headers: str) -> func.HttpResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return main(func.HttpRequest(method, URL, headers=given, body=content), CONTEXT)


def picture(seed: int, mode: str = "RGB", format: str = "PNG") -> dict[str, object]:
    data = base64.b64encode(encode(noise_picture(seed).convert(mode), format)).decode()
    return {"$type": "file", "data": data, "width": 64, "height": 48, "contentOffset": 0}


def values(*data: object) -> dict[str, object]:
    return {"values": [{"recordId": str(number), "data": each} for number, each in enumerate(data)]}


def problem(response: func.HttpResponse) -> str:
    return json.loads(response.get_body())["error"]["message"]


@pytest.mark.usefixtures("models")
def test_a_mixed_batch_is_answered_in_order() -> None:
    request = values(
        {"images": picture(0)},
        {"images": picture(0, "L")},
        {"images": picture(0, "P")},
        {"images": picture(0, "RGBA")},
        {"images": picture(0, "CMYK", "TIFF")},
        {"images": "not base64!"},
        {"images": base64.b64encode(b"not a picture").decode()},
        {},
    )
    response = call(request)
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    answers = json.loads(response.get_body())["values"]
    assert [each["recordId"] for each in answers] == [str(number) for number in range(8)]
    assert [bool(each["errors"]) for each in answers] == [False] * 5 + [True] * 3
    assert all(each["data"] == {} for each in answers[5:])
    assert all(set(message) == {"message"} for each in answers for message in each["errors"] + each["warnings"])
    assert answers[0]["data"]["label"] == ["noise"]
    assert response.headers["x-model-version"] == answers[0]["data"]["modelVersion"]


@pytest.mark.usefixtures("models")
def test_empty_values_are_answered_with_empty_values() -> None:
    response = call({"values": []})
    assert (response.status_code, json.loads(response.get_body())) == (200, {"values": []})


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("body", [b"", b"{", b"[1]", {"values": [{}]}])
def test_what_is_no_request_is_400(body: object) -> None:
    response = call(body)
    assert response.status_code == 400
    assert response.mimetype == "application/json"
    assert problem(response)


@pytest.mark.usefixtures("models")
def test_readiness_tells_the_model() -> None:
    response = call(b"", method="GET")
    found = json.loads(response.get_body())
    assert response.status_code == 200
    assert (found["status"], found["model"], found["clusters"]) == ("ready", "books", 1)
    assert found["version"] == response.headers["x-model-version"]
    assert found["parameters"]["eps"] == pytest.approx(0.001)
    assert found["parameters"]["pooling"] == "avg"


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_key_guards_both_methods(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setenv("KEY", "sesame")
    assert call({"values": []}, method).status_code == 403
    wrong = call({"values": []}, method, Ocp_Apim_Subscription_Key="Sesame")
    assert wrong.status_code == 403
    assert "sesame" not in problem(wrong).lower()
    assert call({"values": []}, method, ocp_apim_subscription_key="sesame").status_code == 200


@pytest.mark.usefixtures("models")
def test_two_keys_are_good_at_once_while_callers_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "new sesame")
    monkeypatch.setenv("KEY_SECONDARY", "old sesame")
    for key, status in (("new sesame", 200), ("old sesame", 200), ("sesame", 403), ("", 403)):
        assert call({"values": []}, ocp_apim_subscription_key=key).status_code == status


@pytest.mark.usefixtures("models")
def test_one_key_alone_may_be_the_secondary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_SECONDARY", "old sesame")
    assert call({"values": []}).status_code == 403
    assert call({"values": []}, ocp_apim_subscription_key="old sesame").status_code == 200


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("key", ["s\u00e9same", "\udce9"])
def test_whatever_stands_in_the_header_is_compared(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("KEY", "sesame")
    assert call({"values": []}, ocp_apim_subscription_key=key).status_code == 403


@pytest.mark.usefixtures("models")
def test_keys_are_compared_in_constant_time_and_both_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(expected: bytes, given: bytes) -> bool:
        compared.append((expected, given))
        return expected == given

    monkeypatch.setattr(hmac, "compare_digest", compare)
    monkeypatch.setenv("KEY", "one")
    monkeypatch.setenv("KEY_SECONDARY", "two")
    assert call({"values": []}, ocp_apim_subscription_key="one").status_code == 200
    assert compared == [(b"one", b"one"), (b"two", b"one")]


@pytest.mark.usefixtures("models")
def test_on_azure_without_any_guard_everyone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_INSTANCE_ID", "abc")
    response = call({"values": []})
    assert response.status_code == 403
    assert "neither the app setting KEY nor Easy Auth" in problem(response)


@pytest.mark.usefixtures("models")
def test_easy_auth_is_a_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_INSTANCE_ID", "abc")
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    assert call({"values": []}).status_code == 200


@pytest.mark.usefixtures("models")
def test_too_large_a_request_is_413(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_REQUEST_BYTES", "20")
    response = call(b" " * 21)
    assert response.status_code == 413
    assert "batchSize" in problem(response)


@pytest.mark.usefixtures("models")
def test_too_many_records_are_413(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_RECORDS", "1")
    assert call(values({}, {})).status_code == 413


@pytest.mark.usefixtures("models")
def test_what_is_done_in_time_is_answered_and_the_rest_fails_record_by_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_REQUEST_SECONDS", "5")
    call({"values": []})
    release = threading.Event()
    decode = Embedder.picture

    def slow(self: Embedder, data: bytes, *, max_pixels: int) -> Picture:
        if len(data) == len(encode(noise_picture(1))):
            release.wait(60)
        return decode(self, data, max_pixels=max_pixels)

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


@pytest.mark.usefixtures("models")
def test_requests_too_large_together_take_turns_and_are_put_off_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_REQUEST_SECONDS", "5")
    monkeypatch.setenv("MAX_BYTES_IN_FLIGHT", "100")
    call({"values": []})
    release, entered = threading.Event(), threading.Event()
    answer = shared.api.answer_records

    def slow(*arguments: Any, **options: Any) -> list[Answer]:
        entered.set()
        release.wait(60)
        return answer(*arguments, **options)

    monkeypatch.setattr(shared.api, "answer_records", slow)
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
def test_where_memory_runs_out_the_request_is_put_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(shared.api, "parse_request", no_memory)
        response = call(values({"images": picture(0)}))
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert "not enough memory" in problem(response)
    assert call({"values": []}).status_code == 200


@pytest.mark.usefixtures("models")
def test_a_record_whose_picture_no_memory_suffices_for_fails_alone_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_model_it_is_503_and_says_where_it_looked(models: Path, method: str) -> None:
    (models / "books" / "manifest.json").unlink()
    response = call({"values": []}, method)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert str(models) in problem(response)


def test_a_setting_that_can_not_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_RECORDS", "many")
    response = call({"values": []})
    assert response.status_code == 503
    assert "MAX_RECORDS" in problem(response)


def test_the_originals_settings_are_honoured(
    models: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (models / "books").rename(models / "novels")
    monkeypatch.setenv("DBSCAN_MODEL", "models/novels.pkl")
    monkeypatch.setenv("CLUSTER_LABELS", "labels.pkl")
    monkeypatch.setenv("DEBUG", "True")
    response = call(values({"images": picture(0)}))
    assert json.loads(response.get_body())["values"][0]["data"]["label"] == ["noise"]
    assert "DBSCAN_MODEL=models/novels.pkl is read as MODEL_NAME=novels" in caplog.text
    assert "CLUSTER_LABELS=labels.pkl is not read" in caplog.text
    assert "answered 1 records" in caplog.text


@pytest.mark.usefixtures("models")
def test_vector_where_the_deployment_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETURN_VECTOR", "true")
    (answer,) = json.loads(call(values({"images": picture(0)})).get_body())["values"]
    assert len(answer["data"]["vector"]) == 512
