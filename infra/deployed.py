"""`python -m infra.deployed`: run a command with what a deployment says of itself, so that nothing is typed twice.

    python -m infra.deployed -g GROUP infra.search deploy
    python -m infra.deployed -g GROUP training publish models/books
    python -m infra.deployed -g GROUP                          # show the settings

The outputs of infra/main.bicep carry the names of the settings that the commands read. They are put into the command's
environment, and with them the Function's key, from the vault. Without `-g`, as in a hook of azd, the outputs are in the
environment already and only the key is added. Nothing secret is printed or kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from infra.az import AzError, az, read_secret

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


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.deployed", description="Run a command with a deployment.")
    parser.add_argument("-g", "--group", help="the deployment's resource group (default: settings are in place)")
    parser.add_argument("-n", "--name", default=DEPLOYMENT, help="the deployment's name (default: %(default)s)")
    parser.add_argument("module", nargs="?", help="module to run, such as infra.search")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the module takes")
    given = parser.parse_args(argv)
    try:
        settings = outputs(given.group, given.name) if given.group else {}
        if given.module is None:
            sys.stdout.writelines(f"{name}={value}\n" for name, value in settings.items())
            return 0
        secret = settings or {KEY_SECRET: os.environ.get(KEY_SECRET, "")}
        return run(given.module, given.arguments, with_key(secret)).returncode
    except AzError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
