"""Stores to test against: a folder, Azurite by key, Azurite by identity over https; and containers of pictures."""

from __future__ import annotations

import atexit
import base64
import ipaddress
import json
import secrets
import tempfile
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from azure.storage.blob import ContainerClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from local.azurite import RunningAzurite, start_azurite
from shared.pictures.listing import pictures_at
from shared.pictures.source import Source
from shared.stores.base import Store
from shared.stores.opening import open_store

type Kind = Literal["folder", "key", "identity"]
KINDS: tuple[Kind, ...] = ("folder", "key", "identity")


@dataclass(frozen=True)
class Place:
    """A store that is empty and nobody else's."""

    location: str
    connection_string: str | None = None

    def open(self) -> Store:
        return open_store(self.location, self.connection_string)

    def env(self) -> dict[str, str]:
        """The settings that name this store."""
        return {
            "MODEL_STORE": self.location,
            "MODEL_STORE_CONNECTION_STRING": self.connection_string or "",
        }


@cache
def shared_azurite() -> RunningAzurite:
    """One Azurite for all tests of this run, each in a container of its own."""
    azurite = start_azurite()
    atexit.register(azurite.stop)
    return azurite


def azurite_place(azurite: RunningAzurite) -> Place:
    container = f"models-{secrets.token_hex(6)}"
    azurite.create_container(container)
    return Place(azurite.url(container), azurite.connection_string)


class Container:
    """An empty container that this process may read as training does, and write by other means."""

    def __init__(self, place: Place) -> None:
        self.url = place.location
        self.client = ContainerClient.from_connection_string(
            str(place.connection_string), place.location.rpartition("/")[2]
        )

    def put(self, blobs: Mapping[str, bytes]) -> None:
        for name, content in blobs.items():
            self.client.upload_blob(name, content, overwrite=True)

    def source(self, name: str) -> Source:
        return {source.name: source for source in pictures_at(self.url)}[name]


@contextmanager
def identity_azurite() -> Generator[tuple[RunningAzurite, Mapping[str, str]]]:
    """Azurite that takes tokens over https, and the environment in which this process has an identity there.

    The environment is App Service's: an endpoint hands out tokens. Azurite checks all of them but the signature.
    """
    with tempfile.TemporaryDirectory() as folder:
        certificate = make_certificate(Path(folder))
        with token_endpoint() as endpoint, start_azurite(certificate=certificate) as azurite:
            yield azurite, {**endpoint, "REQUESTS_CA_BUNDLE": str(certificate[0])}


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Certificate and key of 127.0.0.1, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


class _Tokens(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        (resource,) = parse_qs(urlsplit(self.path).query)["resource"]
        body = json.dumps(
            {
                "access_token": token(resource.rstrip("/")),
                "expires_on": str(int(time.time()) + 86400),
                "resource": resource,
                "token_type": "Bearer",
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


CALLER = "11111111-1111-1111-1111-111111111111"
"""Object id of this process's identity."""


def token(audience: str, *, caller: str = CALLER, seconds: int = 86400) -> str:
    """A token as Microsoft Entra gives it, but unsigned."""
    now = int(time.time())
    claims = {
        "aud": audience,
        "oid": caller,
        "iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000000/",
        "iat": now - 60,
        "nbf": now - 60,
        "exp": now + seconds,
    }
    parts = (json.dumps({"alg": "RS256", "typ": "JWT"}).encode(), json.dumps(claims).encode(), b"no signature")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


@contextmanager
def token_endpoint() -> Generator[dict[str, str]]:
    """The environment of a process with an identity on App Service."""
    with HTTPServer(("127.0.0.1", 0), _Tokens) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield {"IDENTITY_ENDPOINT": f"http://127.0.0.1:{server.server_port}/token", "IDENTITY_HEADER": "secret"}
        finally:
            server.shutdown()
