"""The Bicep files: the compiler finds nothing, everything is described, and API versions agree."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.deployed import DEPLOYMENT
from tests.conftest import PROJECT
from tests.infra.snapshots import MAIN, bicep, compiled

FILES = sorted((PROJECT / "infra").rglob("*.bicep"))
DOCS = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")
by_name = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def test_the_compiler_finds_nothing() -> None:
    run = bicep("lint", MAIN)
    assert run.stdout + run.stderr == ""


def test_every_rule_is_an_error_but_for_those_that_say_why_not() -> None:
    text = (MAIN.parent / "bicepconfig.json").read_text(encoding="utf-8")
    levels = dict(re.findall(r'"([\w-]+)": \{ "level": "(\w+)" \}', text))
    explained = re.findall(r'^ *// .+\n *"([\w-]+)": \{ "level": "off" \}', text, re.MULTILINE)
    assert {rule: level for rule, level in levels.items() if level != "error"} == dict.fromkeys(explained, "off")
    assert set(explained) == {"use-recent-api-versions"}


def test_every_module_is_part_of_the_deployment() -> None:
    """And so the compiler has seen it."""
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    used = set(re.findall(r"^(?:module \w+|import .* from) '(?:modules/)?(\w+\.bicep)'", text, re.MULTILINE))
    assert used == {path.name for path in FILES} - {"main.bicep"}


@by_name
def test_files_are_formatted(path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(path, tmp_path))
    assert bicep("format", copy).returncode == 0
    assert copy.read_text(encoding="utf-8") == path.read_text(encoding="utf-8"), f"bicep format {path}"


def templates(template: dict[str, Any], name: str = "main") -> Iterator[tuple[str, dict[str, Any]]]:
    """A template and those of the modules in it."""
    yield name, template
    for key, resource in template["resources"].items():
        if resource["type"] == "Microsoft.Resources/deployments":
            yield from templates(resource["properties"]["template"], key)


def test_every_parameter_and_output_is_described() -> None:
    for module, template in templates(compiled()):
        declared = template["parameters"] | template.get("outputs", {})
        silent = [name for name, each in declared.items() if not each.get("metadata", {}).get("description")]
        assert silent == [], module


def test_each_resource_type_has_one_api_version() -> None:
    versions: dict[str, set[str]] = {}
    for path in FILES:
        for kind, version in re.findall(r"'(Microsoft\.[\w./]+)@([\w-]+)'", path.read_text(encoding="utf-8")):
            versions.setdefault(kind.split("/")[0] + kind.split("/")[1], set()).add(version)
    assert versions
    assert {kind: found for kind, found in versions.items() if len(found) > 1} == {}


@by_name
def test_no_key_of_any_service_is_asked_for(path: Path) -> None:
    assert not re.search(r"\blist\w*\(", path.read_text(encoding="utf-8"))


def test_every_parameter_of_the_deployment_is_documented() -> None:
    names = re.findall(r"^param (\w+)", (PROJECT / "infra" / "main.bicep").read_text(encoding="utf-8"), re.MULTILINE)
    documented = set(re.findall(r"^\| `(\w+)` \|", DOCS, re.MULTILINE))
    assert set(names) <= documented, f"docs/deploy.md leaves out {set(names) - documented}"


def test_the_documents_register_every_provider_that_is_deployed_to() -> None:
    """A pipeline with roles on the group alone can not do so itself; deployment scripts run in container instances."""
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    used = set(re.findall(r"'Microsoft\.(\w+)/[\w./]+@", text)) - {"Authorization", "Resources"} | {
        "ContainerInstance",
        "App",
    }
    (listed,) = re.findall(
        r"^for provider in (.+); do az provider register -n Microsoft\.\$provider; done$", DOCS, re.MULTILINE
    )
    assert set(listed.split()) == used


def test_the_documents_name_the_deployment_as_the_commands_look_for_it() -> None:
    assert set(re.findall(r"deployment group create .*?-n (\S+)", DOCS)) == {DEPLOYMENT}


def test_azd_reaches_every_parameter_with_the_default_of_the_deployment() -> None:
    given = json.loads((PROJECT / "infra" / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    declared = compiled()["parameters"]
    # An object can't be an environment variable; keys and the first day of the month are generated.
    assert set(declared) - set(given) == {"tags", "newSkillKey", "newSecondarySkillKey", "budgetStart"}
    assert set(given) <= set(declared)
    # azd runs `infra.search deploy` after it, so that no script has to.
    defaults = {"searchObjects": "hook"}
    for name, parameter in given.items():
        variable = re.fullmatch(r"\$\{(AZURE|SKILL)_([A-Z_]+)(?:=(.*))?\}", parameter["value"])
        assert variable, name
        if variable[1] == "SKILL":
            assert variable[2].replace("_", "").lower() == name.lower()
            assert variable[3] == defaults.get(name, str(declared[name]["defaultValue"]).replace("False", "false"))
