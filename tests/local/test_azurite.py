"""Azurite as a person starts it, and as other tests do."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from local import azurite
from local.azurite import start_azurite
from local.processes import PROJECT, ManagedProcess, ProcessFailedError
from shared.stores.opening import open_store


def test_the_settings_it_prints_are_the_settings_to_use(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local.azurite", "--port", "0", "--location", str(tmp_path / "data")]
    with ManagedProcess(command, ready="MODEL_STORE_CONNECTION_STRING=", cwd=PROJECT) as process:
        printed = dict(re.findall(r"^export (\w+)='(.+)'$", process.log_text(), re.MULTILINE))
        store = open_store(printed["MODEL_STORE"], printed["MODEL_STORE_CONNECTION_STRING"])
        store.write("a", b"abc", replacing=None)
        assert store.read("a").content == b"abc"
        process.stop()
        assert process.process.returncode == 0
    assert "Traceback" not in process.log_text()


@pytest.mark.slow
def test_its_data_outlives_it(tmp_path: Path) -> None:
    with start_azurite(location=tmp_path) as first:
        first.create_container()
        first.create_container()  # it may be there already
        open_store(first.url(), first.connection_string).write("a", b"abc", replacing=None)
    with start_azurite(location=tmp_path, port=first.port, key=first.key) as second:
        assert second.connection_string == first.connection_string
        assert open_store(second.url(), second.connection_string).read("a").content == b"abc"


def test_its_usual_port_has_its_usual_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "azurite-blob"
    fake.write_text(
        "#!/bin/sh\n"
        'echo "Azurite Blob service successfully listens on http://127.0.0.1:10000 ($AZURITE_ACCOUNTS) $*"\n'
        "exec sleep 60\n"
    )
    fake.chmod(0o755)
    monkeypatch.setattr(azurite, "BINARY", fake)
    with start_azurite(port=10000) as running:
        assert running.connection_string == "UseDevelopmentStorage=true"
        assert running.url() == "http://127.0.0.1:10000/devstoreaccount1/models"
        assert "() --blobPort 10000 --skipApiVersionCheck" in running.log_text()


def test_without_node_modules_it_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azurite, "BINARY", PROJECT / "nowhere" / "azurite-blob")
    with pytest.raises(ProcessFailedError, match="nowhere/azurite-blob is missing: run `npm ci`"):
        start_azurite()


@pytest.mark.slow
def test_a_port_that_is_taken_is_an_error_of_a_few_lines() -> None:
    with start_azurite() as running:
        with pytest.raises(ProcessFailedError, match="EADDRINUSE"):
            start_azurite(port=running.port)
        assert running.process.poll() is None


def test_typed_twice_it_says_that_the_port_is_taken(tmp_path: Path) -> None:
    with start_azurite() as running:
        command = [sys.executable, "-m", "local.azurite", "--port", str(running.port), "--location", str(tmp_path)]
        second = subprocess.run(command, check=False, cwd=PROJECT, capture_output=True, text=True)
    assert second.returncode == 1
    assert "something else listens there. Choose another with --port" in second.stderr
    assert "Traceback" not in second.stderr
