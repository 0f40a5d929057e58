"""The commands of az in code and documents: the stand-in takes no others, and the real one knows them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.documents import read
from tests.infra.az import COMMANDS, refusal

# What the shell would put in place of a command's output.
_SUBSTITUTION = re.compile(r'"?\$\((?:[^()]|\([^()]*\))*\)"?')
# From an extension, which is not there.
_EXTENSIONS = ("monitor app-insights",)


def documented() -> list[list[str]]:
    """Arguments of every `az …` in documents and workflow: in lines of code, in their commands, in sentences."""
    text = "".join(read(document) for document in ("docs/deploy.md", "docs/scale.md")).replace("\\\n", "")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"\$\((az [^()]*)\)", text)
    lines += [" ".join(quoted.split()) for quoted in re.findall(r"`(az [^`]*)`", text)]
    lines += re.findall(r"^ +(az .+)$", read(".github/workflows/deploy.yml"), re.MULTILINE)
    commands = [part for line in lines for part in line.split(" && ") if part.startswith("az ")]
    return [shlex.split(_SUBSTITUTION.sub("VALUE", command))[1:] for command in commands]


DOCUMENTED = documented()
# Named in a sentence, without all that it needs.
WHOLE = [each for each in DOCUMENTED if any(word.startswith("-") for word in each)]


def test_the_documents_are_read() -> None:
    assert ["group", "create", "-n", "pictures", "-l", "westeurope"] in DOCUMENTED
    assert len(WHOLE) >= 8


@pytest.mark.parametrize("arguments", DOCUMENTED, ids=" ".join)
def test_a_documented_command_is_one_of_those_that_are_checked(arguments: list[str]) -> None:
    known = {tuple(command.split()) for command in COMMANDS}
    bare = tuple(arguments) in known or any(tuple(arguments) == command[: len(arguments)] for command in known)
    assert bare or refusal(arguments) is None


def test_the_documented_query_looks_as_far_back_as_the_longest_one() -> None:
    """az cuts a query to its own `--offset`, an hour unless it is said, whatever the query asks for."""
    (given,) = [each for each in WHOLE if each[:3] == ["monitor", "app-insights", "query"]]
    offset = given[given.index("--offset") + 1]
    queries = [path.read_text(encoding="utf-8") for path in (PROJECT / "infra" / "queries").glob("*.kql")]
    days = [int(number) for query in queries for number in re.findall(r"ago\((\d+)d\)", query)]
    assert offset == f"{max(days)}d"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("group crate -n it", "knows no command"),
        ("group create -n it --region there", "knows no '--region'"),
        ("group create -n", "-n needs a value"),
        ("group create -n it there", "knows no 'there'"),
    ],
)
def test_the_stand_in_refuses_what_is_not_there(arguments: str, message: str) -> None:
    assert message in str(refusal(arguments.split()))
    assert refusal(["group", "create", "-n", "it", "-l", "x", "--tags", "a=b", "c=d"]) is None


@pytest.fixture(scope="session")
def real_az() -> str:
    found = shutil.which("az")
    if found is None:
        pytest.skip("az is not installed: https://learn.microsoft.com/cli/azure/install-azure-cli")
    return found


def parsed(az: str, arguments: list[str], home: Path) -> str:
    """What az's own parser says against these arguments; it never gets to Azure, since nobody is logged in."""
    environment = {
        **os.environ,
        "AZURE_CONFIG_DIR": str(home),
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
    }
    run = subprocess.run(
        [az, *arguments], cwd=PROJECT, env=environment, check=False, capture_output=True, text=True, timeout=120
    )
    return run.stderr if run.returncode == 2 else ""


def is_an_extensions(arguments: list[str]) -> bool:
    return " ".join(arguments).startswith(_EXTENSIONS)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [each for each in WHOLE if not is_an_extensions(each) and each[0] not in {"extension", "login"}],
    ids=" ".join,
)
def test_az_takes_what_the_documents_say(arguments: list[str], real_az: str, tmp_path: Path) -> None:
    assert parsed(real_az, arguments, tmp_path) == ""


@pytest.mark.slow
@pytest.mark.parametrize("command", [each for each in COMMANDS if not is_an_extensions(each.split())])
def test_az_has_every_command_and_option_that_is_used(command: str, real_az: str, tmp_path: Path) -> None:
    environment = {**os.environ, "AZURE_CONFIG_DIR": str(tmp_path), "AZURE_CORE_COLLECT_TELEMETRY": "false"}
    run = subprocess.run(
        [real_az, *command.split(), "--help"], env=environment, check=False, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    known = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", run.stdout))
    assert set(COMMANDS[command].split()) <= known
