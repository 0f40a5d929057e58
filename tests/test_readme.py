"""The README says what is: settings, commands, targets, links and the answer to the sample request."""

import json
import re

import pytest
from pydantic_core import PydanticUndefined
from typer.main import get_command

from shared.settings import Settings
from tests.conftest import PROJECT
from training.commands.app import app

README = (PROJECT / "README.md").read_text(encoding="utf-8")
DOCS = sorted(path.name for path in (PROJECT / "docs").glob("*.md"))
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")


def settings_table() -> str:
    """The table as it must stand in the README, from the settings class."""
    lines = ["| setting | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        if field.exclude:
            continue
        if field.default is PydanticUndefined:
            default = "a temporary folder"
        elif isinstance(field.default, bool):
            default = f"`{str(field.default).lower()}`"
        else:
            default = "" if field.default is None else f"`{field.default}`"
        lines.append(f"| `{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines)


def test_the_settings_table_is_the_settings_class() -> None:
    assert settings_table() in README, f"the README needs this table:\n{settings_table()}"


def test_every_training_command_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([a-z-]+)(?: [^`]*)?` \|", README, re.MULTILINE))
    assert documented == set(get_command(app).commands)  # pyright: ignore[reportAttributeAccessIssue] - a group


def test_every_make_target_it_names_exists() -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", README))
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert named
    assert named <= targets


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (PROJECT / "docs").glob("*.md"))]
)
def test_links_lead_somewhere(document: str) -> None:
    path = PROJECT / document
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_every_folder_is_in_the_layout() -> None:
    described = set(re.findall(r"^\| `([A-Za-z]+)/` \|", README, re.MULTILINE))
    folders = {path.name for path in PROJECT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert folders - {"node_modules", "dist"} == described | {"requirements", "docs"} & folders


def documented_answer() -> dict[str, object]:
    """The JSON under the marker in the README."""
    match = re.search(r"<!-- the answer, tested -->\n```json\n(.*?)\n```", README, re.DOTALL)
    assert match
    return json.loads(match[1])
