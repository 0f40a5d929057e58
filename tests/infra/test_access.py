"""Who may do what on what: the whole table, from what would be deployed, and the same one in the documents."""

import re
from typing import Any

import pytest

from shared.serving.unclustered_record import KEPT_DAYS
from tests.conftest import PROJECT
from tests.infra.snapshots import SUBSCRIPTION, Deployment, Resource, deployed

# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
ROLES = {
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "7ca78c08-252a-4471-8644-bb5ff32d4ba0": "Search Service Contributor",
    "8ebe5a00-799e-43f5-93ac-243d3dce84a7": "Search Index Data Contributor",
    "a97b65f3-24c7-4388-baec-2e87135dc908": "Cognitive Services User",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
}

FUNCTION = {
    ("function", "Storage Blob Data Owner", "host account"),
    ("function", "Storage Blob Data Reader", "container models"),
    ("function", "Monitoring Metrics Publisher", "Application Insights"),
}
RECORD = {("function", "Storage Blob Data Contributor", "container models")}
FUNCTION_KEY = {
    ("function", "Key Vault Secrets User", "secret skill-key"),
    ("function", "Key Vault Secrets User", "secret skill-key-secondary"),
}
SEARCH = {("search", "Storage Blob Data Reader", "container images")}
COMPARE = {("search", "Cognitive Services User", "AI Services")}
SCRIPT = {("script", "Search Service Contributor", "search service")}
SCRIPT_KEY = {("script", "Key Vault Secrets User", "secret skill-key")}
PERSON = {
    ("person", "Storage Blob Data Contributor", "container models"),
    ("person", "Storage Blob Data Contributor", "container images"),
    ("person", "Search Service Contributor", "search service"),
    ("person", "Search Index Data Contributor", "search service"),
}
PERSON_KEY = {("person", "Key Vault Secrets User", "secret skill-key")}
EVERYTHING = FUNCTION | RECORD | FUNCTION_KEY | SEARCH | COMPARE | SCRIPT | SCRIPT_KEY | PERSON | PERSON_KEY

EXISTING = {"existingSearchName": "theirs", "existingSearchResourceGroup": "elsewhere"}


def who(principal: str) -> str:
    if principal == "somebody":
        return "person"
    module = re.search(r"format\('(\w+)-\{0\}'.*\.outputs\.principalId\.value\]$", principal)
    assert module, principal
    return {"searchAccess": "search"}.get(module[1], module[1].removesuffix("Identity"))


def where(scope: str | None) -> str:
    assert scope, "a role on the whole resource group is never narrow enough"
    group, _, path = scope.partition("/providers/")
    assert re.fullmatch(rf"/subscriptions/{SUBSCRIPTION}/resourceGroups/(pictures|elsewhere)", group), scope
    kind, name = path.split("/")[-2:]
    return {
        "accounts": "AI Services",
        "components": "Application Insights",
        "containers": f"container {name}",
        "searchServices": "search service",
        "secrets": f"secret {name}",
        "storageAccounts": "host account" if name.endswith("host") else name,
    }[kind]


def grant(resource: Resource) -> tuple[str, str, str]:
    role = ROLES[resource.properties["roleDefinitionId"].rpartition("/")[2]]
    return who(resource.properties["principalId"]), role, where(resource.scope)


def assignments(deployment: Deployment) -> list[Resource]:
    return deployment.of("Microsoft.Authorization/roleAssignments")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, FUNCTION | FUNCTION_KEY | SEARCH | SCRIPT | SCRIPT_KEY),
        ({"principalId": "somebody", "compare": True, "recordUnclustered": True}, EVERYTHING),
        ({"plan": "dedicated", "principalId": "somebody", "compare": True}, EVERYTHING - RECORD),
        ({"principalId": "somebody", "compare": True, **EXISTING}, EVERYTHING - RECORD),
        ({"entraClientId": "it", "principalId": "somebody"}, FUNCTION | SEARCH | SCRIPT | PERSON),
        ({"searchObjects": "hook"}, FUNCTION | FUNCTION_KEY | SEARCH),
        ({"network": "restricted", "compare": True}, FUNCTION | FUNCTION_KEY | SEARCH | COMPARE),
        (
            {"network": "private", "searchSku": "standard2", "principalId": "somebody"},
            FUNCTION | FUNCTION_KEY | SEARCH | PERSON | PERSON_KEY,
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",  # sets are in another order each time
)
def test_roles_are_these_and_no_other(parameters: dict[str, Any], expected: set[tuple[str, str, str]]) -> None:
    made = assignments(deployed(**parameters))
    assert {grant(each) for each in made} == expected
    assert len(made) == len(expected)
    assert len({(each.scope, each.name) for each in made}) == len(made)


def test_the_function_writes_its_record_and_no_model() -> None:
    made = {grant(each): each.properties for each in assignments(deployed(recordUnclustered=True))}
    (record,) = RECORD
    condition = made[record]["condition"]
    assert condition.endswith(
        " OR (@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path] "
        "StringLike '*/unclustered/*'))"
    )
    for action in ("write", "delete", "add/action", "move/action", "deleteBlobVersion/action"):
        assert f"blobs/{action}'}})" in condition
    assert made[record]["conditionVersion"] == "2.0"
    assert [key for key, properties in made.items() if "condition" in properties] == [record]


def test_the_record_ends_after_its_days() -> None:
    deployment = deployed(recordUnclustered=True, modelName="flowers")
    (policy,) = deployment.of("Microsoft.Storage/storageAccounts/managementPolicies")
    (rule,) = policy.properties["policy"]["rules"]
    filters = {"blobTypes": ["appendBlob"], "prefixMatch": ["models/flowers/unclustered/"]}
    assert rule["definition"]["filters"] == filters
    assert rule["definition"]["actions"]["baseBlob"]["delete"] == {"daysAfterModificationGreaterThan": KEPT_DAYS}
    assert deployed().of("Microsoft.Storage/storageAccounts/managementPolicies") == []


def test_identities_have_their_kind_and_a_person_is_left_to_entra() -> None:
    for each in assignments(deployed(principalId="somebody")):
        expected = None if grant(each)[0] == "person" else "ServicePrincipal"
        assert each.properties.get("principalType") == expected


def test_the_documents_explain_exactly_these_roles() -> None:
    document = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (function|search|script|person) \| ([^|]+) \| ([^|]+) \| [^|]{10,} \|$", document, re.MULTILINE
    )
    assert {(who, role.strip(), on.strip()) for who, role, on in rows} == EVERYTHING
