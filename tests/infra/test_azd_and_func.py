"""The commands of azd and of Core Tools in documents and workflows, held to a table, where neither can be installed.

It has what their sources say, as far as it is used here: the usage texts of azd 1.23 (Azure/azure-dev,
cli/azd/cmd/testdata/TestUsage-*.snap) and the parsers of Core Tools 4.12 (Azure/azure-functions-core-tools,
src/Cli/func/Actions).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest

from tests.conftest import PROJECT
from tests.documents import DOCUMENTS, read

COMMANDS: dict[str, tuple[int, str]] = {
    "azd auth login": (0, "--use-device-code --tenant-id"),
    "azd down": (0, "--force --purge"),
    "azd env get-values": (0, ""),
    "azd env new": (1, "--location --subscription"),
    "azd env set": (2, ""),
    "azd up": (0, ""),
    "func azure functionapp publish": (1, "--no-build --python"),
    "func start": (0, "--port"),
}
"""By command: how many words follow it, and its options."""

_VALUED = {"--location", "--port", "--subscription", "--tenant-id"}


def used() -> Iterator[str]:
    """Every `azd …` and `func …` in blocks, commands' commands and quotes of documents, and in scripts of workflows."""
    workflows = [path.relative_to(PROJECT).as_posix() for path in (PROJECT / ".github" / "workflows").glob("*.yml")]
    for document in [*DOCUMENTS, *workflows]:
        text = read(document)
        blocks = "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
        lines = text if document in workflows else blocks
        yield from re.findall(r"(?:^ *|&& |\$\()((?:azd|func) [^&|>)\n]*)", lines, re.MULTILINE)
        yield from re.findall(r"`((?:azd|func) [^`]*)`", text)


USED = sorted({" ".join(command.split()) for command in used()})


def wrong(command: str) -> str | None:
    """What the tool would refuse in this command."""
    name = next((name for name in COMMANDS if f"{command} ".startswith(f"{name} ")), None)
    if name is None:
        return "no such command"
    count, options = COMMANDS[name]
    words = iter(shlex.split(command.removeprefix(name)))
    positional = 0
    for word in words:
        if not word.startswith("-"):
            positional += 1
        elif word not in options.split():
            return f"no such option: {word}"
        elif word in _VALUED:
            next(words)
    # Named in a sentence, a command may go without what it is given.
    return None if positional in {0, count} or command.endswith("…") else f"takes {count} words"


def test_the_documents_are_read() -> None:
    assert {"azd up", "azd env new pictures", "azd env get-values", "azd down --purge", "func start"} <= set(USED)
    assert "func start --port 7072" in USED


@pytest.mark.parametrize("command", USED)
def test_a_documented_command_is_one_that_the_tool_has(command: str) -> None:
    assert wrong(command) is None


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("azd login", "no such command"),
        ("azd upgrade", "no such command"),
        ("azd down --purge-all", "no such option: --purge-all"),
        ("azd env set KEY", "takes 2 words"),
        ("func azure functionapp publish APP --no-builds", "no such option: --no-builds"),
    ],
)
def test_others_are_not(command: str, message: str) -> None:
    assert wrong(command) == message
