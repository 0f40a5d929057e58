"""A Functions app with one function for each thing that the host must do, served by a real process."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.local.apps import ENVIRONMENT, RETURN, write_app, write_function
from tests.local.hosts import CoreToolsHost, Host, Serve, serve_locally

ECHO = """
import json, logging, threading
import azure.functions as func

{define} main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    logging.info("echo was here")
    logging.debug("never shown")
    return func.HttpResponse(json.dumps({{
        "method": req.method, "url": req.url, "headers": dict(req.headers), "query": dict(req.params),
        "route": dict(req.route_params), "body": req.get_body().hex(), "function": context.function_name,
        "folder": str(context.function_directory), "invocation": context.invocation_id,
        "trace": context.trace_context.trace_parent, "retries": context.retry_context.retry_count,
        "main_thread": threading.current_thread() is threading.main_thread(),
    }}), mimetype="application/json")
"""

REPLY = """
import azure.functions as func

def main(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse(
        bytes(range(256)), status_code=503, mimetype="image/x-test",
        headers={"Retry-After": "7", "x-model-version": "v3", "Content-Length": "1"},
    )
    response.headers.add("Set-Cookie", "a=1; Path=/api; Secure; HttpOnly; SameSite=Strict; Max-Age=60")
    response.headers.add("Set-Cookie", "b=2; Domain=example.org; Expires=Wed, 21 Oct 2026 07:28:00 GMT")
    return response
"""

LATIN = """
import azure.functions as func
def main(req): return func.HttpResponse("été", charset="latin-1")
"""

NO_CONTENT = """
import azure.functions as func
def main(req): return func.HttpResponse("dropped", status_code=204)
"""

NAMED = """
import azure.functions as func

def serve(req: func.HttpRequest, res: func.Out[func.HttpResponse]) -> None:
    res.set(func.HttpResponse("by name", status_code=201))
"""


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app's folder; write nothing into it."""
    folder = write_app(
        tmp_path_factory.mktemp("apps") / "app",
        host={"extensions": {"http": {"customHeaders": {"X-Content-Type-Options": "nosniff"}}}},
        settings={"KEY": "from the file", "MODEL_NAME": "from the file"},
    )
    (folder / "shared").mkdir()
    (folder / "shared" / "__init__.py").write_text("")
    write_function(folder, "Echo", ECHO.format(define="def"), route="echo/{id:int?}", authLevel="function")
    write_function(folder, "AsyncEcho", ECHO.format(define="async def"), methods=["get", "post"])
    write_function(folder, "Reply", REPLY)
    write_function(folder, "Latin", LATIN)
    write_function(folder, "NoContent", NO_CONTENT)
    write_function(folder, "Text")
    write_function(folder, "Silent", "def main(req): pass", bindings=[])
    write_function(
        folder,
        "Named",
        NAMED,
        bindings=[{**RETURN, "name": "res"}],
        function={"entryPoint": "serve"},
    )
    write_function(folder, "Environment", ENVIRONMENT)
    write_function(folder, "Fails", "def main(req): raise ValueError('on purpose')")
    write_function(folder, "Broken", "import no_such_module\ndef main(req): ...")
    write_function(folder, "Misfit", "def main(other): ...")
    write_function(folder, "Off", function={"disabled": True})
    write_function(folder, "Nightly", type="timerTrigger")
    return folder


@pytest.fixture(scope="session")
def serve(request: pytest.FixtureRequest) -> Serve:
    """Serve an app by the local host, or by Core Tools' where pytest is called with --func."""
    return CoreToolsHost if request.config.getoption("--func") else serve_locally


@pytest.fixture(scope="session")
def host(app: Path, serve: Serve) -> Iterator[Host]:
    """The app, served; for tests that leave it as it is."""
    with serve(app, {"KEY": "", "EXTRA": "from the environment"}) as running:
        yield running


@pytest.fixture
def client(host: Host) -> Iterator[httpx.Client]:
    """A client of `host`, below its route prefix."""
    with httpx.Client(base_url=f"{host.url}/api", timeout=20) as client:
        yield client
