"""host.json: the settings that hold for every function of an app.

Reference: https://learn.microsoft.com/azure/azure-functions/functions-host-json (runtime 4, `"version": "2.0"`). As on
Azure, an environment variable `AzureFunctionsJobHost__extensions__http__maxConcurrentRequests` overrides the file, and
names are matched without regard to case.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from local.functions_host.json_files import HostError, as_object, read_object
from shared.memory import memory_limit

FILE_NAME = "host.json"
OVERRIDE_PREFIX = "azurefunctionsjobhost"

DEFAULT_TIMEOUT = 30 * 60.0
"""Seconds: the default of every plan but the old Consumption plan."""

BODY_LIMIT_SETTING = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"
MEMORY_A_BODY = 16
DEFAULT_BODY_LIMIT = 104_857_600
"""Bytes: the host's own default, 100 MiB. Less where the memory there is could not hold a few of them."""

LOG_LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "information": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "none": logging.CRITICAL + 1,
}


@dataclass(frozen=True)
class HostConfig:
    """What host.json, and the environment over it, ask for. Limits are None where there is none."""

    route_prefix: str = "api"
    max_concurrent_requests: int | None = None
    """Requests that run at once; further ones wait."""
    max_outstanding_requests: int | None = None
    """Requests that run or wait; further ones are refused with 429."""
    function_timeout: float | None = DEFAULT_TIMEOUT
    """Seconds one invocation may take."""
    body_limit: int = DEFAULT_BODY_LIMIT
    """Bytes of a request's body; larger ones are refused with 500."""
    log_level: int = logging.INFO
    functions: frozenset[str] | None = None
    """The only functions to host, lower case; None hosts them all."""
    custom_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    dynamic_throttles: bool = False
    """Noted, not honoured: it watches the counters of an Azure instance."""


def read_host_config(app: Path, environment: Mapping[str, str]) -> HostConfig:
    """Read the app's host.json.

    Raises:
        HostError: there is none, it is not of version 2.0, or a value makes no sense.
    """
    path = app / FILE_NAME
    if not path.is_file():
        raise HostError(f"no {FILE_NAME} in {app}: this is not a Functions app; name its folder with --app")
    document = _lowered(read_object(path))
    if document.get("version") != "2.0":
        raise HostError(f'{path} must say "version": "2.0" (the format of runtimes 2 to 4)')
    _override(document, environment)

    http = _section(document, path, "extensions", "http")
    levels = _section(document, path, "logging", "loglevel")
    level = str(levels.get("function", levels.get("default", "information"))).lower()
    if level not in LOG_LEVELS:
        raise HostError(f"logging.logLevel in {path} must be one of {', '.join(LOG_LEVELS)}, not {level!r}")
    functions = document.get("functions")
    if functions is not None and not isinstance(functions, list):
        raise HostError(f"functions in {path} must be a list of function names")
    return HostConfig(
        route_prefix=str(http.get("routeprefix", "api")).strip("/"),
        max_concurrent_requests=_limit(http, "maxConcurrentRequests", path),
        max_outstanding_requests=_limit(http, "maxOutstandingRequests", path),
        function_timeout=_timeout(document.get("functiontimeout"), path),
        body_limit=_body_limit(environment),
        log_level=LOG_LEVELS[level],
        functions=None if functions is None else frozenset(str(n).lower() for n in cast("list[object]", functions)),
        custom_headers={k: str(v) for k, v in _section(http, path, "customheaders").items()},
        dynamic_throttles=str(http.get("dynamicthrottlesenabled", False)).lower() == "true",
    )


def _lowered(value: dict[str, object]) -> dict[str, object]:
    return {k.lower(): _lowered(as_object(v, k)) if isinstance(v, dict) else v for k, v in value.items()}


def _override(document: dict[str, object], environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        prefix, *sections = name.lower().split("__")
        if prefix != OVERRIDE_PREFIX or not sections:
            continue
        node = document
        for section in sections[:-1]:
            node = as_object(node.setdefault(section, {}), f"the setting that {name} overrides")
        node[sections[-1]] = value


def _section(document: dict[str, object], path: Path, *names: str) -> dict[str, object]:
    for depth, name in enumerate(names, start=1):
        document = as_object(document.get(name), f"{'.'.join(names[:depth])} in {path}")
    return document


def _limit(http: dict[str, object], name: str, path: Path) -> int | None:
    value = str(http.get(name.lower(), -1))
    if not re.fullmatch(r"-1|[1-9]\d*", value):
        raise HostError(f"extensions.http.{name} in {path} must be a positive number, or -1 for no limit, not {value}")
    return None if value == "-1" else int(value)


def _timeout(value: object, path: Path) -> float | None:
    if value is None:
        return DEFAULT_TIMEOUT
    if str(value) == "-1":
        return None
    match = re.fullmatch(r"(?:(\d+)\.)?(\d+):(\d\d):(\d\d(?:\.\d+)?)", str(value))
    if match is None:
        raise HostError(f'functionTimeout in {path} must look like "00:05:00", or be "-1" for none, not {value!r}')
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _body_limit(environment: Mapping[str, str]) -> int:
    value = environment.get(BODY_LIMIT_SETTING)
    if value is None:
        return min(DEFAULT_BODY_LIMIT, memory_limit() // MEMORY_A_BODY)
    if not value.isdecimal():
        raise HostError(f"{BODY_LIMIT_SETTING} must be a number of bytes, not {value!r}")
    return int(value)
