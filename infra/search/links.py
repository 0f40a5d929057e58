"""The search service's shared private links, approved at their other ends: a request waits until the owner agrees.

Only requests with this deployment's words: whoever else asks for a way into the storage account goes on waiting.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from infra.az import az
from infra.search.retrying import Say
from infra.search.settings import SearchSettings


def approve_links(settings: SearchSettings, say: Say) -> None:
    """Approve what waits at the resources of SEARCH_PRIVATE_LINKS. Raises AzError, SettingsError."""
    if not settings.search_private_links:
        return
    service = (urlsplit(settings.need("search_endpoint")).hostname or "").partition(".")[0]
    for resource in settings.search_private_links.split(","):
        name = resource.rpartition("/")[2]
        listed = az("network", "private-endpoint-connection", "list", "--id", resource, "-o", "json")
        connections: list[dict[str, Any]] = json.loads(listed or "[]")
        for connection in connections:
            state = connection["properties"]["privateLinkServiceConnectionState"]
            if state["status"] != "Pending" or state.get("description") != f"image clustering skill: {service}":
                continue
            words = ("--description", state["description"])
            az("network", "private-endpoint-connection", "approve", "--id", connection["id"], *words, "-o", "none")
            say(f"Approved the search service's private link to {name}")
