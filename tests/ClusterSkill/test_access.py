"""What must never leave the Function, or be reached by it: keys, other servers, lines of strangers in its log."""

from __future__ import annotations

import base64
import json
import logging
import socket
import traceback
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import azure.functions as func
import httpx
import pytest

import shared.serving.api
from ClusterSkill import main
from local.processes import start_host
from shared.model.bundle import MANIFEST
from tests.conftest import PROJECT, encode, noise_picture
from tests.tiny_models import tiny_model

KEY, SECONDARY, WRONG = "the-right-key-7f3a", "the-other-key-c41d", "the-wrong-key-99e0"
ACCOUNT_KEY = base64.b64encode(b"the-account-key").decode()
SECRETS = (KEY, SECONDARY, WRONG, ACCOUNT_KEY)

PICTURE = base64.b64encode(encode(noise_picture(0))).decode()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny_model(tmp_path)
    monkeypatch.setenv("MODEL_STORE", str(tmp_path))
    return tmp_path


def ask(body: object, method: str = "POST", key: str = KEY) -> func.HttpResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    context = cast("func.Context", SimpleNamespace(trace_context=SimpleNamespace(trace_parent="")))
    request = func.HttpRequest(
        method, "http://localhost/api/extraction", headers={"Ocp-Apim-Subscription-Key": key}, body=content
    )
    return main(request, context)


def values(*images: object) -> dict[str, object]:
    return {"values": [{"recordId": str(i), "data": {"images": image}} for i, image in enumerate(images)]}


def everything_logged(records: list[logging.LogRecord]) -> str:
    """Messages, arguments and tracebacks, and whatever else hangs on a record."""
    return "\n".join(
        f"{record.getMessage()} {record.__dict__} "
        + ("".join(traceback.format_exception(*record.exc_info)) if record.exc_info else "")
        for record in records
    )


def everything_answered(response: func.HttpResponse) -> str:
    return f"{response.status_code} {dict(response.headers)} {response.get_body().decode()}"


def test_no_key_is_logged_or_returned(
    models: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("DEBUG", "true")
    monkeypatch.setenv("KEY", KEY)
    monkeypatch.setenv("KEY_SECONDARY", SECONDARY)
    monkeypatch.setenv("MAX_REQUEST_BYTES", "20000")
    told: list[str] = []
    for method, body in [
        ("GET", b""),
        ("POST", values(PICTURE, "###")),
        ("POST", b"{"),
        ("POST", b" " * 20_001),
        ("POST", {"values": [{}]}),
    ]:
        answers = [ask(body, method, key) for key in (KEY, SECONDARY, WRONG, "")]
        assert [answer.status_code == 403 for answer in answers] == [False, False, True, True]
        told += map(everything_answered, answers)
    (models / "books" / MANIFEST).write_bytes(b"damaged")
    monkeypatch.setattr(shared.serving.api, "_api", None)
    told.append(everything_answered(ask(values(PICTURE))))
    assert told[-1].startswith("503")
    told.append(everything_logged(caplog.records))
    assert [secret for secret in SECRETS if any(secret in text for text in told)] == []
    assert "answered 2 records" in told[-1], "the log was empty for another reason"


@pytest.mark.parametrize(
    "setting",
    [
        {"MAX_RECORDS": "many"},
        {"KEY_SECONDARY": f"@Microsoft.KeyVault(SecretUri=https://vault/{SECONDARY})"},
        {"MODEL_STORE": "https://account.blob.core.windows.net/models"},
        {"MODEL_STORE": f"https://account.blob.core.windows.net/models?sig={ACCOUNT_KEY}"},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_invalid_settings_do_not_reveal_secrets(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, setting: dict[str, str]
) -> None:
    caplog.set_level(logging.DEBUG)
    connection = f"AccountName=another;AccountKey={ACCOUNT_KEY};BlobEndpoint=https://another.blob.core.windows.net"
    for name, value in {"KEY": KEY, "MODEL_STORE_CONNECTION_STRING": connection, **setting}.items():
        monkeypatch.setenv(name, value)
    answer = ask(values(PICTURE))
    assert answer.status_code == 503
    told = everything_answered(answer) + everything_logged(caplog.records)
    assert [secret for secret in SECRETS if secret in told] == []


@pytest.mark.slow
def test_the_host_shows_no_key_either(models: Path) -> None:
    env = {"MODEL_STORE": str(models), "KEY": KEY, "KEY_SECONDARY": SECONDARY, "DEBUG": "true"}
    with start_host(PROJECT, env=env) as host:
        url = f"{host.url}/api/extraction"
        told = ""
        for key, status in ((KEY, 200), (SECONDARY, 200), (WRONG, 403)):
            answer = httpx.post(url, json=values(PICTURE), headers={"Ocp-Apim-Subscription-Key": key}, timeout=60)
            assert answer.status_code == status
            told += f"{dict(answer.headers)} {answer.text}"
        told += host.log_text()
    assert "answered 1 records" in told
    assert [secret for secret in SECRETS if secret in told] == []


@pytest.fixture
def listener() -> Generator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        yield server


@pytest.mark.usefixtures("models")
def test_no_url_in_a_record_is_fetched(listener: socket.socket) -> None:
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/picture.png"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/></svg>'
    entity = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "{url}">]><svg>&y;</svg>'
    answer = ask(
        values(
            url,
            f"file://{Path(__file__)}",
            {"url": url},
            {"url": url, "data": PICTURE},
            {"$type": "file", "url": url, "data": url},
            {"data": base64.b64encode(svg.encode()).decode()},
            {"data": base64.b64encode(entity.encode()).decode()},
            [url, {"url": url, "data": PICTURE}],
        )
    )
    found = json.loads(answer.get_body())["values"]
    assert [bool(each["errors"]) for each in found] == [True, True, True, False, True, True, True, False]
    assert "data.images[0]" in found[-1]["warnings"][0]["message"]
    with pytest.raises(TimeoutError):
        listener.accept()


def test_a_store_cannot_forge_log_lines(models: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = models / "books" / MANIFEST
    manifest = json.loads(path.read_bytes())
    manifest["files"] = {"x\n2026-01-01 INFO all is well\x1b[2J": "0"}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert ask(values(PICTURE)).status_code == 503
    message, _ = caplog.messages  # the second is the answer's
    assert r"x\n2026-01-01 INFO all is well\x1b[2J" in message
    assert message.isprintable()
