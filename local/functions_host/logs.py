"""What is logged, by host and worker: one line each on stderr, with who wrote it."""

import logging
from collections.abc import Mapping

import azure_functions_runtime_v1 as runtime

_FORMAT = "%(asctime)s %(levelname)-7s [%(source)s] %(message)s"


def configure_host(level: int) -> None:
    """The host's own lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_FORMAT.replace("source", "name")))
    logging.basicConfig(handlers=[handler], level=level)
    # It describes its own doings, request by request; so does this host, once.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


def configure_worker(level: int, running: Mapping[str, str], only_invocations: bool) -> None:
    """Every logger of the worker, each line with the function that wrote it, looked up by invocation in `running`.

    With `only_invocations`, lines that no invocation wrote are dropped, as on Azure, and so are those below `level`,
    whatever level a logger has set itself: the host filters them once more.
    """

    def add_source(record: logging.LogRecord) -> bool:
        invocation = runtime.invocation_id_cv.get()
        record.source = running.get(invocation or "", record.name)
        return bool(invocation) or not only_invocations

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    handler.addFilter(add_source)
    if only_invocations:
        handler.setLevel(level)
    logging.basicConfig(handlers=[handler], level=level)
    # It describes its own doings, request by request.
    logging.getLogger("azure.functions").setLevel(logging.WARNING)
    # The worker's loader logs import errors (from `wrappers`) that its answer to the host carries as well.
    logging.getLogger("azure.functions").addFilter(lambda record: record.module != "wrappers")
