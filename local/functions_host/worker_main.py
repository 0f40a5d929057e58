"""The worker process: `python -m local.functions_host.worker_main`, started by the host and by nobody else.

It starts as on Azure, as a placeholder: without the app's settings, which arrive with the app, before any code of the
app's is imported. It ends with its host: its standard input is a pipe that closes then. SIGTERM and SIGINT are the
host's business, which lets running functions end.
"""

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

import azure_functions_runtime_v1 as runtime

from local.functions_host import logs
from local.functions_host.channel import Channel, Failed, Invoke, Load, Request, Start
from local.functions_host.worker import FunctionFailedError, Worker

PACKAGES = Path(".python_packages") / "lib" / "site-packages"


async def serve(port: int, token: bytes) -> None:
    """Do what the host asks until it is gone."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(token)
    channel, worker, tasks = Channel(reader, writer), Worker(), set[asyncio.Task[None]]()
    while True:
        try:
            number, request = await channel.receive()
        except EOFError:
            return
        task = asyncio.create_task(_answer(channel, worker, number, request))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def _answer(channel: Channel, worker: Worker, number: int, request: Request) -> None:
    await channel.send((number, await _result(worker, request)))


async def _result(worker: Worker, request: Request) -> object:
    match request:
        case Start():
            os.environ.clear()
            os.environ.update(request.environment)
            _enter(request.folder)
            logs.configure_worker(request.log_level, worker.running, request.only_invocations)
            return await worker.start(request.authority)
        case Load():
            return await worker.load(request.function)
        case Invoke():
            try:
                return await worker.invoke(request.function, request.invocation_id, request.http, request.trace)
            except FunctionFailedError as error:
                return Failed(str(error), error.trace)


def _enter(app: Path) -> None:
    """Make this process look like a worker on Azure: work in the app's folder and import from it first."""
    tree = Path(__file__).resolve().parents[2]
    if app != tree:
        # Another app, such as an unpacked package, must not find this project's modules when its own are missing.
        sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != tree]
    os.chdir(app)
    os.environ.setdefault("AzureWebJobsScriptRoot", str(app))
    sys.path[:0] = [str(app), str(app / PACKAGES)]


def _end_with_the_host() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # whatever still runs


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    port = int(sys.stdin.buffer.readline())
    token = bytes.fromhex(sys.stdin.buffer.readline().decode())
    threading.Thread(target=_end_with_the_host, daemon=True).start()
    asyncio.run(serve(port, token))
    pool = runtime.get_threadpool_executor()
    if pool is not None:
        pool.shutdown(wait=False, cancel_futures=True)
    os._exit(0)


if __name__ == "__main__":
    main()
