"""What a worker logs outside an invocation, which the Functions host drops, is written with the next one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.serving import kept_logs
from shared.serving.api import Api
from shared.serving.kept_logs import KeptLogs
from shared.settings import Settings
from tests.tiny_models import tiny_model


class Host(logging.Handler):
    """The Functions host's handler: drops what no invocation wrote, as azure-functions-host does."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if kept_logs.in_invocation.get():
            self.lines.append(record.getMessage())


@pytest.fixture
def host() -> Iterator[Host]:
    handler, library = Host(), logging.getLogger("shared")
    logging.getLogger().addHandler(handler)
    level, handlers = library.level, list(library.handlers)
    library.setLevel(logging.INFO)
    yield handler
    logging.getLogger().removeHandler(handler)
    library.setLevel(level)
    library.handlers[:] = handlers


def log_in_a_thread(*lines: str) -> None:
    log = logging.getLogger("shared.somewhere")
    thread = threading.Thread(target=lambda: [log.info(line) for line in lines])
    thread.start()
    thread.join()


def test_lines_of_threads_come_with_the_next_invocation_once(host: Host) -> None:
    kept = KeptLogs(logging.getLogger("shared"))
    log_in_a_thread("serving a model")
    assert host.lines == []
    with kept.invocation():
        logging.getLogger("shared.serving").info("answered")
        log_in_a_thread("meanwhile")
    assert host.lines == ["serving a model", "answered", "meanwhile"]
    with kept.invocation():
        pass
    assert len(host.lines) == 3


def test_another_handler_of_the_library_gets_a_line_once_and_at_once(host: Host) -> None:
    sent: list[str] = []
    exporter = logging.Handler()
    exporter.emit = lambda record: sent.append(record.getMessage())
    logging.getLogger("shared").addHandler(exporter)
    kept = KeptLogs(logging.getLogger("shared"))
    log_in_a_thread("the store is in trouble")
    assert sent == ["the store is in trouble"]
    with kept.invocation():
        pass
    assert sent == host.lines == ["the store is in trouble"]


def test_what_is_kept_is_bounded_and_what_is_lost_is_counted(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_logs, "_MOST", 3)
    kept = KeptLogs(logging.getLogger("shared"))
    log_in_a_thread(*"abcde")
    with kept.invocation():
        pass
    assert host.lines == ["2 lines written outside a request were dropped: more than 3", "c", "d", "e"]


@pytest.mark.parametrize("on_azure", [True, False])
def test_the_model_in_service_and_every_refusal_are_in_the_log(host: Host, tmp_path: Path, on_azure: bool) -> None:
    settings = Settings(
        model_store=str(tmp_path),
        azure_functions_environment=None if on_azure else "Development",
        website_pod_name="a-pod" if on_azure else None,
        website_auth_enabled=on_azure,
    )
    api, headers = Api(settings), {"x-ms-client-principal": "somebody"}
    assert api.handle("GET", headers, b"").status == 503
    if on_azure:
        assert [line for line in host.lines if line.startswith("answered 503: ")]
    tiny_model(tmp_path)
    api = Api(settings)
    assert api.handle("GET", headers, b"").status == 200
    assert sum(line.startswith("serving model books") for line in host.lines) == on_azure
