"""What GitHub reads: actions are pinned by commit, the development container has the promised Python."""

import json
import re

import pytest
import yaml

from infra.package import Guard
from tests.conftest import PROJECT

WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (PROJECT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")


def test_every_action_is_pinned_by_its_commit() -> None:
    used = [line for path in WORKFLOWS for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert used
    assert [line for line in used if not re.search(r"uses: [\w/-]+@[0-9a-f]{40} # v\d", line)] == []


def test_no_checkout_leaves_its_token_to_the_steps_after_it() -> None:
    steps = [
        step
        for path in WORKFLOWS
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
        for step in job["steps"]
    ]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_the_development_container_has_the_promised_python_and_the_tools() -> None:
    text = (PROJECT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    container = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    promised = (PROJECT / ".python-version").read_text(encoding="utf-8").strip()
    assert f"/python:{promised}" in container["image"]
    assert {"node", "azure-cli", "azd"} == {name.rpartition("/")[2].partition(":")[0] for name in container["features"]}
    assert {"chromium", "azure-functions-core-tools@4"} <= set(container["onCreateCommand"].split())


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_issue_forms_are_what_github_takes(form: object) -> None:
    content = yaml.safe_load(PROJECT.joinpath(str(form)).read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= content.keys()
    identifiers = [part["id"] for part in content["body"]]
    assert len(identifiers) == len(set(identifiers))
    assert all(part["type"] in {"textarea", "input"} and part["attributes"]["label"] for part in content["body"])


def test_a_deployment_builds_once_logs_in_without_a_secret_and_goes_back_when_the_smoke_test_fails() -> None:
    text = (PROJECT / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8")
    assert "secrets." not in text
    jobs = yaml.safe_load(text)["jobs"]
    assert sum("infra.package" in str(job) for job in jobs.values()) == 1
    deploy = jobs["deploy"]
    assert deploy["permissions"] == {"actions": "read", "contents": "read", "id-token": "write"}
    assert deploy["environment"] == "${{ inputs.environment }}"
    steps = [step.get("name") or step.get("run") or step["uses"] for step in deploy["steps"]]
    assert steps[-4:] == ["Infrastructure", "Package", "Smoke test", "Put the last good package back"]
    *_, smoke, back = deploy["steps"]
    assert smoke["id"] == "smoke"
    assert all(f"infra.search {command}" in smoke["run"] for command in ("deploy", "run", "query"))
    assert back["if"] == "${{ failure() && steps.smoke.outcome == 'failure' }}"
    assert "infra.send" in back["run"]
    # What an event carries gets into a script as a variable, never as its text.
    assert not [step for job in jobs.values() for step in job["steps"] if "${{" in step.get("run", "")]


def test_a_deployment_builds_for_the_guard_that_it_is_told_which_infra_send_insists_on() -> None:
    # PyYAML takes YAML 1.1's `on` for true.
    workflow = yaml.safe_load((PROJECT / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8"))
    guard = workflow[True]["workflow_dispatch"]["inputs"]["guard"]
    assert guard["options"] == [each.value for each in Guard]
    (build,) = [step for step in workflow["jobs"]["build"]["steps"] if "infra.package" in step.get("run", "")]
    assert build["run"].endswith('--guard "$GUARD"')
    assert build["env"] == {"GUARD": "${{ inputs.guard }}"}


def test_the_documented_credential_has_the_subject_that_github_says() -> None:
    """Repositories of July 2026 and newer have their owner's id and their own in it, which nobody can guess."""
    document = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert "actions/oidc/customization/sub --jq .sub_claim_prefix" in document
    assert '"subject":"PREFIX:environment:production"' in document


def test_ci_tries_what_needs_the_internet() -> None:
    jobs = yaml.safe_load((PROJECT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["jobs"]
    commands = "\n".join(step.get("run", "") for step in jobs["azure"]["steps"])
    for command in ("az bicep lint", "az bicep build", "checkov", "make audit", "actionlint", "zizmor", "func start"):
        assert command in commands
