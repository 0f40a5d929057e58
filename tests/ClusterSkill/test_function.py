"""The Function as Azure calls it: a real func.HttpRequest in, a real func.HttpResponse out."""

import base64
import json
from pathlib import Path

import pytest

import shared.serving.api
from tests.ClusterSkill.calls import call, picture, problem, values


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
def test_a_body_that_is_not_a_request_gets_400(body: object) -> None:
    response = call(body)
    assert response.status_code == 400
    assert response.mimetype == "application/json"
    assert problem(response)


@pytest.mark.usefixtures("models")
def test_readiness_names_the_model() -> None:
    response = call(b"", method="GET")
    found = json.loads(response.get_body())
    assert response.status_code == 200
    assert (found["status"], found["model"], found["clusters"]) == ("ready", "books", 1)
    assert found["running"] == 0
    assert found["version"] == response.headers["x-model-version"]
    assert found["parameters"]["eps"] == pytest.approx(0.001)
    assert found["parameters"]["pooling"] == "avg"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_model_it_is_503_and_says_where_it_looked(models: Path, method: str) -> None:
    (models / "books" / "manifest.json").unlink()
    response = call({"values": []}, method)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert str(models) in problem(response)


def test_an_invalid_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.usefixtures("models")
def test_an_unexpected_error_is_answered_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object, **options: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(shared.serving.api, "answer_records", broken)
    response = call(values({"images": picture(0)}))
    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
    assert problem(response) == "there is an error in the skill itself (ZeroDivisionError), which its log explains"
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.exc_info


@pytest.mark.usefixtures("models")
def test_telemetry_that_fails_to_start_costs_no_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=a-secret")
    assert call({"values": []}).status_code == 200
    assert "can't be used (ValueError): nothing is sent to Application Insights" in caplog.text
    assert "a-secret" not in caplog.text
