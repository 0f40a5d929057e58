"""Mixed traffic for a host: clients that each send one request after another, and check every answer.

Which requests they send follows from the seed. The load is bounded by the number of clients.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import httpx

from tests.conftest import PROJECT

TIMEOUT = 120
"""Seconds a client waits for an answer."""

_PAUSE = 0.2  # after a refusal: a client that came back at once would be a busy loop


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of request, and what a right answer to it is."""

    name: str
    weight: int
    body: bytes | None
    """None for GET."""
    status: int
    """When it is answered at all, and not refused because of the load."""
    errors: Mapping[str, bool]
    """For each recordId, in order, whether it must have an error."""

    @property
    def pictures(self) -> int:
        return self.body.count(b'"data": "/9j/') if self.body else 0

    def is_answered_by(self, response: httpx.Response) -> bool:
        if response.status_code != self.status:
            return False
        if self.status != 200 or self.body is None:
            return isinstance(response.json(), dict)
        values = response.json()["values"]
        return [(value["recordId"], bool(value["errors"])) for value in values] == list(self.errors.items())


@dataclass(frozen=True, slots=True)
class Sample:
    """What came of one request."""

    kind: Kind
    status: int
    """0 where the connection failed."""
    right: bool
    seconds: float
    problem: str = ""


def kinds() -> list[Kind]:
    """Requests as AI Search sends them, and some that nobody should."""
    pictures = [
        {"$type": "file", "contentType": "image/jpeg", "data": base64.b64encode(path.read_bytes()).decode()}
        for path in sorted((PROJECT / "data" / "test").rglob("*.jpg"))
    ]
    broken = {"data": pictures[0]["data"][:2000]}

    def request(name: str, weight: int, *images: object) -> Kind:
        values = [{"recordId": str(number), "data": {"images": image}} for number, image in enumerate(images)]
        errors = {str(number): image in (broken, "?") for number, image in enumerate(images)}
        return Kind(name, weight, json.dumps({"values": values}).encode(), 200, errors)

    return [
        *(request("one picture", 8, picture) for picture in pictures[:8]),
        *(request("four pictures", 3, *pictures[first : first + 4]) for first in (0, 4, 8)),
        request("a list of two", 6, pictures[:2]),
        request("one of three is broken", 6, pictures[3], broken, pictures[4]),
        request("nothing can be read", 4, "?", broken),
        Kind("no request", 5, b'{"values": [{}]}', 400, {}),
        Kind("ready?", 8, None, 200, {}),
    ]


async def run(url: str, clients: int, seconds: float, seed: str) -> list[Sample]:
    """Send mixed requests to a function's URL from so many clients for so many seconds."""
    every = kinds()
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    end = time.monotonic() + seconds
    async with httpx.AsyncClient(timeout=TIMEOUT, limits=limits) as http:
        runs = (_client(http, url, every, Random(f"{seed}:{number}"), end) for number in range(clients))
        return [sample for samples in await asyncio.gather(*runs) for sample in samples]


async def _client(http: httpx.AsyncClient, url: str, every: Sequence[Kind], chance: Random, end: float) -> list[Sample]:
    samples: list[Sample] = []
    while time.monotonic() < end:
        (kind,) = chance.choices(every, [kind.weight for kind in every])
        samples.append(await send(http, url, kind))
        if samples[-1].status in {0, 429}:
            await asyncio.sleep(_PAUSE)
    return samples


async def send(http: httpx.AsyncClient, url: str, kind: Kind) -> Sample:
    """Send one request and judge its answer."""
    started = time.perf_counter()
    try:
        response = await (http.get(url) if kind.body is None else http.post(url, content=kind.body))
    except httpx.HTTPError as error:
        return Sample(kind, 0, False, time.perf_counter() - started, repr(error))
    right = kind.is_answered_by(response)
    problem = "" if right else f"{response.status_code} {response.text[:300]}"
    return Sample(kind, response.status_code, right, time.perf_counter() - started, problem)
