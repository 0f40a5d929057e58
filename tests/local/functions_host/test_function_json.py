import re
from pathlib import Path
from typing import Any

import pytest

from local.functions_host.function_json import FunctionDefinition, find_functions
from tests.local.apps import RETURN, write_app, write_function

PROJECT = Path(__file__).resolve().parents[3]


def only(app: Path, environment: dict[str, str] | None = None) -> FunctionDefinition:
    functions, refused = find_functions(app, "api", environment or {})
    assert refused == {}
    (function,) = functions
    return function


def test_what_is_left_out_has_the_real_hosts_defaults(tmp_path: Path) -> None:
    write_function(write_app(tmp_path), "Echo", authLevel=None)
    function = only(tmp_path)
    assert function.name == "Echo"
    assert function.folder == tmp_path / "Echo"
    assert function.script == tmp_path / "Echo" / "__init__.py"
    assert function.entry_point == ""
    assert (function.trigger, function.response) == ("req", "$return")
    assert function.route.template == "api/Echo"
    assert function.methods is None
    assert function.auth_level == "function"
    assert not function.disabled


def test_everything_can_be_set(tmp_path: Path) -> None:
    app = write_app(tmp_path)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "run.py").write_text("def serve(request, res): ...")
    write_function(
        app,
        "Echo",
        bindings=[{"type": "http", "direction": "OUT", "name": "res", "dataType": "binary"}],
        function={"scriptFile": "../code/run.py", "entryPoint": "serve"},
        name="request",
        route="/pictures/{id}",
        methods=["get", "POST"],
        authLevel="ADMIN",
    )
    function = only(app)
    assert function.script == tmp_path / "code" / "run.py"
    assert function.entry_point == "serve"
    assert (function.trigger, function.response) == ("request", "res")
    assert function.bindings["res"].direction == "out"
    assert function.bindings["res"].data_type == "binary"
    assert function.route.template == "api/pictures/{id}"
    assert function.methods == {"GET", "POST"}
    assert function.auth_level == "admin"


def test_functions_come_by_name_and_other_folders_are_passed_over(tmp_path: Path) -> None:
    app = write_app(tmp_path)
    write_function(app, "Second")
    write_function(app, "First")
    (tmp_path / "shared").mkdir()
    functions, refused = find_functions(app, "", {})
    assert [function.route.template for function in functions] == ["First", "Second"]
    assert refused == {}


@pytest.mark.parametrize("setting", ["AzureWebJobs.Echo.Disabled", "AzureWebJobs_Echo_Disabled"])
def test_a_function_is_disabled_by_its_file_or_a_setting(tmp_path: Path, setting: str) -> None:
    write_function(write_app(tmp_path), "Echo")
    assert only(tmp_path, {setting: "true"}).disabled
    assert not only(tmp_path, {setting: "false"}).disabled
    write_function(write_app(tmp_path / "other"), "Echo", function={"disabled": True})
    assert only(tmp_path / "other").disabled


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bindings": [RETURN, {"type": "queue", "direction": "out", "name": "q"}]}, "binds queue; only HTTP"),
        ({"type": "http"}, "has no httpTrigger"),
        ({"function": {"bindings": []}}, "bindings in .* must be a list with an httpTrigger"),
        ({"function": {"bindings": ["req"]}}, "a binding in .* must be a JSON object"),
        ({"function": {"scriptFile": "absent.py"}}, r"scriptFile that is not there: .*absent\.py"),
        ({"route": "{day:datetime}"}, "constraint 'datetime' is not known"),
        ({"methods": "get"}, "methods in .* must be a list"),
        ({"direction": "sideways"}, "direction of a binding in .* must be one of in, out, inout"),
        ({"dataType": "blob"}, "dataType of a binding in .* must be one of"),
    ],
)
def test_one_bad_function_does_not_hide_the_others(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    app = write_app(tmp_path)
    write_function(app, "Good")
    write_function(app, "Bad", **changes)
    functions, refused = find_functions(app, "api", {})
    assert [function.name for function in functions] == ["Good"]
    assert re.search(message, refused["Bad"])
    assert str(app / "Bad" / "function.json") in refused["Bad"]


def test_the_projects_function_is_found() -> None:
    assert only(PROJECT).route.template == "api/extraction"
