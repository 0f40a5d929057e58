"""`python -m infra.function_keys [-g GROUP]`: make the keys in the vault keys of the function, too.

Where a key guards the Function, the packaged function.json says `authLevel: function`: the host then refuses whoever
has no key before it reads a body. Its keys can be set once the package is in place. `infra.send` does it after each
package, and this command after a rotation; without `-g`, as in a hook of azd, the deployment's outputs are in the
environment. Keys go to az in a file that only this user can read, since arguments can be seen by others.
"""

from __future__ import annotations

import json
import os
import tempfile

from infra.az import AzError, az, read_secret
from infra.deployed import DEPLOYMENT, KEY_SECRET, MaybeGroupOption, NameOption, outputs
from infra.search.retrying import RetryDeadline
from shared.command_line.console import command_line, console, errors_in_words, escape

FUNCTION = "ClusterSkill"
KEYS = {"skill": "", "skill-secondary": "-secondary"}
"""The function's keys by name, and what follows the secret's name where their value is (infra/modules/key.bicep)."""

_SECONDS = 600.0


def set_keys(site: str, secret: str, deadline: RetryDeadline) -> None:
    """Give the function of the site with this resource id the keys from the vault. `secret` is the first one's address.

    Waits while the function is not known yet. Raises AzError.
    """
    for name, suffix in KEYS.items():
        value = read_secret(secret + suffix)
        while True:
            try:
                _put(f"{site}/functions/{FUNCTION}/keys/{name}?api-version=2024-11-01", name, value)
                break
            except AzError as error:
                if not deadline.wait(f"the function does not take its keys yet ({error})"):
                    raise


def _put(url: str, name: str, value: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as body:  # mode 600
        json.dump({"properties": {"name": name, "value": value}}, body)
        body.flush()
        az("rest", "--method", "put", "--url", url, "--body", f"@{body.name}", "-o", "none")


app = command_line()


@app.command()
def main(
    group: MaybeGroupOption = None,
    name: NameOption = DEPLOYMENT,
) -> None:
    """Set the function's keys to those in the vault."""
    with errors_in_words():
        deployed = outputs(group, name) if group else os.environ
        if not deployed.get(KEY_SECRET):
            console.print("Microsoft Entra guards the Function: it has no keys")
            return
        kind = ("--resource-type", "Microsoft.Web/sites", "--query", "[0].id", "-o", "tsv")
        site = az("resource", "list", "-n", deployed["FUNCTION_APP_NAME"], *kind)
        set_keys(site, deployed[KEY_SECRET], RetryDeadline(_SECONDS, lambda text: console.print(escape(text))))
        console.print(f"[green]Set[/] the keys of {FUNCTION}")


if __name__ == "__main__":
    app(prog_name="python -m infra.function_keys")
