"""Nothing is typed twice: outputs, app settings, placeholders and settings classes are the same names throughout."""

import json
import re
from typing import Any

import pytest
from pydantic import ValidationError

from infra.search.settings import SearchSettings
from shared.settings import Settings
from tests.conftest import PROJECT
from tests.infra.bicep import Deployment, deploy

INFRA = PROJECT / "infra"
DOCS = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")

# Settings of the platform and the libraries, by who reads them.
PLATFORM = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",  # the exporter and the Functions host
    "AZURE_CLIENT_ID",  # azure-identity
    "AzureFunctionsJobHost__extensions__http__maxConcurrentRequests",  # the Functions host, over host.json
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_RUNTIME",
    "PYTHON_ENABLE_OPENTELEMETRY",  # the Python worker
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "WEBSITE_RUN_FROM_PACKAGE",
}
# Outputs for the commands around the search commands, and where each is read.
OTHER_OUTPUTS = {
    "FUNCTION_APP_NAME": "infra/smoke.py",
    "MODEL_NAME": "azure.yaml",
    "MODEL_STORE": "training/commands/publish.py",
    "SKILL_KEY_SECRET": "infra/deployed.py",
}
KEYS = {"KEY", "KEY_SECONDARY"}
# Search settings that no deployment can know: a person's own key, or what SKILL_KEY_SECRET leads to.
NOT_OUTPUTS = {"SEARCH_KEY", "SKILL_KEY"}


@pytest.fixture(
    scope="module", params=[{}, {"plan": "dedicated-tensorflow", "compare": True, "entraClientId": "x"}], ids=str
)
def deployment(request: pytest.FixtureRequest) -> Deployment:
    return deploy(INFRA / "main.bicep", {"environmentName": "test", **request.param})


def names(settings: type[Settings] | type[SearchSettings]) -> set[str]:
    return {name.upper() for name in settings.model_fields}


def test_outputs_are_the_settings_of_the_commands(deployment: Deployment) -> None:
    assert set(deployment.outputs) - set(OTHER_OUTPUTS) == names(SearchSettings) - NOT_OUTPUTS


@pytest.mark.parametrize(("output", "reader"), OTHER_OUTPUTS.items())
def test_the_other_outputs_are_read(output: str, reader: str) -> None:
    assert output in (PROJECT / reader).read_text(encoding="utf-8")


def test_app_settings_are_the_settings_of_the_function_or_of_the_platform(deployment: Deployment) -> None:
    (settings,) = [each for each in deployment.of("Microsoft.Web/sites/config") if each.name.endswith("/appsettings")]
    assert set(settings.body["properties"]) <= names(Settings) | PLATFORM
    values = {name.lower(): value for name, value in settings.body["properties"].items() if name not in KEYS}
    Settings.model_validate({name: value for name, value in values.items() if name in Settings.model_fields})


@pytest.mark.parametrize("name", sorted(KEYS))
def test_a_vault_that_can_not_be_read_never_makes_its_reference_the_key(name: str) -> None:
    deployment = deploy(INFRA / "main.bicep", {"environmentName": "test"})
    (settings,) = [each for each in deployment.of("Microsoft.Web/sites/config") if each.name.endswith("/appsettings")]
    with pytest.raises(ValidationError, match="the Key Vault reference is not resolved"):
        Settings.model_validate({name.lower(): settings.body["properties"][name]})


def test_the_platforms_settings_are_all_in_use() -> None:
    text = (INFRA / "modules" / "function.bicep").read_text(encoding="utf-8")
    assert {name for name in PLATFORM if not re.search(rf"^ +{name}: ", text, re.MULTILINE)} == set()


def test_what_the_script_is_told_is_what_the_outputs_say() -> None:
    deployment = deploy(INFRA / "main.bicep", {"environmentName": "test", "compare": True, "keepVectors": True})
    (script,) = deployment.of("Microsoft.Resources/deploymentScripts")
    (variable,) = script.body["properties"]["environmentVariables"]
    assert variable["name"] == "SEARCH_SETTINGS"
    told: dict[str, Any] = json.loads(variable["value"])
    assert told == {name: deployment.outputs[name] for name in told}
    # Uploading pictures is not the script's business; everything else that the definitions need is.
    assert set(told) == names(SearchSettings) - NOT_OUTPUTS - {"STORAGE_ACCOUNT_URL"} | {"SKILL_KEY_SECRET"}


def test_placeholders_are_settings() -> None:
    files = [*(INFRA / "search").glob("*.json"), *(INFRA / "search" / "variants").glob("*.json")]
    used = {name for file in files for name in re.findall(r"\$\{(\w+)\}", file.read_text(encoding="utf-8"))}
    assert used - {"prefix"} <= set(SearchSettings.model_fields)
    assert "prefix" in used


def test_the_script_carries_every_definition() -> None:
    module = (INFRA / "modules" / "searchObjects.bicep").read_text(encoding="utf-8")
    carried = dict(re.findall(r"path: '([^']+)', text: loadTextContent\('([^']+)'\)", module))
    assert [(INFRA / "modules" / source).resolve() for source in carried.values()] == [
        PROJECT / path for path in carried
    ]
    definitions = [*(INFRA / "search").glob("*.json"), *(INFRA / "search" / "variants").glob("*.json")]
    assert {path.relative_to(PROJECT).as_posix() for path in definitions} <= set(carried)


def test_every_output_is_documented(deployment: Deployment) -> None:
    assert [name for name in deployment.outputs if f"`{name}`" not in DOCS] == []
