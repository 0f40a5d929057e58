import logging
from pathlib import Path
from typing import Any

import pytest

from local.functions_host.host_json import BODY_LIMIT_SETTING, HostConfig, read_host_config
from local.functions_host.json_files import HostError
from shared.settings import Settings
from tests.local.apps import write_app

PROJECT = Path(__file__).resolve().parents[3]


def test_defaults_are_the_real_hosts(tmp_path: Path) -> None:
    assert read_host_config(write_app(tmp_path), {}) == HostConfig(
        route_prefix="api",
        max_concurrent_requests=None,
        max_outstanding_requests=None,
        function_timeout=1800,
        body_limit=104857600,
        log_level=logging.INFO,
        functions=None,
        custom_headers={},
        dynamic_throttles=False,
    )


def test_everything_can_be_set_whatever_the_case(tmp_path: Path) -> None:
    app = write_app(
        tmp_path,
        host={
            "functionTimeout": "1.00:04:30",
            "functions": ["Echo"],
            "logging": {"LogLevel": {"Default": "Warning", "Function": "Debug"}},
            "extensions": {
                "http": {
                    "routePrefix": "",
                    "MaxConcurrentRequests": 16,
                    "maxOutstandingRequests": 128,
                    "dynamicThrottlesEnabled": True,
                    "customHeaders": {"X-Content-Type-Options": "nosniff"},
                }
            },
        },
    )
    assert read_host_config(app, {BODY_LIMIT_SETTING: "10"}) == HostConfig(
        route_prefix="",
        max_concurrent_requests=16,
        max_outstanding_requests=128,
        function_timeout=86400 + 270,
        body_limit=10,
        log_level=logging.DEBUG,
        functions=frozenset({"echo"}),
        custom_headers={"x-content-type-options": "nosniff"},
        dynamic_throttles=True,
    )


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    app = write_app(tmp_path, host={"extensions": {"http": {"maxConcurrentRequests": 16, "routePrefix": "file"}}})
    config = read_host_config(
        app,
        {
            "AzureFunctionsJobHost__extensions__http__maxConcurrentRequests": "2",
            "AzureFunctionsJobHost__functionTimeout": "-1",
            "AzureFunctionsJobHost__logging__logLevel__default": "Error",
            "AzureFunctionsJobHost": "not a setting",
        },
    )
    assert (config.max_concurrent_requests, config.route_prefix) == (2, "file")
    assert (config.function_timeout, config.log_level) == (None, logging.ERROR)


def test_minus_one_is_no_limit(tmp_path: Path) -> None:
    app = write_app(tmp_path, host={"extensions": {"http": {"maxConcurrentRequests": -1}}})
    assert read_host_config(app, {}).max_concurrent_requests is None


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ({"version": "1.0"}, r'host\.json must say "version": "2\.0"'),
        ({"functionTimeout": "5 minutes"}, "functionTimeout in .*'5 minutes'"),
        ({"functions": "Echo"}, "functions in .* must be a list"),
        ({"logging": {"logLevel": {"default": "Loud"}}}, "must be one of trace, .*not 'loud'"),
        ({"extensions": {"http": {"maxConcurrentRequests": 0}}}, "maxConcurrentRequests in .* positive number"),
        ({"extensions": {"http": {"maxOutstandingRequests": "some"}}}, "maxOutstandingRequests in .*not some"),
        ({"extensions": {"http": []}}, r"extensions\.http in .* must be a JSON object"),
    ],
)
def test_nonsense_is_refused_by_name(tmp_path: Path, host: dict[str, Any], message: str) -> None:
    with pytest.raises(HostError, match=message):
        read_host_config(write_app(tmp_path, host=host), {})


def test_a_body_limit_must_be_a_number(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=f"{BODY_LIMIT_SETTING} must be a number of bytes, not '1 MB'"):
        read_host_config(write_app(tmp_path), {BODY_LIMIT_SETTING: "1 MB"})


def test_a_folder_without_host_json_is_no_app(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"no host\.json in .*--app"):
        read_host_config(tmp_path, {})


def test_the_projects_own_file_bounds_the_queue() -> None:
    config = read_host_config(PROJECT, {})
    assert config.max_concurrent_requests is not None
    assert config.max_outstanding_requests is not None
    assert config.max_concurrent_requests < config.max_outstanding_requests
    # Azure's worker has five threads on one core: what exceeds them waits where no limit sees it, body in memory.
    assert config.max_concurrent_requests <= 5
    # Our own limit is the lower one, because it says what to do.
    assert Settings.model_fields["max_request_bytes"].default < config.body_limit
    # Azure's front end gives up on a request after 230 s; a shorter limit here would cut off answers it still awaits.
    assert config.function_timeout is not None
    assert config.function_timeout >= 230
