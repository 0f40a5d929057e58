"""The Function as Azure calls it: a real func.HttpRequest in, a real func.HttpResponse out."""

import base64
import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import azure.functions as func
import pytest

import shared.api
from ClusterSkill import main
from shared.bundle import Labels
from shared.embedder import Embedder
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
