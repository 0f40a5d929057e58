"""What an operator sees in Application Insights: a span with numbers for each request, metrics of the load, the log.

The log is this library's, and of all others the warnings. The Functions host sends its own (host.json, telemetryMode).

Nothing is sent, and OpenTelemetry is not even imported (it costs a cold start 0.6 s), unless
APPLICATIONINSIGHTS_CONNECTION_STRING is set. Spans and log records carry numbers, names and messages; no request body
or header ever reaches this module. infra/queries/ asks the questions that these numbers answer.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from itertools import batched
from typing import TYPE_CHECKING, Any, Protocol, cast

from shared.model.core_samples import NOISE
from shared.model.drift import FAR, SEEN
from shared.model.model import Model
from shared.serving.contract import Answer
from shared.settings import Settings
from shared.stopwatch import Stopwatch

if TYPE_CHECKING:
    from opentelemetry._logs import LoggerProvider

type Numbers = Mapping[str, int | float | str]
type Report = Callable[[Numbers], None]

SPAN = "extraction"
TRAINED = "groups as trained"
"""Log records that infra/queries/groups.kql compares with what is met: a worker's first of a day and model version."""

RUNNING, WAITING, REFUSED = "requests_running", "requests_waiting", "requests_refused"
"""The metrics: requests that are worked on and that wait for room, now; and those that were not answered, by status."""

# Answers to a valid request that the skill did not work on, and to whoever may not ask.
_REFUSALS = frozenset({401, 403, 413, 429, 503})
_METRICS_SECONDS = 60

# Application Insights takes 8,192 characters a value. A group as trained has at most 24 of them, one that was met 35.
_GROUPS_TRAINED, _PICTURES_TOLD = 300, 64

# Whose warnings would come from sending warnings.
_EXPORTERS = ("opentelemetry", "azure.monitor")

# OpenTelemetry's severity numbers for Python's levels: four to a level, the lowest of each.
# https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
_SEVERITIES = {logging.DEBUG: 5, logging.INFO: 9, logging.WARNING: 13, logging.ERROR: 17, logging.CRITICAL: 21}


class Telemetry(Protocol):
    def request(self, trace_parent: str) -> AbstractContextManager[Report]:
        """Observe the handling of one request; the block is given a function that takes its numbers.

        `trace_parent` is the caller's W3C trace context, empty where there is none. A `status` of 400 and more among
        the numbers marks the request as failed.
        """
        ...

    def observe(self, running: Callable[[], int], waiting: Callable[[], int]) -> None:
        """Look every minute how many requests run and wait."""
        ...

    def serve(self, model: Model) -> None:
        """Tell once a day how many pictures training put into each group of the model that answers."""
        ...


class NoTelemetry:
    """Telemetry that goes nowhere."""

    @contextmanager
    def request(self, trace_parent: str) -> Generator[Report]:
        yield lambda numbers: None

    def observe(self, running: Callable[[], int], waiting: Callable[[], int]) -> None:
        """Nobody asks."""

    def serve(self, model: Model) -> None:
        """Nobody compares."""


class ApplicationInsights:
    """Telemetry to Application Insights, sent from threads of its own every few seconds.

    Where the resource takes no instrumentation keys, APPLICATIONINSIGHTS_AUTHENTICATION_STRING names the identity.
    """

    def __init__(self, connection_string: str, service: str) -> None:
        from azure.monitor.opentelemetry.exporter import (
            AzureMonitorLogExporter,
            AzureMonitorMetricExporter,
            AzureMonitorTraceExporter,
        )
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON

        resource = Resource.create({"service.name": service})
        # Nothing is kept on disk for a later attempt: a worker's disk does not outlive it.
        options: dict[str, Any] = {"connection_string": connection_string, "disable_offline_storage": True}
        # Whether the caller keeps its own trace or not: the queries count.
        self._spans = TracerProvider(sampler=ALWAYS_ON, resource=resource)
        exporter = AzureMonitorTraceExporter(**options, tracer_provider=self._spans)
        self._spans.add_span_processor(BatchSpanProcessor(exporter))
        self._logs = LoggerProvider(resource=resource)
        self._logs.add_log_record_processor(BatchLogRecordProcessor(AzureMonitorLogExporter(**options)))
        self._tracer = self._spans.get_tracer(__name__)
        self._handler = _Handler(self._logs)
        logging.getLogger("shared").addHandler(self._handler)
        self._warnings = _Handler(self._logs, logging.WARNING)
        self._warnings.addFilter(_is_anothers)
        logging.getLogger().addHandler(self._warnings)
        reader = PeriodicExportingMetricReader(AzureMonitorMetricExporter(**options), _METRICS_SECONDS * 1000)
        self._metrics = MeterProvider([reader], resource=resource)
        self._meter = self._metrics.get_meter(__name__)
        self._refused = self._meter.create_counter(REFUSED)
        self._served = ("", datetime.now(UTC).date())

    @contextmanager
    def request(self, trace_parent: str) -> Generator[Report]:
        from opentelemetry.trace import Status, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        caller = TraceContextTextMapPropagator().extract({"traceparent": trace_parent})
        with self._tracer.start_as_current_span(SPAN, context=caller) as span:

            def report(numbers: Numbers) -> None:
                span.set_attributes(numbers)
                status = int(numbers.get("status", 0))
                if status in _REFUSALS:
                    self._refused.add(1, {"status": status})
                if status >= 400:
                    span.set_status(Status(StatusCode.ERROR))

            yield report

    def observe(self, running: Callable[[], int], waiting: Callable[[], int]) -> None:
        from opentelemetry.metrics import Observation

        for name, look in {RUNNING: running, WAITING: waiting}.items():
            self._meter.create_observable_gauge(name, [lambda _, look=look: [Observation(look())]])

    def serve(self, model: Model) -> None:
        from opentelemetry._logs import SeverityNumber

        served = (model.version, datetime.now(UTC).date())
        if served == self._served:
            return
        self._served = served
        named = {"model": model.manifest.name, "model_version": model.version}
        pictures = sum(model.manifest.members.values())
        for groups in batched(model.trained.items(), _GROUPS_TRAINED, strict=False):
            self._logs.get_logger(__name__).emit(
                timestamp=time.time_ns(),
                severity_number=SeverityNumber.INFO,
                body=TRAINED,
                attributes={**named, "pictures": pictures, "groups": _compact(groups)},
            )

    def close(self) -> None:
        """Send what is waiting and stop. A worker process does so by itself when it ends."""
        logging.getLogger("shared").removeHandler(self._handler)
        logging.getLogger().removeHandler(self._warnings)
        self._spans.shutdown()
        self._logs.shutdown()
        self._metrics.shutdown()


class _Handler(logging.Handler):
    """Log records to OpenTelemetry, inside the span of their request: message, logger, level and exception."""

    def __init__(self, provider: LoggerProvider, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._provider = provider

    def emit(self, record: logging.LogRecord) -> None:
        from opentelemetry._logs import SeverityNumber

        self._provider.get_logger(record.name).emit(
            timestamp=int(record.created * 1e9),
            severity_number=SeverityNumber(_SEVERITIES.get(record.levelno, 9)),
            severity_text=record.levelname,
            body=record.getMessage(),
            exception=record.exc_info[1] if record.exc_info else None,
        )


def _is_anothers(record: logging.LogRecord) -> bool:
    """Whether this is a line of a library, but not of those that send it, nor written while they do."""
    from opentelemetry.context import (
        _SUPPRESS_INSTRUMENTATION_KEY,  # pyright: ignore[reportPrivateUsage] - there is no other name for it
        get_value,
    )

    ours = record.name.split(".")[0] == "shared"
    return not (ours or record.name.startswith(_EXPORTERS) or get_value(_SUPPRESS_INSTRUMENTATION_KEY))


def open_telemetry(settings: Settings) -> Telemetry:
    """Telemetry as the settings ask: none without a connection string."""
    if settings.applicationinsights_connection_string is None:
        return NoTelemetry()
    connection_string = settings.applicationinsights_connection_string.get_secret_value()
    return ApplicationInsights(connection_string, settings.website_site_name or "image-clustering-skill")


def summarise(model: str, version: str, answers: Sequence[Answer], clock: Stopwatch) -> Numbers:
    """The numbers of one answered request. Shares and means are left out where there is nothing to divide by.

    `confidence_mean` is over the pictures that found a group: it falls, and `unclustered_share` rises, as pictures
    drift away from what the model was trained on. `groups` is JSON, a list for each group: id, pictures, those that are
    no core samples, and those of them that are far from one. It tells of some pictures where a request has many.
    """
    pictures = [picture for answer in answers for picture in _pictures(answer)]
    grouped = [confidence for cluster, confidence in pictures if cluster != NOISE]
    numbers: dict[str, int | float | str] = {
        "model": model,
        "model_version": version,
        "records": len(answers),
        "failed": sum(answer.error is not None for answer in answers),
        "pictures": len(pictures),
        "unclustered": len(pictures) - len(grouped),
        **{f"{stage}_ms": milliseconds for stage, milliseconds in clock.milliseconds().items()},
    }
    if pictures:
        numbers["unclustered_share"] = round(1 - len(grouped) / len(pictures), 4)
    if grouped:
        numbers["confidence_mean"] = round(sum(grouped) / len(grouped), 4)
        numbers["groups"] = _compact(_met([picture for picture in pictures if picture[0] != NOISE]))
    return numbers


def _met(pictures: Sequence[tuple[int, float]]) -> list[tuple[int, int, int, int]]:
    """Of evenly spaced ones, so that no group is told of more often than it was met."""
    groups: dict[int, list[float]] = {}
    for group, confidence in pictures[:: -(-len(pictures) // _PICTURES_TOLD)]:
        groups.setdefault(group, []).append(1 - confidence)
    return [
        (group, len(radii), sum(each > SEEN for each in radii), sum(each > FAR for each in radii))
        for group, radii in groups.items()
    ]


def _compact(groups: Sequence[Sequence[int]]) -> str:
    return json.dumps(groups, separators=(",", ":"))


def _pictures(answer: Answer) -> Iterator[tuple[int, float]]:
    """Cluster and confidence of each picture of a record: a pair of numbers, or two lists for a list of pictures."""
    clusters, confidences = answer.data.get("clusterId"), answer.data.get("confidence")
    if isinstance(clusters, list):
        yield from zip(cast("list[int]", clusters), cast("list[float]", confidences), strict=True)
    elif clusters is not None:
        yield cast("int", clusters), cast("float", confidences)
