"""`python -m infra.entra`: an app registration in Microsoft Entra that guards the Function instead of a key.

    python -m infra.entra --name pictures-skill        # prints the application's id, for entraClientId

It has what a registration needs that both a service and a person ask for tokens: an identifier, a scope, and the Azure
CLI authorised for that scope beforehand, since nobody is asked for consent on a command line (AADSTS65001 otherwise).
Running it again changes nothing that is so already.
"""

from __future__ import annotations

import json
import tempfile
import uuid
from typing import Annotated, Any

import typer

from infra.az import AzError, az
from infra.search.retrying import RetryDeadline
from shared.command_line.console import command_line, console, errors_in_words, escape

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""The Azure CLI's own application id, in every tenant; azd has the same. infra/main.bicep lets it in."""

SCOPE = "user_impersonation"
# A registration made a moment ago is not known to all of Microsoft Graph.
_NEW_SECONDS = 60.0
_GRAPH = "https://graph.microsoft.com/v1.0/applications"


def register(name: str) -> str:
    """Make the registration called so what it must be, or a new one; its application id. Raises AzError."""
    there = json.loads(az("ad", "app", "list", "--filter", f"displayName eq '{name}'", "-o", "json"))
    made = there[0] if there else json.loads(az(*_CREATE, "--display-name", name, "-o", "json"))
    object_id, client = made["id"], made["appId"]
    scope = str(uuid.uuid5(uuid.NAMESPACE_URL, f"api://{client}/{SCOPE}"))
    api = {
        "requestedAccessTokenVersion": 2,
        "oauth2PermissionScopes": [
            {
                "id": scope,
                "value": SCOPE,
                "type": "User",
                "isEnabled": True,
                "adminConsentDisplayName": "Ask the image clustering skill",
                "adminConsentDescription": "Ask the image clustering skill as the person who is logged in",
            }
        ],
    }
    allowed = [{"appId": AZURE_CLI, "delegatedPermissionIds": [scope]}]
    deadline = RetryDeadline(_NEW_SECONDS, lambda text: console.print(escape(text)))
    _patch(object_id, {"identifierUris": [f"api://{client}"], "api": api}, deadline)
    # Only once the scope is there can it be authorised for anybody.
    _patch(object_id, {"api": {"preAuthorizedApplications": allowed}}, deadline)
    if not json.loads(az("ad", "sp", "list", "--filter", f"appId eq '{client}'", "-o", "json")):
        az("ad", "sp", "create", "--id", client, "-o", "none")
    return client


_CREATE = ("ad", "app", "create", "--sign-in-audience", "AzureADMyOrg")


def remove(client: str) -> None:
    """Delete the registration. Raises AzError."""
    az("ad", "app", "delete", "--id", client)


def _patch(object_id: str, change: dict[str, Any], deadline: RetryDeadline) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as body:
        json.dump(change, body)
        body.flush()
        request = ("rest", "--method", "patch", "--url", f"{_GRAPH}/{object_id}", "--body", f"@{body.name}")
        while True:
            try:
                az(*request, "-o", "none")
            except AzError as error:
                if not deadline.wait(f"the registration does not take its settings yet ({error})"):
                    raise
            else:
                return


app = command_line()


@app.command()
def main(
    name: Annotated[str, typer.Option("--name", help="The registration's display name.")] = "pictures-skill",
) -> None:
    """Register the application that guards the Function, and print its id."""
    with errors_in_words():
        client = register(name)
    console.print(f"[green]Registered[/] api://{client}; deploy with entraClientId={client}")
    typer.echo(client)


if __name__ == "__main__":
    app(prog_name="python -m infra.entra")
