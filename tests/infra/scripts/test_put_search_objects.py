"""The script that a deployment runs: what it renders, and the whole of it, as Bicep writes it, against a service."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import override
from urllib.error import HTTPError

import pytest
from azure.core.credentials import AzureKeyCredential
from azure.search.documents.indexes import SearchIndexClient, SearchIndexerClient

from infra.scripts import put_search_objects
from infra.scripts.put_search_objects import API_VERSION, find_index, put, render
from infra.search.definitions import render as render_definitions
from infra.search.settings import SearchSettings
from infra.search.templates import KINDS
from local.search.process import start_search
from tests.conftest import PROJECT
from tests.infra.az import Az
from tests.infra.snapshots import deployed
from tests.stores import CALLER, token

SETTINGS = {
    "SEARCH_ENDPOINT": "https://search.example",
    "SEARCH_NAME_PREFIX": "pictures",
    "SEARCH_VARIANT": "projections",
    "SEARCH_VECTOR": "false",
    "SEARCH_SCHEDULE": "PT1H",
    "SEARCH_IDENTITY": "",
    "SKILL_URL": "https://skill.example/api/extraction",
    "SKILL_RESOURCE_ID": "",
    "STORAGE_CONNECTION": "ResourceId=/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a;",
    "IMAGES_CONTAINER": "images",
    "COMPARE_AI_SERVICES_URL": "",
    "CLASSIFIER_URL": "",
}
IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"


@pytest.mark.parametrize("key", [None, "the-key"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"SEARCH_VARIANT": "simple", "SEARCH_SCHEDULE": "never", "SEARCH_IDENTITY": IDENTITY},
        {"SEARCH_IDENTITY": IDENTITY, "SEARCH_VECTOR": "true", "COMPARE_AI_SERVICES_URL": "https://ai.example"},
        {"SKILL_RESOURCE_ID": "api://it", "SEARCH_IDENTITY": IDENTITY, "CLASSIFIER_URL": "https://classifier.example"},
    ],
    ids=str,
)
def test_it_renders_what_the_command_renders(changes: dict[str, str], key: str | None) -> None:
    settings = SETTINGS | changes
    values = {name.lower(): value for name, value in settings.items() if value}
    expected = render_definitions(SearchSettings.model_validate({**values, "skill_key": key}), "i", secrets=True)
    assert render(settings, key, "i") == dict(expected.items())


@pytest.fixture(scope="module")
def script() -> str:
    """The text that Azure would run. Made before a test has no more than `az` on its PATH."""
    return deployed().one("Microsoft.Resources/deploymentScripts").properties["scriptContent"]


def test_the_whole_script_puts_the_objects_once_and_changes_nothing_the_second_time(
    script: str, az: Az, tmp_path: Path
) -> None:
    address = "https://vault.example/secrets/skill-key"
    az.answer({"account get-access-token": token("https://search.azure.com"), "keyvault secret show": "the-key"})
    table = tmp_path / "identities.json"
    table.write_text(json.dumps({"callers": {CALLER: ["Search Service Contributor"]}}))
    folder = tmp_path / "container"
    folder.mkdir()
    with start_search(key="any", identities=table) as search:
        settings = SETTINGS | {
            "SEARCH_ENDPOINT": search.url,
            "SEARCH_VECTOR": "true",
            "SKILL_KEY_SECRET": address,
            "STORAGE_CONNECTION": "UseDevelopmentStorage=true",
        }
        environment = {**os.environ, "SEARCH_SETTINGS": json.dumps(settings)}

        def run() -> list[str]:
            done = subprocess.run(
                "/bin/bash", cwd=folder, env=environment, input=script, check=False, capture_output=True, text=True
            )
            assert not done.returncode, done.stderr
            return done.stdout.splitlines()

        assert run() == [
            "datasource pictures-datasource is there",
            "index pictures-build-1 is there",
            "alias pictures is there",
            "skillset pictures-build-1-skillset is there",
            "indexer pictures-build-1-indexer is there",
        ]
        with (
            SearchIndexerClient(search.url, AzureKeyCredential("any")) as indexers,
            SearchIndexClient(search.url, AzureKeyCredential("any")) as indexes,
        ):
            assert "vector" in {field.name for field in indexes.get_index("pictures").fields}
            (skill,) = indexers.get_skillset("pictures-build-1-skillset").as_dict()["skills"]
            assert skill["httpHeaders"] == {"Ocp-Apim-Subscription-Key": "the-key", "x-functions-key": "the-key"}
            indexer = indexers.get_indexer("pictures-build-1-indexer")
            assert indexer.is_disabled is True, "creating an enabled indexer runs it, and there is no code yet"

            indexer.is_disabled = False
            indexers.create_or_update_indexer(indexer)
            run()
            assert not indexers.get_indexer("pictures-build-1-indexer").is_disabled, (
                "a second run must not stop indexing"
            )
    assert f"keyvault secret show --id {address} --query value -o tsv" in az.asked()


def test_the_index_is_the_one_that_the_alias_leads_to_or_one_from_before_aliases() -> None:
    index = render(SETTINGS, None, "pictures-build-3")["index"]
    with start_search() as search:
        assert find_index(search.url, "token", "pictures") == "pictures-build-1"
        put(search.url, "token", "index", index)
        put(search.url, "token", "alias", {"name": "pictures", "indexes": ["pictures-build-3"]})
        assert find_index(search.url, "token", "pictures") == "pictures-build-3"
        put(search.url, "token", "index", index | {"name": "older"})
        assert find_index(search.url, "token", "older") == "older"


def test_its_files_run_on_the_python_of_the_scripts_container_and_on_nothing_else() -> None:
    module = (PROJECT / "infra" / "modules" / "searchObjects.bicep").read_text(encoding="utf-8")
    files = [line.split("'")[1] for line in module.splitlines() if ".py', text:" in line]
    assert len(files) == 4
    allowed = {file.removesuffix(".py").replace("/", ".") for file in files}
    for file in files:
        # Azure CLI's image is Azure Linux 3, which has Python 3.12.
        tree = ast.parse((PROJECT / file).read_text(encoding="utf-8"), feature_version=(3, 12))
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
        assert {name for name in imported if name.split(".")[0] in {"infra", "shared", "training"}} <= allowed
        assert {name.split(".")[0] for name in imported} <= set(sys.stdlib_module_names) | {"infra", "shared"}


def test_every_kind_has_its_collection_and_the_version_is_the_sdks() -> None:
    assert set(put_search_objects.COLLECTIONS) == {*KINDS, "alias"}
    with SearchIndexClient("https://search.example", AzureKeyCredential("any")) as client:
        assert client._config.api_version == API_VERSION  # pyright: ignore[reportPrivateUsage] - told nowhere else


@contextmanager
def service(*statuses: int) -> Generator[tuple[str, list[str]]]:
    """A service that answers with these statuses in turn, and its URL; the list holds what it was asked."""
    asked: list[str] = []
    left = iter(statuses)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            asked.append(f"{self.command} {self.path} {self.headers['Authorization']}")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(next(left))
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_PUT = _answer  # noqa: N815 - the names are http.server's

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_waits_for_roles_to_propagate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(put_search_objects, "_PAUSE_SECONDS", 0.0)
    with service(403, 403, 201) as (url, asked):
        put(url, "token", "index", {"name": "pictures"})
    assert asked == [f"PUT /indexes('pictures')?api-version={API_VERSION} Bearer token"] * 3


@pytest.mark.parametrize(("status", "seconds"), [(400, 600.0), (403, -1.0)])
def test_gives_up_where_waiting_does_not_help(
    status: int, seconds: float, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(put_search_objects, "_ROLE_SECONDS", seconds)
    with service(status) as (url, asked), pytest.raises(HTTPError, match=str(status)) as refused:
        put(url, "token", "skillset", {"name": "pictures-skillset"})
    refused.value.close()
    assert len(asked) == 1
    assert f"skillsets('pictures-skillset')?api-version={API_VERSION}: {status}" in capsys.readouterr().err
