"""What the host shows: the listing at start-up on stdout, everything that is logged on stderr."""

import logging
import sys
from collections.abc import Mapping, Sequence

import azure_functions_runtime_v1 as runtime

from local.functions_host.app import App
from local.functions_host.host_json import HostConfig
from local.functions_host.local_settings import FILE_NAME, SAMPLE_NAME, LocalSettings
from local.functions_host.server import HostedFunction

# Core Tools does the same: https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger
UNENFORCED = "keys for authLevel function and admin are asked for on Azure only"


def say(text: str) -> None:
    """Write a line to stdout at once, for whoever waits for it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def configure_logging(level: int, running: Mapping[str, str]) -> None:
    """Send every logger to stderr, each line with the function that wrote it, looked up by invocation in `running`."""

    def add_source(record: logging.LogRecord) -> bool:
        record.source = running.get(runtime.invocation_id_cv.get() or "", record.name)
        return True

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s [%(source)s] %(message)s"))
    handler.addFilter(add_source)
    logging.basicConfig(handlers=[handler], level=level)
    # Both describe their own doings, request by request; so does this host, once.
    for noisy in ("azure.functions", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # The worker's loader logs import errors (from `wrappers`) that its answer to the host carries as well.
    logging.getLogger("azure.functions").addFilter(lambda record: record.module != "wrappers")


def listing(app: App, functions: Sequence[HostedFunction], url: str) -> str:
    """Describe the app as it will be served: where settings came from, which limits hold, and each function's URL."""
    lines = [_settings_line(app.settings)]
    if app.kept:
        lines.append(f"          from the environment instead: {', '.join(app.kept)}")
    lines.append(f"Limits:   {_limits(app.config)}")
    if app.config.dynamic_throttles:
        lines.append("          dynamicThrottlesEnabled has no effect here: it watches an Azure instance")
    lines.append("Functions:")
    for function in functions:
        definition = function.definition
        methods = ",".join(sorted(definition.methods)) if definition.methods is not None else "any method"
        line = f"  {definition.name}: [{methods}] {url}/{definition.route.template} (authLevel {definition.auth_level})"
        if definition.disabled:
            line += " - disabled, answers 404"
        elif not function.loaded:
            line += " - failed to load, answers 500"
        lines.append(line)
    lines += [f"  {name}: not hosted. {reason}" for name, reason in app.refused.items()]
    if any(function.definition.auth_level != "anonymous" for function in functions):
        lines.append(f"  ({UNENFORCED})")
    return "\n".join(lines)


def _settings_line(settings: LocalSettings) -> str:
    if settings.path is None:
        return f"Settings: the environment only (there is no {FILE_NAME})"
    if settings.path.name == SAMPLE_NAME:
        return f"Settings: {settings.path} (there is no {FILE_NAME}; copy the sample to make one)"
    return f"Settings: {settings.path}"


def _limits(config: HostConfig) -> str:
    limits: list[str] = []
    if config.max_concurrent_requests is not None:
        limits.append(f"{config.max_concurrent_requests} requests at once")
    if config.max_outstanding_requests is not None:
        limits.append(f"{config.max_outstanding_requests} running or waiting (429 beyond)")
    if config.function_timeout is not None:
        limits.append(f"{config.function_timeout:g} s each (500 beyond)")
    limits.append(f"bodies of {config.body_limit} bytes (413 beyond)")
    return ", ".join(limits)
