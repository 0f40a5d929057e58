"""Who reaches what: all of it restricted to named callers, or nothing in public, whatever the plan."""

from typing import Any

import pytest

from tests.infra.snapshots import MAIN, Deployment, compiled, deployed

PLANS: list[dict[str, Any]] = [
    {},
    {"plan": "dedicated"},
    {"plan": "dedicated-tensorflow", "entraClientId": "the-registration"},
    {"existingSearchName": "theirs", "existingSearchResourceGroup": "elsewhere"},
    {"principalId": "somebody", "searchObjects": "script"},
]
PRIVATE = {"network": "private", "searchSku": "standard2"}
RESTRICTED = {
    "network": "restricted",
    "operatorAddresses": "203.0.113.7,198.51.100.0/24",
    "searchAddresses": "192.0.2.1",
}
every_plan = pytest.mark.parametrize("plan", PLANS, ids=str)

# What answers callers, by type, and the property that takes it off the internet.
SWITCHES = {
    "Microsoft.Storage/storageAccounts": ("publicNetworkAccess", "Disabled"),
    "Microsoft.KeyVault/vaults": ("publicNetworkAccess", "Disabled"),
    "Microsoft.Search/searchServices": ("publicNetworkAccess", "Disabled"),
    "Microsoft.Web/sites": ("publicNetworkAccess", "Disabled"),
    "Microsoft.Insights/components": ("publicNetworkAccessForIngestion", "Disabled"),
    "Microsoft.OperationalInsights/workspaces": ("publicNetworkAccessForIngestion", "Disabled"),
}


def test_private_endpoints_and_what_the_telemetry_scope_holds_are_made_one_at_a_time() -> None:
    """Their subnet, and the scope, refuse a second change while they work on the first."""
    resources = compiled(MAIN.parent / "modules" / "privateEndpoints.bicep")["resources"]
    for name in ("endpoints", "scoped"):
        assert (resources[name]["copy"]["mode"], resources[name]["copy"]["batchSize"]) == ("serial", 1)
    assert {"endpoints", "scoped"} <= set(resources["telemetry"]["dependsOn"])


def subnet_of(deployment: Deployment, name: str) -> dict[str, Any]:
    (network,) = deployment.of("Microsoft.Network/virtualNetworks")
    (found,) = [each for each in network.properties["subnets"] if each["name"] == name]
    return found["properties"]


@every_plan
def test_nothing_answers_in_public_where_the_network_is_private(plan: dict[str, Any]) -> None:
    deployment = deployed(**plan, **PRIVATE)
    for kind, (name, value) in SWITCHES.items():
        for each in deployment.of(kind):
            assert each.properties[name] == value, each.name
    for kind in ("Microsoft.Insights/components", "Microsoft.OperationalInsights/workspaces"):
        assert deployment.one(kind).properties["publicNetworkAccessForQuery"] == "Disabled"
    assert not [each for each in deployment.resources if each.type.endswith("/publicIPAddresses")]
    for account in deployment.of("Microsoft.Storage/storageAccounts"):
        rules = account.properties["networkAcls"]
        assert (rules["defaultAction"], rules["bypass"]) == ("Deny", "None")
        assert rules["ipRules"] == rules["virtualNetworkRules"] == rules["resourceAccessRules"] == []
    # A kind that answers callers and is not in the table would be one that nobody has thought of.
    public = {each.type for each in deployment.resources if "publicNetworkAccess" in str(each.body)}
    assert public <= set(SWITCHES)


@every_plan
def test_whatever_is_private_is_reached_by_an_endpoint_and_its_usual_name(plan: dict[str, Any]) -> None:
    deployment = deployed(**plan, **PRIVATE)
    endpoints = {each.name.rpartition("-")[2] for each in deployment.of("Microsoft.Network/privateEndpoints")}
    expected = {"data", "host", "function", "telemetry"}
    expected |= set() if plan.get("entraClientId") else {"vault"}
    expected |= set() if plan.get("existingSearchName") else {"search"}
    assert endpoints == expected
    groups = deployment.of("Microsoft.Network/privateEndpoints/privateDnsZoneGroups")
    assert len(groups) == len(endpoints)
    zones, links = (deployment.of(f"Microsoft.Network/privateDnsZones{kind}") for kind in ("", "/virtualNetworkLinks"))
    assert len(zones) == len(links) >= 6
    shared = deployment.of("Microsoft.Search/searchServices/sharedPrivateLinkResources")
    assert {each.properties["groupId"] for each in shared} == {"blob", "sites"}
    assert deployment.outputs["SEARCH_PRIVATE_LINKS"]


@every_plan
@pytest.mark.parametrize("network", [PRIVATE, RESTRICTED], ids=["private", "restricted"])
def test_the_function_lives_in_the_network_and_search_acts_by_its_own_identity(
    network: dict[str, Any], plan: dict[str, Any]
) -> None:
    deployment = deployed(**plan, **network)
    (app,) = deployment.of("Microsoft.Web/sites")
    assert app.properties["virtualNetworkSubnetId"].endswith(".outputs.functionSubnetId.value]")
    (delegation,) = subnet_of(deployment, "function")["delegations"]
    flex = "plan" not in plan
    handed_to = "Microsoft.App/environments" if flex else "Microsoft.Web/serverFarms"
    assert delegation["properties"]["serviceName"] == handed_to
    assert app.properties["outboundVnetRouting"] == (None if flex else {"allTraffic": True})
    for search in deployment.of("Microsoft.Search/searchServices"):
        assert search.body["identity"] == {"type": "SystemAssigned"}
    assert deployment.outputs["SEARCH_IDENTITY"] == ""
    assert deployment.of("Microsoft.Resources/deploymentScripts") == [], "it would run outside of the network"


@every_plan
def test_a_restricted_network_lets_in_those_who_are_named(plan: dict[str, Any]) -> None:
    deployment = deployed(**plan, **RESTRICTED)
    for account in deployment.of("Microsoft.Storage/storageAccounts"):
        rules = account.properties["networkAcls"]
        assert (rules["defaultAction"], rules["bypass"]) == ("Deny", "None")
        assert [rule["value"] for rule in rules["ipRules"]] == ["203.0.113.7", "198.51.100.0/24"]
        assert len(rules["virtualNetworkRules"]) == 1
        services = [rule["resourceId"].rpartition("/")[2] for rule in rules["resourceAccessRules"]]
        if account.name.endswith("data"):
            assert [name == "theirs" or name.startswith("srch-") for name in services] == [True]
        else:
            assert services == [], "the host's account is nobody else's business"
    for vault in deployment.of("Microsoft.KeyVault/vaults"):
        assert vault.properties["networkAcls"]["defaultAction"] == "Deny"
        assert len(vault.properties["networkAcls"]["virtualNetworkRules"]) == 1
    services = [each["service"] for each in subnet_of(deployment, "function")["serviceEndpoints"]]
    assert services == ["Microsoft.Storage", "Microsoft.KeyVault"]
    site = deployment.one("Microsoft.Web/sites").properties["siteConfig"]
    assert site["ipSecurityRestrictionsDefaultAction"] == site["scmIpSecurityRestrictionsDefaultAction"] == "Deny"
    assert [rule["ipAddress"] for rule in site["ipSecurityRestrictions"]] == [
        "AzureCognitiveSearch",
        "192.0.2.1/32",
        "203.0.113.7/32",
        "198.51.100.0/24",
    ]
    assert [rule["ipAddress"] for rule in site["scmIpSecurityRestrictions"]] == ["203.0.113.7/32", "198.51.100.0/24"]
    assert not deployment.of("Microsoft.Network/privateEndpoints")
    assert deployment.outputs["SEARCH_PRIVATE_LINKS"] == ""


def test_there_is_no_network_where_none_is_asked_for() -> None:
    deployment = deployed()
    assert [each for each in deployment.resources if each.type.startswith("Microsoft.Network/")] == []
    assert deployment.one("Microsoft.Web/sites").properties["virtualNetworkSubnetId"] is None


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [({"searchSku": "standard"}, "needs searchSku=standard2"), ({**PRIVATE, "compare": True}, "takes no compare")],
)
def test_what_a_private_network_can_not_have_is_refused_with_the_reason(
    parameters: dict[str, Any], reason: str
) -> None:
    with pytest.raises(AssertionError, match=reason):
        deployed(**{"network": "private", **parameters})
