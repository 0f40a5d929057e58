from pathlib import Path

import pytest

from local.functions_host.app import read_app
from local.functions_host.json_files import HostError
from tests.local.apps import write_app, write_function


def test_settings_reach_the_environment_before_the_files_that_they_override(tmp_path: Path) -> None:
    settings = {"AzureFunctionsJobHost__extensions__http__routePrefix": "skills", "KEY": "file"}
    write_function(write_app(tmp_path, settings=settings), "Echo")
    environment = {"KEY": "environment"}
    app = read_app(tmp_path, environment)
    assert app.functions[0].route.template == "skills/Echo"
    assert app.kept == ["KEY"]
    assert environment["KEY"] == "environment"


def test_host_json_can_name_the_functions_to_host(tmp_path: Path) -> None:
    write_app(tmp_path, host={"functions": ["one"]})
    write_function(tmp_path, "One")
    write_function(tmp_path, "Two")
    assert [function.name for function in read_app(tmp_path, {}).functions] == ["One"]


def test_an_app_without_functions_is_refused_with_the_reasons(tmp_path: Path) -> None:
    write_function(write_app(tmp_path), "Nightly", type="timerTrigger")
    with pytest.raises(HostError, match=r"(?s)no function to host in .*Nightly: .* binds timerTrigger"):
        read_app(tmp_path, {})
