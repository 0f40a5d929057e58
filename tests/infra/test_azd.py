"""What azd is told: the service's own hooks, a package that nothing builds again, where to ask for a region."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.conftest import PROJECT
from tests.infra.snapshots import compiled


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return yaml.safe_load((PROJECT / "azure.yaml").read_text(encoding="utf-8"))


def test_the_services_hooks_start_in_its_folder_which_is_there_by_then(project: dict[str, Any]) -> None:
    service = project["services"]["skill"]
    assert set(service["hooks"]) == {"prepackage", "postdeploy"}
    up = "../" * len(service["project"].split("/"))
    for hook in service["hooks"].values():
        assert f"cd {up.rstrip('/')}" in hook["posix"]["run"]
    # `azd up` and `azd package` run the project's prepackage, a stand-alone `azd deploy` its predeploy.
    assert set(project["hooks"]) == {"prepackage", "predeploy"}
    assert {hook["posix"]["run"] for hook in project["hooks"].values()} == {f"mkdir -p {service['project']}"}


def test_the_template_has_a_name_and_nothing_is_built_remotely(project: dict[str, Any]) -> None:
    assert project["metadata"]["template"].startswith(f"{project['name']}@")
    assert project["services"]["skill"]["remoteBuild"] is False


def test_nothing_is_said_that_azd_would_pass_over(project: dict[str, Any]) -> None:
    """Its schema (schemas/v1.0/azure.yaml.json of Azure/azure-dev) allows any other key, and azd ignores it."""
    assert project.keys() <= {"name", "metadata", "requiredVersions", "infra", "services", "hooks"}
    assert project["infra"].keys() <= {"provider", "path", "module"}
    service = project["services"]["skill"]
    assert service.keys() <= {"host", "language", "project", "remoteBuild", "hooks"}
    hooks = [*project["hooks"].values(), *service["hooks"].values()]
    assert all(hook.keys() == {"posix"} and hook["posix"].keys() == {"shell", "run"} for hook in hooks)
    assert {hook["posix"]["shell"] for hook in hooks} == {"sh"}


def test_an_azd_that_would_build_remotely_refuses_the_project(project: dict[str, Any]) -> None:
    assert project["requiredVersions"] == {"azd": ">= 1.23.13"}


def test_azd_asks_for_a_region() -> None:
    assert compiled()["parameters"]["location"]["metadata"]["azd"] == {"type": "location"}
