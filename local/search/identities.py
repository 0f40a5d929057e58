"""Who is who where nobody has keys: callers by their tokens, and this service's own identities at storage accounts.

A table takes the place of Microsoft Entra and of Azure's role assignments:

    {"callers": {"<object id>": ["Search Service Contributor"]},
     "accounts": {"/subscriptions/…/storageAccounts/<name>": {"connectionString": "…", "readers": ["system"]}}}

`readers` are the identities with the role Storage Blob Data Reader: `system` for the service's system-assigned one, or
a user-assigned one's resource id. Tokens are read, not verified: nobody signs them here.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from local.search.errors import ServiceError

# https://learn.microsoft.com/azure/search/search-security-rbac
AUDIENCES = frozenset({"https://search.azure.com", "https://search.azure.com/"})
_DEFINE = frozenset({"Search Service Contributor"})
_WRITE = frozenset({"Search Index Data Contributor"})
_READ = _WRITE | {"Search Index Data Reader"}
_RESOURCE = "resourceid="


@dataclass(frozen=True, slots=True)
class Identities:
    """The table."""

    callers: Mapping[str, list[str]]
    accounts: Mapping[str, Mapping[str, Any]]

    def admit(self, token: str, path: str) -> None:
        """Let a caller in to a path of the REST API. Raises ServiceError: 401 for a token, 403 for a role."""
        claims = _claims(token)
        if claims.get("aud") not in AUDIENCES or claims.get("exp", 0) < time.time():
            raise ServiceError("The token is for somebody else, or has expired.", HTTPStatus.UNAUTHORIZED)
        needed = _DEFINE if "/docs" not in path else _WRITE if path.endswith("/search.index") else _READ
        if not needed & set(self.callers.get(str(claims.get("oid")), [])):
            raise ServiceError(f"The caller has none of the roles {', '.join(sorted(needed))}.", HTTPStatus.FORBIDDEN)

    def connection(self, datasource: Mapping[str, Any]) -> str:
        """The connection string behind a data source. Raises ServiceError where its identity may not read there."""
        given: str = datasource["credentials"]["connectionString"]
        if not is_resource(given):
            return given
        resource = given[len(_RESOURCE) :].rstrip(";")
        account = self.accounts.get(resource)
        if account is None:
            raise ServiceError(f"There is no storage account {resource}.")
        identity = (datasource.get("identity") or {}).get("userAssignedIdentity", "system")
        if identity not in account["readers"]:
            raise ServiceError(f"The identity {identity} may not read {resource}.", HTTPStatus.FORBIDDEN)
        return account["connectionString"]


NOBODY = Identities({}, {})


def read_identities(path: Path) -> Identities:
    """The table in a JSON file."""
    table = json.loads(path.read_text(encoding="utf-8"))
    return Identities(table.get("callers", {}), table.get("accounts", {}))


def is_resource(connection: str) -> bool:
    """Whether this names a resource to be read by identity, rather than holding a key."""
    return connection.lower().startswith(_RESOURCE)


def _claims(token: str) -> dict[str, Any]:
    try:
        body = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError) as error:
        raise ServiceError("The token can't be read.", HTTPStatus.UNAUTHORIZED) from error
