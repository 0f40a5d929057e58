"""A stand-in for `az`: it answers what a test tells it to, remembers what it was asked, and takes what az takes.

COMMANDS has the commands and options that this project uses, in code and documents. The real az is asked whether it
knows them where it is installed (tests/infra/test_az_commands.py), and the stand-in refuses all others.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

COMMANDS: dict[str, str] = {
    "account get-access-token": "--resource --tenant",
    "account show": "",
    "ad app create": "--display-name --sign-in-audience",
    "ad app delete": "--id",
    "ad app federated-credential create": "--id --parameters",
    "ad app list": "--filter",
    "ad signed-in-user show": "",
    "ad sp create": "--id",
    "ad sp list": "--filter",
    "cognitiveservices account purge": "-g -n -l",
    "deployment group create": "-g -n -f -p",
    "deployment group show": "-g -n",
    "deployment group what-if": "-g -n -f -p",
    "extension add": "-n",
    "functionapp deployment source config-zip": "",
    "functionapp restart": "-g -n",
    "group create": "-n -l --tags",
    "group delete": "-n --yes",
    "group show": "-n",
    "keyvault list": "-g",
    "keyvault purge": "-n",
    "keyvault secret set": "--vault-name -n --file --encoding",
    "keyvault secret show": "--id",
    "login": "",
    "monitor app-insights component show": "-g",
    "monitor app-insights query": "-g --apps --offset --analytics-query",
    "network private-endpoint-connection approve": "--id --description",
    "network private-endpoint-connection list": "--id",
    "provider register": "-n",
    "resource list": "-n --resource-type",
    "resource show": "-g -n --resource-type --api-version",
    "rest": "--method --url --body --resource",
    "role assignment create": "--assignee --role --scope",
    "vmss create": "--resource-group --name --image --vm-sku --instance-count --priority --eviction-policy --subnet "
    "--load-balancer --public-ip-address --custom-data --admin-username --generate-ssh-keys --assign-identity --role "
    "--scope",
    "vmss delete": "--resource-group --name",
}
"""Options by command; `-o` and `--query` are everybody's."""

_FLAGS = {"--assign-identity", "--generate-ssh-keys", "--yes"}
_LISTS = {"-p", "--tags"}
_GLOBAL = {"-o", "--output", "--query"}

_AZ = """#!{python}
import json, pathlib, sys
sys.path.insert(0, {project!r})
from tests.infra.az import refusal
here = pathlib.Path(__file__).parent
with (here / "az.log").open("a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
wrong = refusal(sys.argv[1:])
if wrong:
    sys.stderr.write("ERROR: " + wrong)
    sys.exit(2)
given = " ".join(sys.argv[1:])
for asked, answer in json.loads((here / "answers.json").read_text()).items():
    if given.startswith(asked):
        if answer is None or answer.startswith("ERROR: "):
            sys.exit(answer or "ERROR: refused")
        print(answer)
        break
"""


def refusal(arguments: Sequence[str]) -> str | None:
    """What is wrong with these arguments, or None."""
    words = " ".join(arguments)
    command = max((each for each in COMMANDS if f"{words} ".startswith(f"{each} ")), key=len, default=None)
    if command is None:
        return f"this stand-in knows no command {words!r}: add it to COMMANDS"
    rest = list(arguments[len(command.split()) :])
    while rest:
        option = rest.pop(0)
        if option not in {*COMMANDS[command].split(), *_GLOBAL}:
            return f"az {command} knows no {option!r}: if the real one does, add it to COMMANDS"
        if option in _LISTS:
            while rest and not rest[0].startswith("-"):
                rest.pop(0)
        elif option not in _FLAGS:
            if not rest or (rest[0].startswith("-") and len(rest[0]) > 1):
                return f"az {command} {option} needs a value"
            rest.pop(0)
    return None


class Az:
    """The stand-in's folder, which is all of PATH that matters: `az`, and this interpreter as `python3`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        project = str(Path(__file__).parents[2])
        (folder / "az").write_text(_AZ.format(python=sys.executable, project=project))
        (folder / "az").chmod(0o755)
        (folder / "python3").symlink_to(sys.executable)
        self.answer({})

    def answer(self, answers: Mapping[str, str | None]) -> None:
        """What to print for commands that begin so; None, or a text that begins with ERROR, refuses.

        Other commands print nothing.
        """
        (self.folder / "answers.json").write_text(json.dumps(answers))

    def asked(self) -> list[str]:
        log = self.folder / "az.log"
        return [" ".join(json.loads(line)) for line in log.read_text().splitlines()] if log.exists() else []
