"""What a deployment must never do, whatever its parameters, checked on what it would deploy."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.entra import AZURE_CLI
from tests.conftest import PROJECT
from tests.infra import snapshots
from tests.infra.snapshots import Deployment
from tests.infra.templates import write_templates

CASES: dict[str, dict[str, Any]] = {
    "flex": {},
    "flex for a person": {"principalId": "somebody", "keepVectors": True, "alwaysReadyInstances": 1},
    "dedicated": {"plan": "dedicated", "compare": True},
    "tensorflow by entra": {"plan": "dedicated-tensorflow", "entraClientId": "the-registration"},
    "existing search": {"existingSearchName": "theirs", "existingSearchResourceGroup": "elsewhere", "compare": True},
    "existing search by entra": {"existingSearchName": "theirs", "entraClientId": "the-registration"},
    "by hook": {"searchObjects": "hook", "principalId": "somebody"},
    "private": {"network": "private", "searchSku": "standard2", "principalId": "somebody"},
    "restricted by entra": {"network": "restricted", "plan": "dedicated", "entraClientId": "the-registration"},
}

# https://learn.microsoft.com/azure/azure-functions/functions-app-settings, those that Flex Consumption does not take
FLEX_REFUSES = {
    "ENABLE_ORYX_BUILD",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_WORKER_RUNTIME_VERSION",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTSHARE",
    "WEBSITE_NODE_DEFAULT_VERSION",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_TIME_ZONE",
    "WEBSITE_USE_PLACEHOLDER",
    "WEBSITE_VNET_ROUTE_ALL",
}

# Error 51021 refuses other properties, in some regions: what Microsoft's own quickstart for this plan sets, and access
# restrictions. https://github.com/Azure/terraform-azurerm-avm-res-web-site/pull/345 has what is known of each.
FLEX_SITE = {"minTlsVersion"}


def deployed(**parameters: Any) -> Deployment:
    keys = {"newSkillKey": "the-secret-key", "newSecondarySkillKey": "the-secret-key too"}
    return snapshots.deployed(**keys, **parameters)


@pytest.fixture(params=CASES.values(), ids=list(CASES), scope="module")
def deployment(request: pytest.FixtureRequest) -> Deployment:
    return deployed(**request.param)


def test_storage_opens_to_identities_only(deployment: Deployment) -> None:
    accounts = deployment.of("Microsoft.Storage/storageAccounts")
    assert len(accounts) == 2
    for account in accounts:
        assert account.properties["allowSharedKeyAccess"] is False
        assert account.properties["allowBlobPublicAccess"] is False
        assert account.properties["supportsHttpsTrafficOnly"] is True
        assert account.properties["minimumTlsVersion"] == "TLS1_2"
    for service in deployment.of("Microsoft.Storage/storageAccounts/blobServices"):
        assert service.properties["deleteRetentionPolicy"] == {"enabled": True, "days": 7}
        assert service.properties["containerDeleteRetentionPolicy"] == {"enabled": True, "days": 7}
    containers = deployment.of("Microsoft.Storage/storageAccounts/blobServices/containers")
    assert {each.name.split("/")[2] for each in containers} == {"models", "images", "packages"}
    assert {each.properties["publicAccess"] for each in containers} == {"None"}


def test_no_service_takes_keys(deployment: Deployment) -> None:
    for search in deployment.of("Microsoft.Search/searchServices"):
        assert search.properties["disableLocalAuth"] is True
        assert search.properties["authOptions"] is None
    for account in deployment.of("Microsoft.CognitiveServices/accounts"):
        assert account.properties["disableLocalAuth"] is True
    (insights,) = deployment.of("Microsoft.Insights/components")
    assert insights.properties["DisableLocalAuth"] is True
    (workspace,) = deployment.of("Microsoft.OperationalInsights/workspaces")
    assert workspace.properties["features"] == {"disableLocalAuth": True}
    for vault in deployment.of("Microsoft.KeyVault/vaults"):
        assert vault.properties["enableRbacAuthorization"] is True


def test_search_takes_keys_where_that_is_asked_for() -> None:
    (search,) = deployed(searchLocalAuth=True).of("Microsoft.Search/searchServices")
    assert search.properties["disableLocalAuth"] is False
    assert "aadOrApiKey" in search.properties["authOptions"]


def test_the_function_is_reached_by_https_and_deployed_by_identity(deployment: Deployment) -> None:
    (app,) = deployment.of("Microsoft.Web/sites")
    assert app.properties["httpsOnly"] is True
    assert app.properties["siteConfig"]["minTlsVersion"] == "1.2"
    dedicated = app.properties["functionAppConfig"] is None
    assert app.properties["siteConfig"].get("ftpsState") == ("Disabled" if dedicated else None)
    policies = deployment.of("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    assert {each.name.split("/")[1]: each.properties for each in policies} == {
        "scm": {"allow": False},
        "ftp": {"allow": False},
    }


def test_the_key_is_in_the_vault_and_nowhere_else(deployment: Deployment) -> None:
    holders = [each for each in deployment.resources if re.search("new(Secondary)?SkillKey", str(each.body))]
    assert holders == deployment.of("Microsoft.KeyVault/vaults/secrets")
    assert not re.search("new(Secondary)?SkillKey|the-secret-key", str(deployment.outputs))
    assert "the-secret-key" not in str(deployment.resources), "secure parameters are never shown"


def test_somebody_guards_the_function(deployment: Deployment) -> None:
    key = deployment.app_settings().get("KEY")
    entra = [each for each in deployment.of("Microsoft.Web/sites/config") if each.name.endswith("/authsettingsV2")]
    assert bool(key) != bool(entra)
    if key:
        assert key.startswith("[format('@Microsoft.KeyVault(SecretUri={0})', reference(")
        assert key.endswith(".outputs.secretUri.value)]")
        assert deployment.app_settings()["KEY_SECONDARY"].endswith(".outputs.secondarySecretUri.value)]")
        return
    assert entra[0].properties["globalValidation"] == {
        "requireAuthentication": True,
        "unauthenticatedClientAction": "Return401",
    }
    validation = entra[0].properties["identityProviders"]["azureActiveDirectory"]["validation"]
    assert validation["allowedAudiences"] == ["the-registration", "api://the-registration"]
    (allowed,) = validation["defaultAuthorizationPolicy"]["allowedPrincipals"]["identities"]
    assert allowed.endswith(".outputs.principalId.value]")
    assert deployment.outputs["SKILL_RESOURCE_ID"] == "api://the-registration"


def identity(expression: str) -> str:
    """The module and the output that an expression reads."""
    found = re.search(r"format\('(\w+)-\{0\}'.*\.outputs\.(\w+)\.value", expression)
    assert found, expression
    return f"{found[1]}.{found[2]}"


def test_entra_lets_in_the_search_identity_by_both_its_ids() -> None:
    deployment = deployed(entraClientId="the-registration")
    (entra,) = [each for each in deployment.of("Microsoft.Web/sites/config") if each.name.endswith("/authsettingsV2")]
    provider = entra.properties["identityProviders"]["azureActiveDirectory"]
    policy = provider["validation"]["defaultAuthorizationPolicy"]
    assert [identity(each) for each in policy["allowedApplications"]] == ["searchIdentity.clientId"]
    assert [identity(each) for each in policy["allowedPrincipals"]["identities"]] == ["searchIdentity.principalId"]


def test_entra_lets_in_the_person_who_deploys_by_the_azure_cli() -> None:
    deployment = deployed(entraClientId="the-registration", principalId="somebody")
    entra = deployment.one("Microsoft.Web/sites/config", "/authsettingsV2")
    validation = entra.properties["identityProviders"]["azureActiveDirectory"]["validation"]
    policy = validation["defaultAuthorizationPolicy"]
    assert policy["allowedPrincipals"]["identities"][1:] == ["somebody"]
    assert policy["allowedApplications"][1:] == [AZURE_CLI]


def test_an_existing_search_service_is_let_in_by_its_object_id_alone() -> None:
    """A system-assigned identity's client id can't be looked up; a list of clients without it would shut it out."""
    deployment = deployed(entraClientId="the-registration", principalId="somebody", existingSearchName="theirs")
    entra = deployment.one("Microsoft.Web/sites/config", "/authsettingsV2")
    validation = entra.properties["identityProviders"]["azureActiveDirectory"]["validation"]
    assert validation["defaultAuthorizationPolicy"]["allowedApplications"] == []


def test_search_can_be_in_another_region() -> None:
    assert (
        deployed(searchLocation="northeurope").one("Microsoft.Search/searchServices").body["location"] == "northeurope"
    )
    assert deployed().one("Microsoft.Search/searchServices").body["location"] == "westeurope"


@pytest.mark.parametrize("parameters", [{}, {"alwaysReadyInstances": 2, "requestsPerInstance": 8}])
def test_flex_has_its_limits_and_only_settings_that_it_admits(parameters: dict[str, Any]) -> None:
    deployment = deployed(**parameters)
    (app,) = deployment.of("Microsoft.Web/sites")
    config = app.properties["functionAppConfig"]
    assert config["runtime"] == {"name": "python", "version": "3.13"}
    warm = parameters.get("alwaysReadyInstances")
    assert config["scaleAndConcurrency"] == {
        "instanceMemoryMB": 2048,
        "maximumInstanceCount": 40,
        "alwaysReady": [{"name": "http", "instanceCount": warm}] if warm else [],
        "triggers": {"http": {"perInstanceConcurrency": parameters.get("requestsPerInstance", 4)}},
    }
    assert config["deployment"]["storage"]["authentication"]["type"] == "UserAssignedIdentity"
    # The service works the address out: it is an output of the host's storage.
    place = r"\[format\('\{0\}/packages', reference\(.*'hostStorage-\{0\}'.*\.outputs\.blobUrl\.value\)\]"
    assert re.fullmatch(place, config["deployment"]["storage"]["value"])
    assert not FLEX_REFUSES & set(deployment.app_settings())
    assert {name for name in app.properties["siteConfig"] if "ecurityRestrictions" not in name} == FLEX_SITE
    assert app.body["kind"] == "functionapp,linux"
    (plan,) = deployment.of("Microsoft.Web/serverfarms")
    assert plan.body["sku"] == {"tier": "FlexConsumption", "name": "FC1"}, "with a capacity it is refused"


@pytest.mark.parametrize(("plan", "backend"), [("dedicated", "onnxruntime"), ("dedicated-tensorflow", "tensorflow")])
def test_a_dedicated_plan_runs_the_same_package_or_tensorflow(plan: str, backend: str) -> None:
    deployment = deployed(plan=plan, requestsPerInstance=2)
    (app,) = deployment.of("Microsoft.Web/sites")
    assert app.properties["functionAppConfig"] is None
    assert app.properties["siteConfig"]["linuxFxVersion"] == "PYTHON|3.13"
    settings = deployment.app_settings()
    assert settings["EMBEDDER_BACKEND"] == backend
    assert settings["WEBSITE_RUN_FROM_PACKAGE"] == "1"
    assert settings["AzureFunctionsJobHost__extensions__http__maxConcurrentRequests"] == "2"


def test_names_come_from_one_token_and_fit() -> None:
    limits = {"Microsoft.Storage/storageAccounts": 24, "Microsoft.KeyVault/vaults": 24, "Microsoft.Web/sites": 60}
    deployment = deployed(compare=True)
    for kind, longest in limits.items():
        assert {len(each.name) <= longest for each in deployment.of(kind)} == {True}
    (app,) = deployment.of("Microsoft.Web/sites")
    token = app.name.removeprefix("func-")
    roots = [each for each in deployment.resources if "location" in each.body]
    # A workbook's name must be a GUID.
    assert [each.type for each in roots if token not in each.name] == ["Microsoft.Insights/workbooks"]
    other = deployed(environmentName="other")
    assert not {each.name for each in roots} & {each.name for each in other.resources}


def test_everything_is_tagged() -> None:
    # Said where it is, but not a resource of its own.
    untagged = "Microsoft.Web/sites/basicPublishingCredentialsPolicies"
    for each in deployed(tags={"team": "pictures"}, compare=True).resources:
        if "location" in each.body and each.type != untagged:
            tags = {name: value for name, value in each.body["tags"].items() if name != "azd-service-name"}
            assert tags == {"azd-env-name": "test", "project": "image-clustering-skill", "team": "pictures"}, each.name


def test_instances_are_exchanged_one_after_the_other_where_that_is_asked_for() -> None:
    def strategy(**parameters: Any) -> dict[str, str]:
        app = deployed(**parameters).one("Microsoft.Web/sites")
        return app.properties["functionAppConfig"]["siteUpdateStrategy"]

    assert strategy() == {"type": "Recreate"}
    assert strategy(rollingUpdates=True) == {"type": "RollingUpdate"}


@pytest.mark.parametrize("plan", ["flex", "dedicated"])
def test_zones_are_used_where_that_is_asked_for(plan: str) -> None:
    deployment = deployed(plan=plan, zoneRedundant=True)
    (hosting,) = deployment.of("Microsoft.Web/serverfarms")
    assert hosting.properties["zoneRedundant"] is True
    assert hosting.body["sku"].get("capacity") == (None if plan == "flex" else 2)
    accounts = deployment.of("Microsoft.Storage/storageAccounts")
    assert {each.body["sku"]["name"] for each in accounts} == {"Standard_ZRS"}
    assert deployment.one("Microsoft.Search/searchServices").properties["replicaCount"] == 2


def test_what_happens_to_secrets_pictures_and_search_is_logged() -> None:
    logged = {each.name: each for each in deployed().of("Microsoft.Insights/diagnosticSettings")}
    assert logged.keys() == {"audit", "operations", "changes"}
    assert {each["category"] for each in logged["changes"].properties["logs"]} == {"StorageWrite", "StorageDelete"}


def test_what_services_refuse_although_the_schema_has_it_is_not_asked_for(deployment: Deployment) -> None:
    """Rules that only the services know, from their documents; each would end a deployment halfway."""
    for search in deployment.of("Microsoft.Search/searchServices"):
        # disableLocalAuth and authOptions exclude each other.
        assert (search.properties["authOptions"] is None) is search.properties["disableLocalAuth"]
    for policy in deployment.of("Microsoft.Web/sites/basicPublishingCredentialsPolicies"):
        assert policy.body["location"] == "westeurope"
    for vault in deployment.of("Microsoft.KeyVault/vaults"):
        assert re.fullmatch(r"[a-z](?:-?[a-z0-9])*", vault.name)
        assert vault.properties.get("enablePurgeProtection") is not False, "true or nothing"
        assert "accessPolicies" not in vault.properties
    for account in deployment.of("Microsoft.CognitiveServices/accounts"):
        assert account.properties["customSubDomainName"] == account.name, "identities are taken at a subdomain only"
    for script in deployment.of("Microsoft.Resources/deploymentScripts"):
        assert re.fullmatch(r"PT([1-9]|1\d|2[0-6])H", script.properties["retentionInterval"])
        assert not {"primaryScriptUri", "storageAccountSettings"} & set(script.properties)
    for account in deployment.of("Microsoft.Storage/storageAccounts"):
        assert re.fullmatch(r"[a-z0-9]{3,24}", account.name)
    for assignment in deployment.of("Microsoft.Authorization/roleAssignments"):
        assert "location" not in assignment.body
    for setting in deployment.of("Microsoft.Insights/diagnosticSettings"):
        for log in setting.properties["logs"]:
            assert "retentionPolicy" not in log, "no longer taken for new settings"
            assert ("category" in log) != ("categoryGroup" in log)


@pytest.mark.slow
def test_checkov_finds_nothing(tmp_path: Path) -> None:
    checkov = shutil.which("checkov")
    if checkov is None:
        pytest.skip("checkov is not installed: `pipx install checkov`")
    write_templates(tmp_path)
    arguments = ["--config-file", PROJECT / "infra" / "checkov.yaml", "-d", tmp_path, "--compact", "--quiet"]
    run = subprocess.run([checkov, *arguments], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


@pytest.mark.slow
def test_checkov_is_given_every_resource(tmp_path: Path) -> None:
    write_templates(tmp_path)
    kinds = {
        path.stem: [each["type"] for each in json.loads(path.read_text())["resources"]] for path in tmp_path.iterdir()
    }
    assert kinds.keys() == {"public", "dedicated", "private"}
    assert {"Microsoft.CognitiveServices/accounts", "Microsoft.Web/sites"} <= set(kinds["public"])
    assert "Microsoft.Network/privateEndpoints" in kinds["private"]
