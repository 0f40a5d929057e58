"""`python -m infra.send -g GROUP`: send the package to the Function, as it is, and wait until it is in place.

The zip goes to the site's own publishing endpoint with the caller's token, as azd sends it: nothing is built there.
`az functionapp deployment source config-zip` turns a remote build on for Python on Flex Consumption, which would put
this repository's requirements.txt into the app. Afterwards the triggers are synchronised: until then an app that has
just got its code can answer 404. Then the function gets its keys, where keys guard it (`infra.function_keys`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import httpx
import typer

from infra.az import az
from infra.deployed import DEPLOYMENT, KEY_SECRET, GroupOption, NameOption, outputs
from infra.function_keys import set_keys
from infra.package import ROOT, Guard, guard_of
from infra.search.retrying import RetryDeadline
from shared.command_line.console import command_line, console, errors_in_words, escape
from shared.errors import UserError

# Statuses of a deployment, as Kudu numbers them. Below are the ones on the way there.
_SUCCESS = 4
_FAILED = {-1: "was cancelled", 3: "failed", 5: "gave way to another one that is running", 6: "succeeded in part only"}
# A publishing endpoint that is only just starting, or restarts with the app, and one that learns of a new role.
_PASSING = frozenset(
    {
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)
_REQUEST_SECONDS = 300.0


class SendError(UserError):
    """The package is not in place."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the package goes."""

    id: str
    publishing: str
    """URL of the publishing endpoint, without a slash at its end."""
    flex: bool


def find_site(group: str, name: str) -> Site:
    """Ask Azure for the app. Raises AzError, SendError."""
    kind = ("--resource-type", "Microsoft.Web/sites", "--api-version", "2024-11-01")
    found = json.loads(az("resource", "show", "-g", group, "-n", name, *kind, "-o", "json"))
    hosts = [host for host in found["properties"]["enabledHostNames"] if ".scm." in host]
    if not hosts:
        raise SendError(f"{name} has no publishing endpoint among its host names")
    return Site(found["id"], f"https://{hosts[0]}", found["properties"].get("functionAppConfig") is not None)


def send(site: Site, package: Path, token: str, deadline: RetryDeadline) -> None:
    """Send the zip and wait until it runs. Raises SendError."""
    # Flex Consumption has an endpoint of its own; elsewhere it is Kudu's.
    endpoint = "publish?RemoteBuild=false" if site.flex else "zipdeploy?isAsync=true"
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=_REQUEST_SECONDS) as client:
        content = package.read_bytes()
        post = client.build_request(
            "POST", f"{site.publishing}/api/{endpoint}", content=content, headers={"Content-Type": "application/zip"}
        )
        accepted = _answered(client, post, deadline)
        identifier = accepted.json() if site.flex else "latest"
        status = client.build_request("GET", f"{site.publishing}/api/deployments/{identifier}")
        while True:
            state = _answered(client, status, deadline).json()
            if state["status"] == _SUCCESS:
                return
            if state["status"] in _FAILED:
                details = state.get("status_text") or state.get("message") or "no reason is given"
                raise SendError(f"the deployment {_FAILED[state['status']]}: {details}")
            if not deadline.wait("the package is being put in place"):
                raise SendError("the package is still not in place: see the app's deployment log, and send it again")


def check_guard(package: Path, deployed: Mapping[str, str]) -> None:
    """See that the package leaves it to the same guard as the deployment. Raises SendError, PackageError."""
    wanted = Guard.KEY if KEY_SECRET in deployed else Guard.ENTRA
    if guard_of(package) != wanted:
        raise SendError(
            f"{package} is built for another guard than the deployment's, so that nobody could call it, or anybody: "
            f"`python -m infra.package --guard {wanted}` builds the right one"
        )


def sync_triggers(site: Site) -> None:
    """Tell the platform which functions there are. Raises AzError."""
    az("rest", "--method", "post", "--url", f"{site.id}/syncfunctiontriggers?api-version=2024-11-01")


def _answered(client: httpx.Client, request: httpx.Request, deadline: RetryDeadline) -> httpx.Response:
    while True:
        try:
            response = client.send(request)
        except httpx.HTTPError as error:
            problem = f"{request.url.host} does not answer ({error or type(error).__name__})"
            if not deadline.wait(problem):
                raise SendError(problem) from error
            continue
        if response.is_success:
            return response
        problem = f"{request.url.host} answers {response.status_code} to {request.method} {request.url.path}"
        if response.status_code not in _PASSING or not deadline.wait(problem):
            raise SendError(f"{problem}: {response.text[:500] or response.reason_phrase}")


app = command_line()


@app.command()
def main(
    group: GroupOption,
    name: NameOption = DEPLOYMENT,
    package: Annotated[Path, typer.Option(help="The zip that `make package` builds.")] = ROOT / "dist" / "skill.zip",
    timeout: Annotated[float, typer.Option(help="Seconds to wait for it to be in place.")] = 900,
) -> None:
    """Send the package to the Function and wait until it is in place."""
    with errors_in_words():
        if not package.is_file():
            raise SendError(f"{package} is missing: `make package` builds it")
        deployed = outputs(group, name)
        check_guard(package, deployed)
        site = find_site(group, deployed["FUNCTION_APP_NAME"])
        token = az("account", "get-access-token", "--query", "accessToken", "-o", "tsv")
        deadline = RetryDeadline(timeout, lambda text: console.print(escape(text)))
        send(site, package, token, deadline)
        sync_triggers(site)
        if KEY_SECRET in deployed:
            set_keys(site.id, deployed[KEY_SECRET], deadline)
        console.print(f"[green]Sent[/] {escape(str(package))} to {escape(site.publishing)}")


if __name__ == "__main__":
    app(prog_name="python -m infra.send")
