"""Shared private links: this deployment's requests are approved, and no other."""

import json

import pytest

from infra.az import AzError
from infra.search.links import approve_links
from infra.search.settings import load_search_settings
from tests.infra.az import Az

ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/pictures"
SETTINGS = load_search_settings(
    {"search_endpoint": "https://srch-1.search.windows.net", "search_private_links": ACCOUNT}
)


def connection(number: int, status: str, description: str) -> dict[str, object]:
    state = {"status": status, "description": description}
    return {
        "id": f"{ACCOUNT}/privateEndpointConnections/{number}",
        "properties": {"privateLinkServiceConnectionState": state},
    }


def test_approves_what_waits_and_is_ours(az: Az) -> None:
    ours = "image clustering skill: srch-1"
    listed = [
        connection(1, "Approved", ours),
        connection(2, "Pending", "please"),
        connection(3, "Pending", ours),
    ]
    az.answer({"network private-endpoint-connection list": json.dumps(listed)})
    told: list[str] = []
    approve_links(SETTINGS, told.append)
    approved = [asked for asked in az.asked() if " approve " in asked]
    assert approved == [
        f"network private-endpoint-connection approve --id {ACCOUNT}/privateEndpointConnections/3 "
        f"--description {ours} -o none"
    ]
    assert told == ["Approved the search service's private link to pictures"]


def test_asks_nobody_where_there_are_no_links(no_az: None) -> None:
    approve_links(load_search_settings({"search_endpoint": "https://srch-1.search.windows.net"}), print)


def test_says_when_it_may_not_look(az: Az) -> None:
    az.answer({"network private-endpoint-connection list": None})
    with pytest.raises(AzError, match="private-endpoint-connection list"):
        approve_links(SETTINGS, print)
