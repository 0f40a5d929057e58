"""`python -m local.host`: serve a folder of HTTP functions on this machine, without Core Tools.

    python -m local.host [--app FOLDER] [--port 7071] [--host 127.0.0.1] [--grace 30]

Reads host.json, local.settings.json (or its sample) and every function.json of the app, as `func start` does, and runs
the functions in Microsoft's own Python worker. The app may be this project, any other v1 app, or an unpacked deployment
package. When it serves, it prints `Listening on http://127.0.0.1:7071`.

The app runs in this process and finds imported what the host imports. So the host keeps to packages that the app does
not ship: no typer, which takes pydantic along, and nothing of shared/.
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

from local.functions_host import console
from local.functions_host.app import App, read_app
from local.functions_host.function_json import FunctionDefinition
from local.functions_host.json_files import HostError
from local.functions_host.local_settings import LocalSettings
from local.functions_host.server import FunctionsApp, HostedFunction
from local.functions_host.worker import Worker

DEFAULT_PORT = 7071
DEFAULT_GRACE = 30
"""Seconds for running requests once the host is told to stop: ASP.NET Core's, hence the real host's, default."""

PACKAGES = Path(".python_packages") / "lib" / "site-packages"

log = logging.getLogger("host")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the host until SIGTERM or SIGINT. Return 0, or 1 where it could not start or had to abandon a request."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)  # while starting; the server has its own
    arguments = _parser().parse_args(argv)
    given = {"MODEL_STORE": arguments.store, "MODEL_NAME": arguments.model}
    os.environ.update({name: value for name, value in given.items() if value})
    try:
        app = read_app(arguments.app, os.environ)
        listener = _listen(arguments.host, _port(arguments.port, app.settings))
    except HostError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    worker = Worker()
    console.configure_logging(app.config.log_level, worker.running)
    _enter(app.folder)
    abandoned = asyncio.run(_serve(app, worker, listener, arguments.grace))
    worker.stop()
    if abandoned:
        log.warning("stopped without waiting for: %s", ", ".join(abandoned))
        logging.shutdown()
        sys.stdout.flush()
        os._exit(1)  # the interpreter would wait for their threads, for as long as they take
    return 0


async def _serve(app: App, worker: Worker, listener: socket.socket, grace: int) -> list[str]:
    """Serve until told to stop; return the names of the functions that did not end in `grace` seconds."""
    address, port = listener.getsockname()[:2]
    authority = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    # As Core Tools sets them.
    os.environ.setdefault("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    os.environ.setdefault("WEBSITE_HOSTNAME", authority)
    await worker.start(authority)
    functions = [HostedFunction(function, await _load(worker, function)) for function in app.functions]
    console.say(console.listing(app, functions, f"http://{authority}"))
    config = uvicorn.Config(
        FunctionsApp(functions, app.config, worker),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=grace,
    )
    await _Server(config, f"http://{authority}").serve(sockets=[listener])
    return sorted(worker.running.values())


async def _load(worker: Worker, function: FunctionDefinition) -> bool:
    if function.disabled:
        return False
    trace = await worker.load(function)
    if trace:
        log.error("%s failed to load and will answer 500:\n%s", function.name, trace.rstrip())
    return trace is None


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


def _enter(app: Path) -> None:
    """Make this process look like a worker on Azure: work in the app's folder and import from it first."""
    tree = Path(__file__).resolve().parent.parent
    if app != tree:
        # Another app, such as an unpacked package, must not find this project's modules when its own are missing.
        sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != tree]
    os.chdir(app)
    os.environ.setdefault("AzureWebJobsScriptRoot", str(app))
    sys.path[:0] = [str(app), str(app / PACKAGES)]


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
