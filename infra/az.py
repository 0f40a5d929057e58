"""Azure's command line, `az`, for what it does best: logins, deployments and secrets.

Runs inside Azure's deployment script, too, so it takes the standard library and `shared.errors` alone.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

from shared.errors import UserError

# A role assignment made a moment ago takes minutes to be known everywhere.
ROLE_SECONDS = 600.0
_PAUSE_SECONDS = 10.0


class AzError(UserError):
    """`az` is not there, or refused. The message ends with its own."""

    forbidden = False
    """Whether it is a role that is missing, or not known yet."""


def az(*arguments: str) -> str:
    """Run `az` and return what it printed. Raises AzError."""
    executable = shutil.which("az")
    if executable is None:
        raise AzError("az is not installed: https://learn.microsoft.com/cli/azure/install-azure-cli")
    run = subprocess.run([executable, *arguments], check=False, capture_output=True, text=True)
    if run.returncode:
        error = AzError(f"az {' '.join(arguments)} failed with status {run.returncode}: {run.stderr.strip()}")
        error.forbidden = "Forbidden" in run.stderr
        raise error
    sys.stderr.write(run.stderr)
    return run.stdout.strip()


def read_secret(uri: str) -> str:
    """The current value of a Key Vault secret, once the role that opens it is known everywhere. Raises AzError."""
    until = time.monotonic() + ROLE_SECONDS
    told = False
    while True:
        try:
            return az("keyvault", "secret", "show", "--id", uri, "--query", "value", "-o", "tsv")
        except AzError as error:
            if not error.forbidden or time.monotonic() > until:
                raise
        if not told:
            sys.stderr.write(f"{uri} is not to be read yet (403); trying again for {ROLE_SECONDS:.0f} s\n")
            told = True
        time.sleep(_PAUSE_SECONDS)
