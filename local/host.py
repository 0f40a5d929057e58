"""`python -m local.host`: serve a folder of HTTP functions on this machine, without Core Tools.

    python -m local.host [--app FOLDER] [--port 7071] [--host 127.0.0.1] [--grace 30] [--azure] [--hold-bodies]

Reads host.json, local.settings.json (or its sample) and every function.json of the app, as `func start` does, and runs
the functions in Microsoft's own Python worker. The app may be this project, any other v1 app, or an unpacked deployment
package. When it serves, it prints `Listening on http://127.0.0.1:7071`.

With `--azure` it also does what would be in a developer's way: the app finds the settings of a Flex Consumption
instance, functions with `authLevel: function` ask for KEY or KEY_SECONDARY as a function key, which `infra.send` makes
them on Azure, and what is logged outside invocations is lost. `--hold-bodies` takes memory as the real host does.

The host keeps to packages that it needs itself, so that an unpacked deployment package can be served without others.
"""

import argparse
import asyncio
import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn

from local.functions_host import console, logs
from local.functions_host.app import App, read_app
from local.functions_host.channel import Start
from local.functions_host.json_files import HostError
from local.functions_host.local_settings import LocalSettings
from local.functions_host.protocol import ImpatientProtocol
from local.functions_host.server import FunctionsApp, HostedFunction
from local.functions_host.worker_process import WorkerDiedError, WorkerProcess

DEFAULT_PORT = 7071
DEFAULT_GRACE = 30
"""Seconds for running requests once the host is told to stop: ASP.NET Core's, hence the real host's, default."""

log = logging.getLogger("host")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the host until SIGTERM or SIGINT. Return 0, or 1 where it could not start, had to abandon a request, or its
    worker kept dying."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)  # while starting; the server has its own
    arguments = _parser().parse_args(argv)
    given = {"MODEL_STORE": arguments.store, "MODEL_NAME": arguments.model}
    os.environ.update({name: value for name, value in given.items() if value})
    try:
        app = read_app(arguments.app, os.environ, arguments.azure)
        listener = _listen(arguments.host, _port(arguments.port, app.settings))
        logs.configure_host(app.config.log_level)
        return asyncio.run(_serve(app, listener, arguments.grace, arguments.hold_bodies))
    except HostError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1


async def _serve(app: App, listener: socket.socket, grace: int, hold_bodies: bool) -> int:
    """Serve until told to stop; return the exit code."""
    address, port = listener.getsockname()[:2]
    authority = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    start = Start(app.folder, _environment(authority, app.azure), authority, app.config.log_level, app.azure)
    wanted = [function for function in app.functions if not function.disabled]
    broken = asyncio.Event()

    def end() -> None:
        broken.set()
        server.should_exit = True

    worker = WorkerProcess(start, wanted, end)
    keys = [os.environ.get(name) for name in ("KEY", "KEY_SECONDARY")]
    # Made before the worker is: `end` may be called as soon as that runs.
    config = uvicorn.Config(
        _not_yet,
        http=ImpatientProtocol,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=grace,
    )
    server = _Server(config, f"http://{authority}")
    try:
        traces = await _started(worker)
        functions = [
            HostedFunction(function, not function.disabled and function.name not in traces)
            for function in app.functions
        ]
        hosted = FunctionsApp(
            functions,
            app.config,
            worker,
            keys=[key for key in keys if key] if app.azure else None,
            hold_bodies=hold_bodies,
        )
        config.app = hosted
        console.say(console.listing(app, functions, f"http://{authority}"))
        await server.serve(sockets=[listener])
    finally:
        await worker.stop()
    if hosted.abandoned:
        log.warning("stopped without waiting for: %s", ", ".join(sorted(hosted.abandoned)))
    return 1 if hosted.abandoned or broken.is_set() else 0


async def _started(worker: WorkerProcess) -> dict[str, str]:
    """Start the worker; return the tracebacks of functions that can't be loaded, by name. Raises HostError."""
    try:
        traces = await worker.start()
    except WorkerDiedError:
        raise HostError("the worker process ended while it started; what it said is above") from None
    for name, trace in traces.items():
        log.error("%s failed to load and will answer 500:\n%s", name, trace.rstrip())
    return traces


def _environment(authority: str, azure: bool) -> dict[str, str]:
    """The worker's environment, the app's settings among it."""
    if azure:
        # A Flex Consumption instance, which has no WEBSITE_INSTANCE_ID.
        name, _, _ = authority.partition(":")
        own = {"AZURE_FUNCTIONS_ENVIRONMENT": "Production", "WEBSITE_SITE_NAME": name, "WEBSITE_SKU": "FlexConsumption"}
        own |= {"WEBSITE_POD_NAME": "local", "LEGION_SERVICE_HOST": name, "WEBSITE_HOSTNAME": authority}
        kept = {name: value for name, value in os.environ.items() if name != "WEBSITE_INSTANCE_ID"}
        return kept | own
    # As Core Tools sets them.
    return {"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "WEBSITE_HOSTNAME": authority} | os.environ


async def _not_yet(*_: object) -> None:
    raise HostError("nothing is served yet")


class _Server(uvicorn.Server):
    """uvicorn, saying when it is ready and ending with exit code 0 when told to stop."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        console.say(f"Listening on {self._url}")

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        # uvicorn's own raises the signal once more after a clean shutdown, and the process would die of it.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)
        yield


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.host", description="Serve HTTP functions without Core Tools."
    )
    parser.add_argument("--app", type=Path, default=Path(), help="folder with host.json (default: this one)")
    parser.add_argument("--store", help="where models are: a folder or the URL of a blob container (MODEL_STORE)")
    parser.add_argument("--model", help="which model to serve (MODEL_NAME)")
    parser.add_argument("--port", type=int, help=f"0 picks a free one (default: PORT, else {DEFAULT_PORT})")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--azure", action="store_true", help="be as strict as Azure: keys, settings and lost log lines")
    parser.add_argument("--hold-bodies", action="store_true", help="hold memory for bodies as the real host does")
    parser.add_argument(
        "--grace",
        type=int,
        default=DEFAULT_GRACE,
        help="seconds for running requests at the end (default: %(default)s)",
    )
    return parser


def _port(argument: int | None, settings: LocalSettings) -> int:
    if argument is not None:
        return argument
    port = os.environ.get("PORT")
    if not port:
        return settings.port or DEFAULT_PORT
    if not port.isdecimal():
        raise HostError(f"PORT must be a number, not {port!r}")
    return int(port)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        reason = "something else listens there" if error.errno == errno.EADDRINUSE else error.strerror
        raise HostError(
            f"can't listen on port {port} of {host}: {reason}. "
            f"Choose another with --port or PORT, such as `make serve PORT={port + 1 if port else DEFAULT_PORT}`"
        ) from error
    except OverflowError:
        raise HostError(f"{port} is not a port: they go from 0 (any free one) to 65535") from None
    # Connections inherit it. asyncio sets it only on sockets that name their protocol, which this one does not; without
    # it, the body of a response waits 40 ms for the acknowledgement of its headers (47 ms a request, measured, not 4).
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
