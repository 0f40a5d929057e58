"""`python -m infra.smoke`: does it work in a real subscription? Deploy, index ten pictures, query, tear down, time it.

    python -m infra.smoke --location westeurope [--entra] [--model models/books] [--pictures data/test] [--keep]

Makes a resource group of its own and deletes it at the end with everything in it, whatever happened; `--keep` leaves
it for a look. Needs `az login` and the right to assign roles. Costs cents: the search service is billed by the hour.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from infra.az import AzError, az
from infra.deployed import DEPLOYMENT, KEY_SECRET, outputs, run, with_key
from infra.entra import register, remove
from infra.function_keys import set_keys
from infra.package import Guard, build
from infra.search.retrying import RetryDeadline
from infra.send import find_site, send, sync_triggers
from shared.command_line.console import command_line, console, errors_in_words, escape, flag
from shared.errors import UserError
from shared.pictures.folder import find_pictures

PICTURES = 10
_SEND_SECONDS = 900.0


class SmokeError(UserError):
    """A step did not do what it should. The message names the step."""


class Clock:
    """The steps and how long each took, in seconds."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, float]] = []

    @contextmanager
    def __call__(self, step: str) -> Generator[None]:
        console.print(f"{escape(step)} ...")
        started = time.monotonic()
        try:
            yield
        finally:
            self.steps.append((step, time.monotonic() - started))

    def table(self) -> str:
        total = sum(seconds for _, seconds in self.steps)
        return "".join(f"{seconds:8.0f} s  {step}\n" for step, seconds in [*self.steps, ("total", total)])


def prepare(model: Path, pictures: Path) -> list[Path]:
    """Everything that can be wrong on this side of the network. Returns ten pictures. Raises UserError."""
    if not (model / "manifest.json").is_file():
        raise SmokeError(f"{model} is not a model: `python -m training train FOLDER --name NAME` makes one")
    sources = find_pictures(pictures)
    if len(sources) < PICTURES:
        raise SmokeError(f"{pictures} has {len(sources)} pictures, {PICTURES} are needed")
    az("account", "show", "--query", "name", "-o", "tsv")
    step = len(sources) // PICTURES
    return [source.path for source in sources[: step * PICTURES : step]]


def smoke(group: str, model: Path, pictures: Sequence[Path], clock: Clock, entra_client: str = "") -> None:
    """Deploy into an empty resource group and use what was deployed, guarded by a key or by a registration.

    Raises UserError.
    """
    with clock("deploy infra/main.bicep"):
        person = az("ad", "signed-in-user", "show", "--query", "id", "-o", "tsv")
        values = (
            f"environmentName={group}",
            f"principalId={person}",
            f"modelName={model.name}",
            f"entraClientId={entra_client}",
        )
        az("deployment", "group", "create", "-g", group, "-n", DEPLOYMENT, "-f", "infra/main.bicep", "-p", *values)
    deployed = outputs(group)
    with clock("build the package"), tempfile.TemporaryDirectory() as folder:
        package = build(Path(folder), guard=Guard.ENTRA if entra_client else Guard.KEY)
        with clock("send the package"):
            site = find_site(group, deployed["FUNCTION_APP_NAME"])
            token = az("account", "get-access-token", "--query", "accessToken", "-o", "tsv")
            deadline = RetryDeadline(_SEND_SECONDS, lambda text: console.print(escape(text)))
            send(site, package.zip, token, deadline)
            sync_triggers(site)
            if not entra_client:
                set_keys(site.id, deployed[KEY_SECRET], deadline)
    settings = with_key(deployed)

    def command(module: str, *arguments: str) -> str:
        finished = run(module, arguments, settings, capture=True)
        typer.echo(finished.stdout, nl=False)
        if finished.returncode:
            raise SmokeError(f"`python -m {module} {' '.join(arguments)}` failed")
        return finished.stdout

    with clock("publish the model"):
        command("training", "publish", str(model))
    with clock("deploy the search objects"):
        command("infra.search", "deploy")
    with clock(f"upload {len(pictures)} pictures"), tempfile.TemporaryDirectory() as folder:
        for number, picture in enumerate(pictures):
            shutil.copy(picture, Path(folder) / f"{number:02}-{picture.name}")
        command("infra.search", "upload", folder)
    with clock("index"):
        command("infra.search", "run")
    with clock("query"):
        indexed = command("infra.search", "query", "*").splitlines()
        named = command("infra.search", "query", "*", "--filter", "label/any()").splitlines()
    if len(indexed) != len(pictures) or not named:
        raise SmokeError(
            f"{len(indexed)} of {len(pictures)} pictures are in the index, {len(named)} of them with names"
        )


def tear_down(group: str, entra_client: str = "") -> None:
    """Delete the group, the registration, and the vault, which would otherwise linger for a week under its name."""
    if entra_client:
        remove(entra_client)
    try:
        vaults = az("keyvault", "list", "-g", group, "--query", "[].name", "-o", "tsv").split()
    except AzError:
        vaults = []  # the group must go all the same: it costs money
    az("group", "delete", "-n", group, "--yes")
    for vault in vaults:
        az("keyvault", "purge", "-n", vault)


app = command_line()


@app.command()
def main(
    location: Annotated[str, typer.Option(help="Azure region.")] = "westeurope",
    model: Annotated[Path, typer.Option(help="The model to publish.")] = Path("models/books"),
    pictures: Annotated[Path, typer.Option(help=f"Folder of at least {PICTURES} pictures.")] = Path("data/test"),
    entra: Annotated[bool, flag("--entra", "Guard the Function by Microsoft Entra, not by a key.")] = False,
    keep: Annotated[bool, flag("--keep", "Leave the resource group for a look.")] = False,
) -> None:
    """Try a real deployment, then delete it."""
    group = f"skill-smoke-{secrets.token_hex(3)}"
    clock = Clock()
    with errors_in_words():
        chosen = prepare(model, pictures)
        with clock(f"create the resource group {group}"):
            az("group", "create", "-n", group, "-l", location, "--tags", "purpose=smoke")
        client = ""
        try:
            if entra:
                with clock("register the application"):
                    client = register(group)
            smoke(group, model, chosen, clock, client)
        finally:
            if keep:
                console.print(f"left for a look: az group delete -n {group}")
                if client:
                    console.print(f"and: az ad app delete --id {client}")
            else:
                with clock("tear down"):
                    tear_down(group, client)
            typer.echo(clock.table(), nl=False)


if __name__ == "__main__":
    app(prog_name="python -m infra.smoke")
