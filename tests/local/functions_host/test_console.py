from pathlib import Path

from local.functions_host import console
from local.functions_host.app import read_app
from local.functions_host.server import HostedFunction
from tests.local.apps import write_app, write_function


def listing(folder: Path) -> list[str]:
    app = read_app(folder, {})
    functions = [HostedFunction(function, loaded=True) for function in app.functions]
    return console.listing(app, functions, "http://127.0.0.1:7071").splitlines()


def test_an_app_without_settings_or_limits(tmp_path: Path) -> None:
    write_function(write_app(tmp_path, host={"functionTimeout": "-1"}), "Echo", methods=["post", "get"])
    assert listing(tmp_path) == [
        "Settings: the environment only (there is no local.settings.json)",
        "Limits:   bodies of 104857600 bytes (500 beyond)",
        "Functions:",
        "  Echo: [GET,POST] http://127.0.0.1:7071/api/Echo (authLevel anonymous)",
    ]


def test_a_sample_all_limits_and_a_throttle_that_has_no_effect(tmp_path: Path) -> None:
    http = {"maxConcurrentRequests": 16, "maxOutstandingRequests": 128, "dynamicThrottlesEnabled": True}
    app = write_app(tmp_path, host={"functionTimeout": "00:04:00", "extensions": {"http": http}})
    (app / "local.settings.json.sample").write_text('{"Values": {"KEY": "not shown"}}')
    write_function(app, "Echo", authLevel="admin")
    assert listing(app) == [
        f"Settings: {app}/local.settings.json.sample (there is no local.settings.json; copy the sample to make one)",
        "Limits:   16 requests at once, 128 running or waiting (429 beyond), 240 s each (500 beyond), "
        "bodies of 104857600 bytes (500 beyond)",
        "          dynamicThrottlesEnabled has no effect here: it watches an Azure instance",
        "Functions:",
        "  Echo: [any method] http://127.0.0.1:7071/api/Echo (authLevel admin)",
        "  (keys for authLevel function and admin are asked for on Azure and with --azure only)",
    ]
