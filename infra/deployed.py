"""`python -m infra.deployed`: run a command with what a deployment says of itself, so that nothing is typed twice.

    python -m infra.deployed -g GROUP infra.search deploy
    python -m infra.deployed -g GROUP training publish models/books
    python -m infra.deployed -g GROUP                          # show the settings

The outputs of infra/main.bicep carry the names of the settings that the commands read. They are put into the command's
environment, and with them the Function's key, from the vault. Without `-g`, as in a hook of azd, the outputs are in the
environment already and only the key is added. Nothing secret is printed or kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from infra.az import az, read_secret
from shared.command_line.console import command_line, errors_in_words

DEPLOYMENT = "main"
"""What docs/deploy.md calls the deployment."""

KEY_SECRET = "SKILL_KEY_SECRET"  # noqa: S105 - the name of the output that tells where the secret is
KEY = "SKILL_KEY"


def outputs(group: str, deployment: str = DEPLOYMENT) -> dict[str, str]:
    """The outputs of a deployment, without the empty ones. Raises AzError."""
    arguments = ("deployment", "group", "show", "-g", group, "-n", deployment, "--query", "properties.outputs")
    found: dict[str, dict[str, str]] = json.loads(az(*arguments, "-o", "json"))
    return {name: output["value"] for name, output in found.items() if output["value"]}


def with_key(settings: Mapping[str, str]) -> dict[str, str]:
    """The settings, and the Function's key where a vault holds it. Raises AzError."""
    if KEY in settings or not settings.get(KEY_SECRET):
        return dict(settings)
    return {**settings, KEY: read_secret(settings[KEY_SECRET])}


def run(
    module: str, arguments: Sequence[str], settings: Mapping[str, str], *, capture: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run `python -m MODULE ARGUMENTS` with these settings in its environment, and wait for it."""
    command = [sys.executable, "-m", module, *arguments]
    standard_output = subprocess.PIPE if capture else None
    return subprocess.run(command, env={**os.environ, **settings}, check=False, stdout=standard_output, text=True)


GroupOption = Annotated[str, typer.Option("-g", "--group", help="The deployment's resource group.")]
MaybeGroupOption = Annotated[
    str | None,
    typer.Option("-g", "--group", help="The deployment's resource group; without, the environment tells."),
]
NameOption = Annotated[str, typer.Option("-n", "--name", help="The deployment's name.")]

app = command_line()


# Options behind the module are the module's own.
@app.command(context_settings={"allow_interspersed_args": False})
def main(
    module: Annotated[str | None, typer.Argument(help="Module to run, such as infra.search.")] = None,
    arguments: Annotated[list[str] | None, typer.Argument(help="What the module takes.")] = None,
    group: MaybeGroupOption = None,
    name: NameOption = DEPLOYMENT,
) -> None:
    """Run a command with a deployment's settings; without one, show the settings."""
    with errors_in_words():
        settings = outputs(group, name) if group else {}
        if module is None:
            typer.echo("".join(f"{key}={value}\n" for key, value in settings.items()), nl=False)
            return
        secret = settings or {KEY_SECRET: os.environ.get(KEY_SECRET, "")}
        raise typer.Exit(run(module, arguments or (), with_key(secret)).returncode)


if __name__ == "__main__":
    app(prog_name="python -m infra.deployed")
