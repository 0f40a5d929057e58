"""Azure's command line, `az`, for what it does best: logins, deployments and secrets.

Runs inside Azure's deployment script, too, so it takes the standard library and `shared.errors` alone.
"""

from __future__ import annotations

import shutil
import subprocess

from shared.errors import UserError


class AzError(UserError):
    """`az` is not there, or refused. Its own message is on standard error already."""


def az(*arguments: str) -> str:
    """Run `az` and return what it printed. Raises AzError."""
    executable = shutil.which("az")
    if executable is None:
        raise AzError("az is not installed: https://learn.microsoft.com/cli/azure/install-azure-cli")
    run = subprocess.run([executable, *arguments], check=False, stdout=subprocess.PIPE, text=True)
    if run.returncode:
        raise AzError(f"az {' '.join(arguments)} failed with status {run.returncode}")
    return run.stdout.strip()


def read_secret(uri: str) -> str:
    """The current value of a Key Vault secret. Raises AzError."""
    return az("keyvault", "secret", "show", "--id", uri, "--query", "value", "-o", "tsv")
