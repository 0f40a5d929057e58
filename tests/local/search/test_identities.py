"""Tokens and `ResourceId=` sources against a table of roles, and the commands with nothing but identities."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from infra.search.clients import Clients
from infra.search.deploy import deploy
from infra.search.pictures import upload
from infra.search.retrying import RetryDeadline
from infra.search.runs import RunError
from local.processes import PROJECT
from local.search.errors import ServiceError
from local.search.identities import Identities
from local.search.process import start_search
from tests.local.search.deployments import draw_groups, environment, found, index, settings
from tests.local.search.skill_server import serve_skill
from tests.stores import CALLER, make_certificate, shared_azurite, token, token_endpoint

ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"
IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
SEARCH = "https://search.azure.com"


def with_roles(*roles: str) -> Identities:
    return Identities({CALLER: list(roles)}, {})


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("Search Service Contributor", "/indexes('i')"),
        ("Search Service Contributor", "/indexers('i')/search.run"),
        ("Search Index Data Reader", "/indexes('i')/docs/search.post.search"),
        ("Search Index Data Contributor", "/indexes('i')/docs/search.post.search"),
        ("Search Index Data Contributor", "/indexes('i')/docs/search.index"),
    ],
)
def test_a_role_opens_its_paths(role: str, path: str) -> None:
    with_roles(role).admit(token(SEARCH), path)


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("Search Index Data Contributor", "/indexes('i')"),
        ("Search Service Contributor", "/indexes('i')/docs/search.post.search"),
        ("Search Index Data Reader", "/indexes('i')/docs/search.index"),
    ],
)
def test_no_other_role_does(role: str, path: str) -> None:
    with pytest.raises(ServiceError, match="none of the roles") as refused:
        with_roles(role).admit(token(SEARCH), path)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "wrong", ["", "no token", "a.b.c", token("https://storage.azure.com"), token(SEARCH, seconds=-1)]
)
def test_another_audience_an_old_token_or_none_is_refused(wrong: str) -> None:
    with pytest.raises(ServiceError) as refused:
        with_roles("Search Service Contributor").admit(wrong, "/indexes")
    assert refused.value.status == 401


def test_a_source_is_read_by_the_identity_that_may() -> None:
    accounts = {ACCOUNT: {"connectionString": "the connection", "readers": [IDENTITY]}}
    identities = Identities({}, accounts)
    source = {"credentials": {"connectionString": f"ResourceId={ACCOUNT};"}}
    assert identities.connection(source | {"identity": {"userAssignedIdentity": IDENTITY}}) == "the connection"
    with pytest.raises(ServiceError, match="The identity system may not read"):
        identities.connection(source)
    with pytest.raises(ServiceError, match="There is no storage account"):
        identities.connection({"credentials": {"connectionString": "ResourceId=/elsewhere;"}})


@pytest.mark.slow
def test_the_commands_need_nothing_but_identities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are uploaded by key: what Azurite does with tokens is tested with the stores."""
    certificate = make_certificate(tmp_path)
    table = tmp_path / "identities.json"
    account = {"connectionString": shared_azurite().connection_string, "readers": [IDENTITY]}
    roles = ["Search Service Contributor", "Search Index Data Contributor"]
    table.write_text(json.dumps({"callers": {CALLER: roles}, "accounts": {ACCOUNT: account}}))
    with (
        token_endpoint() as identity,
        serve_skill() as skill,
        start_search(identities=table, certificate=certificate) as search,
    ):
        for name, value in {**identity, "REQUESTS_CA_BUNDLE": str(certificate[0])}.items():
            monkeypatch.setenv(name, value)
        by_key = settings(skill.url, search_endpoint=search.url, search_schedule="never")
        with Clients(by_key) as clients:
            upload(clients.images, draw_groups(tmp_path / "pictures", each=1))
        of = by_key.model_copy(update={"search_key": None})
        changes = {"STORAGE_CONNECTION": f"ResourceId={ACCOUNT};", "SEARCH_IDENTITY": IDENTITY}
        told = {**os.environ, **environment(of), **changes}
        command = [sys.executable, "-m", "infra.search", "deploy"]
        done = subprocess.run(command, cwd=PROJECT, env=told, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        with Clients(of) as clients:
            index(clients, retry=False)
            assert found(clients, "open") == ["open_book_0.jpg"]
        nobody = {
            "search_name_prefix": f"{of.search_name_prefix}-2",
            "storage_connection": SecretStr(changes["STORAGE_CONNECTION"]),
        }
        with Clients(of.model_copy(update=nobody)) as clients:
            deploy(clients, RetryDeadline(10, print, pause=0.05), print)
            with pytest.raises(RunError, match="The identity system may not read"):
                index(clients, retry=False)
