"""Put the four search objects, from inside Azure's deployment script: `python3 -m infra.scripts.put_search_objects`.

Reads the search settings, by their names in `python -m infra.search`, as one JSON object from SEARCH_SETTINGS (a
deployment script takes few environment variables). Logs in and reads the skill's key through the `az` that the script's
container has. Putting what is there already changes nothing; a new indexer starts disabled, because creating one runs
it and the Function's code is not there yet: `python -m infra.search deploy` enables it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import cast
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from infra.az import az, read_secret
from infra.search.templates import KINDS, NEVER, JsonObject, choose_variants, fill, first_build, read_templates

API_VERSION = "2026-04-01"
COLLECTIONS = {
    "datasource": "datasources",
    "index": "indexes",
    "alias": "aliases",
    "skillset": "skillsets",
    "indexer": "indexers",
}

_REQUEST_SECONDS = 60
# A role assignment made a moment ago by the same deployment takes minutes to be known everywhere.
_ROLE_SECONDS = 600.0
_PAUSE_SECONDS = 10.0


def find_index(endpoint: str, token: str, prefix: str) -> str:
    """The index behind the alias, or of that name where there is no alias, or else the one to begin with."""
    alias = _send("GET", _url(endpoint, "alias", prefix), token)
    if alias:
        (index,) = cast("list[str]", alias["indexes"])
        return index
    return prefix if _send("GET", _url(endpoint, "index", prefix), token) else first_build(prefix)


def render(settings: Mapping[str, str], key: str | None, index: str) -> dict[str, JsonObject]:
    """The definitions of each kind, as `infra.search.definitions.render` makes them from the same settings."""
    variants = choose_variants(
        vector=settings.get("SEARCH_VECTOR") == "true",
        compare=bool(settings.get("COMPARE_AI_SERVICES_URL")),
        classifier=bool(settings.get("CLASSIFIER_URL")),
        identity=bool(settings.get("SEARCH_IDENTITY")),
        entra=bool(settings.get("SKILL_RESOURCE_ID")),
        key=key is not None,
        schedule=settings["SEARCH_SCHEDULE"] != NEVER,
        private=bool(settings.get("SEARCH_PRIVATE_LINKS")),
    )
    templates = read_templates(simple=settings.get("SEARCH_VARIANT") == "simple", variants=variants)
    values = {name.lower(): value for name, value in settings.items()}
    values |= {"prefix": settings["SEARCH_NAME_PREFIX"], "index": index, "skill_key": key or ""}
    return {kind: fill(templates[kind], values.__getitem__) for kind in KINDS}


def put(endpoint: str, token: str, kind: str, definition: JsonObject) -> None:
    """Create or replace one object; an indexer stays enabled or disabled as it is, and starts disabled.

    Raises urllib.error.HTTPError when the service refuses, or has not let this identity in for ten minutes.
    """
    url = _url(endpoint, kind, definition["name"])
    if kind == "indexer":
        there = _send("GET", url, token)
        definition = definition | {"disabled": there.get("disabled", False) if there else True}
    _send("PUT", url, token, definition)


def _url(endpoint: str, kind: str, name: object) -> str:
    return f"{endpoint.rstrip('/')}/{COLLECTIONS[kind]}('{name}')?api-version={API_VERSION}"


def _send(method: str, url: str, token: str, body: JsonObject | None = None) -> JsonObject | None:
    """The answer's JSON; None where there is no such object."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Prefer": "return=representation",
    }
    until = time.monotonic() + _ROLE_SECONDS
    while True:
        data = None if body is None else json.dumps(body).encode()
        try:
            # The address is this deployment's own search service, given by the deployment.
            with urlopen(Request(url, data, headers, method=method), timeout=_REQUEST_SECONDS) as answer:  # noqa: S310
                return json.loads(answer.read() or b"{}")
        except HTTPError as error:
            if error.code == HTTPStatus.NOT_FOUND and method == "GET":
                return None
            if error.code != HTTPStatus.FORBIDDEN or time.monotonic() > until:
                sys.stderr.write(f"{method} {url}: {error.code} {error.read().decode(errors='replace')}\n")
                raise
            time.sleep(_PAUSE_SECONDS)


def main() -> None:
    settings: dict[str, str] = json.loads(os.environ["SEARCH_SETTINGS"])
    secret = settings.get("SKILL_KEY_SECRET")
    key = read_secret(secret) if secret else None
    resource = ("--resource", "https://search.azure.com")
    token = az("account", "get-access-token", *resource, "--query", "accessToken", "-o", "tsv")
    endpoint, prefix = settings["SEARCH_ENDPOINT"], settings["SEARCH_NAME_PREFIX"]
    index = find_index(endpoint, token, prefix)
    for kind, definition in render(settings, key, index).items():
        put(endpoint, token, kind, definition)
        sys.stdout.write(f"{kind} {definition['name']} is there\n")
        if kind == "index" and index != prefix:
            put(endpoint, token, "alias", {"name": prefix, "indexes": [index]})
            sys.stdout.write(f"alias {prefix} is there\n")


if __name__ == "__main__":
    main()
