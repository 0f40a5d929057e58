"""Telemetry, through the real exporter, to a stand-in for Application Insights' ingestion endpoint."""

import base64
import json
import logging
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from opentelemetry import context

from local.processes import start_host
from shared.digests import sha256
from shared.embedding.embedder import EmbedderSpec, open_embedder
from shared.embedding.vgg16 import WEIGHTS_SHA256
from shared.serving.api import Api
from shared.serving.contract import Answer
from shared.serving.model_server import ModelServer
from shared.serving.telemetry import (
    REFUSED,
    RUNNING,
    SPAN,
    TRAINED,
    WAITING,
    ApplicationInsights,
    NoTelemetry,
    open_telemetry,
    summarise,
)
from shared.settings import Settings
from shared.stopwatch import Stopwatch
from shared.stores.graphs import graph_path
from tests.bundles import make_bundle
from tests.conftest import PROJECT, encode, noise_picture
from tests.shared.serving.ingestion import Ingestion
from tests.tiny_models import INPUT, tiny_graph, tiny_model

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@contextmanager
def suppress_instrumentation() -> Generator[None]:
    """As the SDK does on the threads that send."""
    key = context._SUPPRESS_INSTRUMENTATION_KEY  # pyright: ignore[reportPrivateUsage] - there is no other name for it
    token = context.attach(context.set_value(key, value=True))
    yield
    context.detach(token)


def answers() -> list[Answer]:
    return [
        Answer("1", {"clusterId": 3, "confidence": 0.5}),
        Answer("2", {"clusterId": -1, "confidence": 0.0}),
        Answer("3", {"clusterId": [3, -1], "confidence": [0.7, 0.0]}),
        Answer("4", error="it can't be read"),
    ]


@pytest.mark.parametrize("kept", ["01", "00"])
def test_a_request_is_one_span_with_its_numbers_under_the_callers_trace(ingestion: Ingestion, kept: str) -> None:
    """Whether the caller keeps its trace or not."""
    telemetry = ApplicationInsights(ingestion.connection_string, "the-app")
    clock = Stopwatch()
    with clock("embed"):
        pass
    with telemetry.request(f"{CALLER[:-2]}{kept}") as report:
        report(summarise("books", "v7", answers(), clock))
        report({"method": "POST", "status": 200})
    telemetry.close()

    (span,) = ingestion.of("RemoteDependencyData")
    assert span["name"] == SPAN
    assert span["success"] is True
    assert span["properties"] == {
        "model": "books",
        "model_version": "v7",
        "records": "4",
        "failed": "1",
        "pictures": "4",
        "unclustered": "2",
        "unclustered_share": "0.5",
        "confidence_mean": "0.6",
        "groups": "[[3,2,2,0]]",
        "decode_ms": "0.0",
        "embed_ms": span["properties"]["embed_ms"],
        "assign_ms": "0.0",
        "method": "POST",
        "status": "200",
    }
    (tags,) = [each["tags"] for each in ingestion.envelopes if each["data"]["baseData"] is span]
    assert tags["ai.operation.id"] == CALLER.split("-")[1]
    assert tags["ai.operation.parentId"] == CALLER.split("-")[2]
    assert tags["ai.cloud.role"] == "the-app"


def test_logs_arrive_with_their_level_logger_and_exception_in_the_trace_of_their_request(ingestion: Ingestion) -> None:
    telemetry = ApplicationInsights(ingestion.connection_string, "the-app")
    log = logging.getLogger("shared.somewhere")
    with telemetry.request(CALLER) as report:
        log.warning("model %s is old", "v7")
        try:
            raise ValueError("a bundle is damaged")
        except ValueError:
            log.exception("reading failed")
        report({"status": 503})
    telemetry.close()

    (message,) = ingestion.of("MessageData")
    assert message["message"] == "model v7 is old"
    assert message["severityLevel"] == 2, "Application Insights counts from verbose, 0, to critical, 4"
    assert message["properties"] == {"logger_name": "shared.somewhere"}
    (failure,) = ingestion.of("ExceptionData")
    assert failure["exceptions"][0]["typeName"] == "ValueError"
    assert "a bundle is damaged" in failure["exceptions"][0]["stack"]
    (span,) = ingestion.of("RemoteDependencyData")
    assert span["success"] is False
    traces = [each["tags"]["ai.operation.id"] for each in ingestion.envelopes if "ai.operation.id" in each["tags"]]
    assert traces == [CALLER.split("-")[1]] * 3


def test_warnings_of_libraries_arrive_but_not_those_of_sending_them(ingestion: Ingestion) -> None:
    telemetry = ApplicationInsights(ingestion.connection_string, "the-app")
    logging.getLogger("azure.storage.blob").warning("the account is slow")
    logging.getLogger("azure.storage.blob").info("a request")
    logging.getLogger("azure.monitor.opentelemetry.exporter").warning("could not send")
    with suppress_instrumentation():
        logging.getLogger("azure.identity").warning("no token to send with")
    logging.getLogger("shared.somewhere").warning("our own, once")
    telemetry.close()
    logging.getLogger("azure.storage.blob").warning("too late")
    assert {each["message"] for each in ingestion.of("MessageData")} == {"the account is slow", "our own, once"}
    assert len(ingestion.of("MessageData")) == 2


def test_the_load_is_told_as_metrics(ingestion: Ingestion) -> None:
    telemetry = ApplicationInsights(ingestion.connection_string, "the-app")
    settings = Settings.model_validate({"key": "the-key", "model_store": "nowhere-at-all"})
    api = Api(settings, telemetry)
    for _ in range(2):
        assert api.handle("POST", {}, b"{}", CALLER).status == 403
    telemetry.close()
    metrics = {point["metrics"][0]["name"]: point for point in ingestion.of("MetricData")}
    assert metrics.keys() >= {RUNNING, WAITING, REFUSED}
    assert metrics[RUNNING]["metrics"][0]["value"] == 0
    assert metrics[REFUSED]["metrics"][0]["value"] == 2
    assert metrics[REFUSED]["properties"] == {"status": "403"}


def test_the_host_sends_its_own_log_from_warnings_on() -> None:
    host = json.loads((PROJECT / "host.json").read_text(encoding="utf-8"))
    assert host["telemetryMode"] == "OpenTelemetry"
    assert host["logging"]["logLevel"]["default"] in {"Information", "Warning"}


def test_neither_pictures_nor_keys_leave_the_process(ingestion: Ingestion, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    picture = base64.b64encode(b"not a picture, but just as private").decode()
    body = json.dumps({"values": [{"recordId": "1", "data": {"images": picture}}]}).encode()
    settings = Settings.model_validate(
        {
            "key": "the-right-key",
            "model_store": "nowhere-at-all",
            "applicationinsights_connection_string": ingestion.connection_string,
        }
    )
    telemetry = open_telemetry(settings)
    assert isinstance(telemetry, ApplicationInsights)
    api = Api(settings, telemetry)
    wrong = api.handle("POST", {"ocp-apim-subscription-key": "the-wrong-key"}, body, CALLER)
    right = api.handle("POST", {"ocp-apim-subscription-key": "the-right-key"}, body, CALLER)
    assert [wrong.status, right.status] == [403, 503]
    telemetry.close()

    assert [span["properties"]["status"] for span in ingestion.of("RemoteDependencyData")] == ["403", "503"]
    told = json.dumps(ingestion.envelopes) + caplog.text
    assert not [secret for secret in (picture, "the-right-key", "the-wrong-key") if secret in told]


def test_without_a_connection_string_nothing_of_opentelemetry_is_imported() -> None:
    check = "import sys, shared.serving.api; print([n for n in sys.modules if n.startswith('opentelemetry')])"
    run = subprocess.run([sys.executable, "-c", check], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "[]"
    assert isinstance(open_telemetry(Settings()), NoTelemetry)


def test_a_request_without_pictures_has_neither_share_nor_mean() -> None:
    numbers = summarise("books", "v7", [Answer("1", {"clusterId": [], "confidence": []})], Stopwatch())
    assert numbers["pictures"] == 0
    assert "unclustered_share" not in numbers
    assert "confidence_mean" not in numbers


def test_a_stopwatch_counts_what_raises_too() -> None:
    clock = Stopwatch()
    with pytest.raises(RuntimeError), clock("decode"):
        raise RuntimeError
    assert clock.milliseconds()["decode"] >= 0


def test_groups_are_told_of_evenly_spaced_pictures_where_there_are_many() -> None:
    many = [Answer(str(row), {"clusterId": row % 1000, "confidence": 1.0 - row % 2}) for row in range(6400)]
    told = summarise("books", "v7", many, Stopwatch())["groups"]
    groups: list[list[int]] = json.loads(str(told))
    assert sum(pictures for _, pictures, _, _ in groups) == 64
    assert [group for group, *_ in groups] == list(range(0, 1000, 100))
    assert len(str(told)) < 8192


def test_groups_as_trained_are_told_once_a_day_and_version_in_values_that_fit(
    ingestion: Ingestion, tmp_path: Path
) -> None:
    tiny_model(tmp_path)
    settings = Settings.model_validate({"model_store": str(tmp_path), "model_name": "books"})
    model = ModelServer(settings).current()
    assert model.trained == {0: 2, 1: 2}
    model.trained = {2**31 - 1 - group: 2**31 - 1 for group in range(1000)}
    telemetry = ApplicationInsights(ingestion.connection_string, "the-app")
    for _ in range(3):
        telemetry.serve(model)
    telemetry.close()
    told = [record["properties"] for record in ingestion.of("MessageData")]
    assert {(one["model"], one["model_version"], one["pictures"]) for one in told} == {("books", model.version, "4")}
    groups = [group for one in told for group in json.loads(one["groups"])]
    assert sorted(groups) == sorted([group, pictures] for group, pictures in model.trained.items())
    assert max(len(one["groups"]) for one in told) < 8192


@pytest.mark.slow
def test_a_worker_tells_which_groups_it_met_and_how_they_were_trained(ingestion: Ingestion, tmp_path: Path) -> None:
    content = tiny_graph()
    spec = EmbedderSpec(weights_sha256=WEIGHTS_SHA256, graph_sha256=sha256(content), input=INPUT)
    path = graph_path(tmp_path, spec.graph_sha256)
    path.parent.mkdir()
    path.write_bytes(content)
    pictures = [noise_picture(seed) for seed in range(3)]
    embedder = open_embedder(spec, path)
    vectors = embedder.embed([embedder.picture(encode(picture, "PNG")) for picture in pictures])
    bundle = make_bundle(tmp_path / "books", vectors, [0, 1, 1], eps=1e-6, spec=spec)
    env = {"MODEL_STORE": str(tmp_path), "MODEL_NAME": "books", "MODEL_CACHE": str(tmp_path / "cache"), "KEY": "",
           "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string,
           "OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BLRP_SCHEDULE_DELAY": "100"}  # fmt: skip
    data = [{"images": base64.b64encode(encode(pictures[which], "PNG")).decode()} for which in (1, 2, 1)]
    values = {"values": [{"recordId": str(number), "data": each} for number, each in enumerate(data)]}
    with start_host(PROJECT, env=env) as host:
        for _ in range(2):
            assert httpx.post(f"{host.url}/api/extraction", json=values, timeout=60).status_code == 200
        until = time.monotonic() + 30
        while len(ingestion.of("RemoteDependencyData")) < 2 and time.monotonic() < until:
            time.sleep(0.05)
    spans = [span["properties"] for span in ingestion.of("RemoteDependencyData")]
    assert [span["groups"] for span in spans] == ["[[1,3,0,0]]"] * 2
    (told,) = [each["properties"] for each in ingestion.of("MessageData") if each["message"] == TRAINED]
    assert (json.loads(told["groups"]), told["pictures"]) == ([[0, 1], [1, 2]], "3")
    assert told["model_version"] == spans[0]["model_version"] == bundle.version


def test_an_answered_request_reports_the_model_and_its_pictures(ingestion: Ingestion, tmp_path: Path) -> None:
    bundle = tiny_model(tmp_path)
    settings = Settings.model_validate({"model_store": str(tmp_path), "model_name": "books"})
    telemetry = ApplicationInsights(ingestion.connection_string, "the-app")
    picture = base64.b64encode(encode(noise_picture(1))).decode()
    records = [{"recordId": str(number), "data": {"images": picture}} for number in range(3)]
    reply = Api(settings, telemetry).handle("POST", {}, json.dumps({"values": records}).encode(), CALLER)
    assert reply.status == 200
    telemetry.close()

    (span,) = ingestion.of("RemoteDependencyData")
    numbers = span["properties"]
    assert (numbers["model"], numbers["model_version"]) == ("books", bundle.version)
    assert (numbers["records"], numbers["pictures"], numbers["failed"]) == ("3", "3", "0")
    assert float(numbers["decode_ms"]) > 0
    assert float(numbers["embed_ms"]) > 0
    assert picture not in json.dumps(ingestion.envelopes)
