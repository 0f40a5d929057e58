"""The documents say what is: settings, commands, targets, files, links and the answer to the sample request."""

import importlib.util
import re
import subprocess
import sys

import pytest
import typer
from pydantic_core import PydanticUndefined
from typer.main import get_command

from infra.search.cli import app as search_app
from shared.embedding.images import MAX_PIXELS
from shared.settings import Settings
from tests.conftest import PROJECT
from tests.documents import DOCUMENTS, anchors, commands, links, read
from training.commands.app import app as training_app

TARGETS = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
MODULES = sorted({command[0].rstrip(".,;:") for document in DOCUMENTS for command in commands(document)})
# Others' modules, with command lines of their own.
FOREIGN = {"dask", "pip", "pytest", "venv"}
SUBCOMMANDS = {"training", "infra.search"}
# Named in the documents, and made by the commands.
MADE = ("dist/", "models/NAME", "models/demo", "models/weights", "models/embedders", "models/notebook")


# Of settings whose default is not the same everywhere.
DEFAULTS = {
    "model_cache": "a temporary folder",
    "max_pixels": f"`{MAX_PIXELS}`, or a 32nd of the memory in bytes",
    "max_bytes_in_flight": "`200000000`, less below 2 GB of memory",
}


def settings_table() -> str:
    """The table as it must stand in docs/settings.md, from the settings class."""
    lines = ["| setting | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        if field.exclude:
            continue
        if field.default is PydanticUndefined:
            default = DEFAULTS[name]
        elif isinstance(field.default, bool):
            default = f"`{str(field.default).lower()}`"
        else:
            default = "" if field.default is None else f"`{field.default}`"
        lines.append(f"| `{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines)


def test_the_settings_table_is_the_settings_class() -> None:
    assert settings_table() in read("docs/settings.md"), f"docs/settings.md needs this table:\n{settings_table()}"


@pytest.mark.parametrize(("document", "app"), [("docs/training.md", training_app), ("docs/search.md", search_app)])
def test_every_command_is_documented_and_no_other(document: str, app: typer.Typer) -> None:
    table = re.search(r"^\| command of .*\n((?:\|.*\n)+)", read(document), re.MULTILINE)
    assert table
    documented = re.findall(r"^\| `([a-z-]+)[^`]*` \|", table[1], re.MULTILINE)
    assert sorted(documented) == sorted(get_command(app).commands)  # pyright: ignore[reportAttributeAccessIssue] - a group


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_it_names_exists(document: str) -> None:
    assert set(re.findall(r"(?:`|^)(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)", read(document), re.MULTILINE)) <= TARGETS


def test_the_readme_names_both_commands() -> None:
    assert {"demo", "test"} <= set(re.findall(r"^make ([a-z-]+)", read("README.md"), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    for page, anchor in links(document):
        assert page.exists(), page
        assert not anchor or anchor in anchors(page), f"{page}#{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_it_names_exists(document: str) -> None:
    folders = "|".join(sorted(path.name for path in PROJECT.iterdir() if path.is_dir() and path.name[0].isalpha()))
    named = re.findall(rf"`((?:{folders})/[\w./-]*)`", read(document))
    assert [path for path in named if not path.startswith(MADE) and not (PROJECT / path).exists()] == []


def test_every_page_of_docs_can_be_reached_from_the_readme() -> None:
    reached, left = set[str](), ["README.md"]
    while left:
        document = left.pop()
        if document not in reached:
            reached.add(document)
            left += [name for page, _ in links(document) if (name := page.relative_to(PROJECT).as_posix()) in DOCUMENTS]
    assert {document for document in DOCUMENTS if document.startswith("docs/")} <= reached


def test_every_folder_and_every_room_is_in_the_architecture() -> None:
    described = set(re.findall(r"^\| `([A-Za-z_/]+)/` \|", read("docs/architecture.md"), re.MULTILINE))
    folders = {path.name for path in PROJECT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    rooms = {
        f"{house}/{path.parent.name}"
        for house in ("shared", "training")
        for path in PROJECT.glob(f"{house}/*/__init__.py")
    }
    assert described == folders - {"node_modules", "dist", "requirements", "docs"} | rooms


def layers() -> dict[str, int]:
    """Each folder and room to its layer, the uppermost first, as the import contracts have them."""
    found: dict[str, int] = {}
    for contract in re.split(r"^\[", read(".importlinter"), flags=re.MULTILINE):
        container = re.search(r"^containers = (\w+)", contract, re.MULTILINE)
        house = f"{container[1]}/" if container else ""
        _, _, listed = contract.partition("\nlayers =\n")
        for layer, names in enumerate(listed.split("\n")):
            found |= {house + name: layer for name in re.findall(r"\w+", names)}
    return found


def test_the_architecture_lists_rooms_from_the_uppermost_down() -> None:
    known = layers()
    assert known
    for table in read("docs/architecture.md").split("\n\n"):
        rows = re.findall(r"^\| `([A-Za-z_/]+)/` \|", table, re.MULTILINE)
        order = [known[room] for room in rows if room in known]
        assert order == sorted(order), rows


@pytest.mark.parametrize("module", sorted(set(MODULES) - FOREIGN))
def test_every_module_that_is_run_exists(module: str) -> None:
    spec = importlib.util.find_spec(module)
    assert spec
    if spec.submodule_search_locations is not None:
        assert importlib.util.find_spec(f"{module}.__main__")


def help_of(*command: str) -> str:
    """What a command's --help says, each option on a line that is wide enough."""
    environment = {"COLUMNS": "300", "NO_COLOR": "1", "TERM": "dumb", "PATH": ""}
    arguments = [sys.executable, "-m", *command, "--help"]
    done = subprocess.run(arguments, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def command_lines() -> dict[tuple[str, ...], set[str]]:
    """Documented commands, with a subcommand where they have one, to the options they are shown with."""
    found: dict[tuple[str, ...], set[str]] = {}
    for document in DOCUMENTS:
        for module, *words in commands(document):
            if module in FOREIGN:
                continue
            name = [
                word for word in words[:1] if module in {"training", "infra.search"} and re.fullmatch("[a-z-]+", word)
            ]
            options = {word.partition("=")[0] for word in words if re.match("--[a-z]", word)}
            found.setdefault((module.rstrip(".,;:"), *name), set()).update(options)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(command_lines()), ids=" ".join)
def test_every_command_has_the_options_it_is_documented_with(command: tuple[str, ...]) -> None:
    said = help_of(*command)
    assert [option for option in command_lines()[command] if not re.search(rf"{option}\b", said)] == []
