"""Telemetry, through the real exporter, to a stand-in for Application Insights' ingestion endpoint."""

import base64
import gzip
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, override

import pytest
from opentelemetry import context

from shared.serving.api import Api
from shared.serving.contract import Answer
from shared.serving.telemetry import (
    REFUSED,
    RUNNING,
    SPAN,
    WAITING,
    ApplicationInsights,
    NoTelemetry,
    open_telemetry,
    summarise,
)
from shared.settings import Settings
from shared.stopwatch import Stopwatch
from tests.conftest import PROJECT, encode, noise_picture
from tests.tiny_models import tiny_model

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass
class Ingestion:
    """What arrived, one envelope a span or log record, and the connection string that leads here."""

    connection_string: str
    envelopes: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [each["data"]["baseData"] for each in self.envelopes if each["data"]["baseType"] == kind]


@pytest.fixture
def ingestion(monkeypatch: pytest.MonkeyPatch) -> Generator[Ingestion]:
    # The exporter's reports about itself go to Microsoft's own endpoints, which a test must not call.
    monkeypatch.setenv("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
    monkeypatch.setenv("APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED", "true")
    monkeypatch.setenv("APPLICATIONINSIGHTS_SDKSTATS_DISABLED", "true")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            items: list[dict[str, Any]] = json.loads(
                gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            )
            here.envelopes.extend(items)
            answer = json.dumps({"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Quiet: the test's own output is what matters."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        here = Ingestion(
            "InstrumentationKey=00000000-0000-0000-0000-000000000000;"
            f"IngestionEndpoint=http://127.0.0.1:{server.server_port}/"
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield here
        server.shutdown()


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


def test_a_request_is_one_span_with_its_numbers_under_the_callers_trace(ingestion: Ingestion) -> None:
    telemetry = ApplicationInsights(ingestion.connection_string, "the-app")
    clock = Stopwatch()
    with clock("embed"):
        pass
    with telemetry.request(CALLER) as report:
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
