import asyncio
from pathlib import Path
from typing import cast

import httpx
import pytest

from local.functions_host import messages, server
from local.functions_host.function_json import find_functions
from local.functions_host.host_json import HostConfig
from local.functions_host.server import FunctionsApp, HostedFunction
from local.functions_host.worker_process import WorkerProcess
from tests.local.apps import write_app, write_function


class Gate:
    """A worker whose invocations end when it is opened."""

    def __init__(self) -> None:
        self.begun, self.open = asyncio.Event(), asyncio.Event()

    async def invoke(self, *_: object) -> messages.TypedData:
        self.begun.set()
        await self.open.wait()
        return messages.TypedData(string="opened")


def test_bodies_that_memory_has_no_room_for_are_refused_until_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "memory_limit", lambda: 1500 * server.MEMORY_A_BODY)
    write_function(write_app(tmp_path), "Text")
    functions, _ = find_functions(tmp_path, "api", {})

    async def scenario() -> None:
        gate = Gate()
        hosted = [HostedFunction(function, loaded=True) for function in functions]
        app = FunctionsApp(hosted, HostConfig(body_limit=1000), cast("WorkerProcess", gate))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://host") as client:
            first = asyncio.create_task(client.post("/api/Text", content=b"x" * 1000))
            await gate.begun.wait()
            refused = await asyncio.wait_for(client.post("/api/Text", content=b"x" * 501), 20)
            assert (refused.status_code, refused.content) == (429, b"")
            fits = asyncio.create_task(client.post("/api/Text", content=b"x" * 500))
            gate.open.set()
            assert [(await each).status_code for each in (first, fits)] == [200, 200]
            assert (await client.post("/api/Text", content=b"x" * 1000)).status_code == 200

    asyncio.run(scenario())
