"""The skill over HTTP, without any web framework: a method, headers and a body in, a Reply out.

Status codes follow what Azure AI Search does with them: it retries 429, 502 and 503 twice, so those are for what may
pass; anything wrong with the request itself is 4xx, and what is wrong with one record is reported in that record.
"""

from __future__ import annotations

import hmac
import json
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from http import HTTPStatus

from shared.deadline import Deadline
from shared.embedding.pipeline import Vector
from shared.model.model import Model
from shared.serving.admission import Admission, BusyError
from shared.serving.contract import Record, RequestError, parse_request, render_response
from shared.serving.kept_logs import KeptLogs
from shared.serving.model_server import ModelServer, NotReadyError
from shared.serving.skill import AnswerOptions, answer_records
from shared.serving.telemetry import NoTelemetry, Report, Telemetry, open_telemetry, summarise
from shared.serving.unclustered_record import UnclusteredRecord
from shared.settings import Settings, SettingsError, load_settings
from shared.stopwatch import Stopwatch
from shared.stores.base import Store
from shared.stores.opening import open_store

log = logging.getLogger(__name__)

KEY_HEADER = "Ocp-Apim-Subscription-Key"
VERSION_HEADER = "x-model-version"
PRINCIPAL_HEADER = "X-MS-CLIENT-PRINCIPAL"
"""Whom Easy Auth has let in, as it says itself: it removes the header from what callers send."""

# Long enough for a model to arrive from the store, or a large request to end; short enough for AI Search's two retries
# to see it.
_RETRY_AFTER_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response; the body is always JSON."""

    status: HTTPStatus
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Api:
    """Everything behind the Function's URL, for one worker process."""

    def __init__(self, settings: Settings, telemetry: Telemetry | None = None) -> None:
        self._settings = settings
        self._server = ModelServer(settings)
        self._admission = Admission(settings.max_bytes_in_flight)
        self._telemetry = telemetry or NoTelemetry()
        self._telemetry.observe(lambda: self._admission.running, lambda: self._admission.waiting)
        # Elsewhere every line is seen at once.
        self._record = UnclusteredRecord(self._open_store) if settings.record_unclustered else None
        self._kept_logs = KeptLogs(logging.getLogger("shared")) if settings.on_azure else None

    def handle(self, method: str, headers: Mapping[str, str], body: bytes, trace_parent: str = "") -> Reply:
        """Answer one request. `headers` must look names up case-insensitively or in lower case.

        `trace_parent` is the W3C trace context of the invocation, under which telemetry files this request.
        """
        deadline = Deadline(self._settings.max_request_seconds)
        with (
            self._kept_logs.invocation() if self._kept_logs else nullcontext(),
            self._telemetry.request(trace_parent) as report,
        ):
            try:
                reply = self._reply(method, headers, body, deadline, report)
            except Exception as error:  # a 500 would tell AI Search not to try again, and nobody why
                log.exception("a request can't be answered")
                bug = f"there is an error in the skill itself ({type(error).__name__}), which its log explains"
                reply = _later(HTTPStatus.SERVICE_UNAVAILABLE, bug)
            report({"method": method, "status": int(reply.status)})
            return reply

    def _reply(self, method: str, headers: Mapping[str, str], body: bytes, deadline: Deadline, report: Report) -> Reply:
        try:
            self._authorize(headers)
            if method == "GET":
                return self._readiness(deadline)
            if not body and "chunked" in headers.get("transfer-encoding", "").lower():
                # https://github.com/Azure/azure-functions-host/issues/10640
                raise RequestError(
                    "the Functions host passes on no body that comes in chunks: send this one with Content-Length"
                )
            if len(body) > self._settings.max_request_bytes:
                raise RequestError(
                    f"the request has {len(body):,} bytes, over the limit of {self._settings.max_request_bytes:,}: "
                    "lower the skill's batchSize",
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                )
            with self._admission.admit(len(body), deadline.left()):
                return self._answer(body, deadline, report)
        except RequestError as error:
            return _problem(error.status, str(error))
        except NotReadyError as error:
            return _later(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        except BusyError as error:
            return _later(HTTPStatus.TOO_MANY_REQUESTS, str(error))
        except MemoryError:
            log.exception("out of memory over a request of %d bytes", len(body))
            return _later(
                HTTPStatus.TOO_MANY_REQUESTS, "there is not enough memory at the moment: lower the skill's batchSize"
            )

    def _authorize(self, headers: Mapping[str, str]) -> None:
        """Raises RequestError 403 unless the caller may come in."""
        guard = self._settings.guard
        if guard == "refuse":
            raise RequestError(
                "this Function has neither the app setting KEY nor Easy Auth in front, so it refuses everyone; "
                "away from Azure, ALLOW_ANONYMOUS=true lets everyone in",
                HTTPStatus.FORBIDDEN,
            )
        if guard == "platform" and not headers.get(PRINCIPAL_HEADER.lower()):
            raise RequestError(
                "Easy Auth let this request through without a caller: set it to require authentication, or set KEY",
                HTTPStatus.FORBIDDEN,
            )
        if guard == "key":
            given = _as_sent(headers.get(KEY_HEADER.lower(), ""))
            # Summed, so that every key is compared whatever came of the first.
            if not sum(hmac.compare_digest(key, each) for key in self._settings.keys for each in given):
                raise RequestError(f"the header {KEY_HEADER} is missing or wrong", HTTPStatus.FORBIDDEN)

    def _answer(self, body: bytes, deadline: Deadline, report: Report) -> Reply:
        records = parse_request(body, max_records=self._settings.max_records)
        model = self._server.current(deadline.left())
        clock = Stopwatch()
        answers = answer_records(
            model,
            records,
            max_pixels=self._settings.max_pixels,
            options=AnswerOptions(
                self._settings.return_vector, self._settings.label_near_misses, self._unclustered(model)
            ),
            clock=clock,
            deadline=deadline,
        )
        self._telemetry.serve(model)
        report(summarise(model.manifest.name, model.version, answers, clock))
        failed = sum(answer.error is not None for answer in answers)
        log.debug("answered %d records, %d of them with an error", len(answers), failed)
        return Reply(HTTPStatus.OK, render_response(answers), {VERSION_HEADER: model.version})

    def _open_store(self) -> Store:
        return open_store(self._settings.model_store, self._settings.store_credential)

    def _unclustered(self, model: Model) -> Callable[[Record, Vector], None] | None:
        """What notes the pictures that are in no group, if anything does."""
        record = self._record
        if record is None:
            return None
        return lambda asked, vector: record.add(model, asked.path, asked.category, vector)

    def _readiness(self, deadline: Deadline) -> Reply:
        model = self._server.current(deadline.left())
        # Ready all the same: the last good model answers while its store fails.
        problem = {"problem": self._server.problem} if self._server.problem else {}
        running = {"running": self._admission.running}
        return Reply(HTTPStatus.OK, _json(_describe(model) | running | problem), {VERSION_HEADER: model.version})


_api: Api | None = None
_api_lock = threading.Lock()


def handle(method: str, headers: Mapping[str, str], body: bytes, trace_parent: str = "") -> Reply:
    """Answer with this process's Api, built on the first request from the environment."""
    global _api  # noqa: PLW0603 - one per worker process, and the worker offers no start-up hook to hold it
    with _api_lock:
        if _api is None:
            try:
                settings = load_settings()
            except SettingsError as error:
                log.error(str(error))  # noqa: TRY400 - it says all there is to say
                return _problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
            logging.getLogger("shared").setLevel(logging.DEBUG if settings.debug else logging.INFO)
            for hint in settings.hints():
                log.warning(hint)
            _api = Api(settings, _telemetry(settings))
    return _api.handle(method, headers, body, trace_parent)


def _telemetry(settings: Settings) -> Telemetry:
    try:
        return open_telemetry(settings)
    except Exception as error:  # the exporter has ways of its own to refuse a connection string, which is a secret
        log.error(  # noqa: TRY400 - a traceback could show it
            "APPLICATIONINSIGHTS_CONNECTION_STRING can't be used (%s): nothing is sent to Application Insights",
            type(error).__name__,
        )
        return NoTelemetry()


def _as_sent(header: str) -> list[bytes]:
    """The bytes that a header may have had: some hosts read them as UTF-8, others as Latin-1."""
    forms = {header.encode(errors="surrogatepass"): None}
    with suppress(UnicodeEncodeError):
        forms[header.encode("latin-1")] = None
    return list(forms)


def _describe(model: Model) -> dict[str, object]:
    manifest = model.manifest
    return {
        "status": "ready",
        "model": manifest.name,
        "version": model.version,
        "clusters": manifest.counts.clusters,
        "coreSamples": manifest.counts.core_samples,
        "parameters": manifest.clustering.model_dump(mode="json") | manifest.embedder.model_dump(mode="json"),
    }


def _problem(status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, _json({"error": {"code": status.phrase, "message": message}}), headers or {})


def _later(status: HTTPStatus, message: str) -> Reply:
    log.warning("answered %d: %s", status, message)
    return _problem(status, message, {"Retry-After": str(_RETRY_AFTER_SECONDS)})


def _json(value: object) -> bytes:
    return json.dumps(value, allow_nan=False).encode()
