"""The Bicep files: they parse, document themselves, and agree on API versions."""

import re
from pathlib import Path

import pytest

from infra.deployed import DEPLOYMENT
from tests.conftest import PROJECT
from tests.infra.bicep import parse
from tests.infra.bicep_expressions import text

FILES = sorted((PROJECT / "infra").rglob("*.bicep"))
DOCS = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")
by_name = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


@by_name
def test_it_parses(path: Path) -> None:
    assert parse(path).named_children


def test_what_is_no_bicep_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.bicep"
    wrong.write_text("param name string\nresource x = {{\n")
    with pytest.raises(SyntaxError, match=r"wrong\.bicep:2"):
        parse(wrong)


@by_name
def test_every_parameter_and_output_is_described(path: Path) -> None:
    nodes = parse(path).named_children
    for before, node in zip([None, *nodes], nodes, strict=False):
        if node.type in {"parameter_declaration", "output_declaration"}:
            described = before is not None and before.type == "decorators" and "@description(" in text(before)
            assert described, text(node)


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


def test_the_documents_name_the_deployment_as_the_commands_look_for_it() -> None:
    assert set(re.findall(r"deployment group create .*?-n (\S+)", DOCS)) == {DEPLOYMENT}
