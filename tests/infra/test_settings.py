"""Nothing is typed twice: outputs, app settings, placeholders and settings classes are the same names throughout."""

import json
import re

import pytest
from pydantic import ValidationError

from infra.search.batches import check_batches
from infra.search.definitions import render
from infra.search.settings import SearchSettings, load_search_settings
from shared.settings import Settings
from tests.conftest import PROJECT
from tests.infra.snapshots import Deployment, deployed

INFRA = PROJECT / "infra"
DOCS = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")

# Settings of the platform and the libraries, by who reads them.
PLATFORM = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",  # the exporter and the Functions host
    "AZURE_CLIENT_ID",  # azure-identity
    "AzureFunctionsJobHost__extensions__http__maxConcurrentRequests",  # the Functions host, over host.json
    "AzureFunctionsJobHost__extensions__http__maxOutstandingRequests",
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",  # the Functions host
    "FUNCTIONS_WORKER_RUNTIME",
    "PYTHON_ENABLE_OPENTELEMETRY",  # the Python worker
    "PYTHON_THREADPOOL_THREAD_COUNT",  # the Python worker
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
    return deployed(**request.param)


def names(settings: type[Settings] | type[SearchSettings]) -> set[str]:
    return {name.upper() for name in settings.model_fields}


def test_outputs_are_the_settings_of_the_commands(deployment: Deployment) -> None:
    assert set(deployment.outputs) - set(OTHER_OUTPUTS) == names(SearchSettings) - NOT_OUTPUTS


@pytest.mark.parametrize(("output", "reader"), OTHER_OUTPUTS.items())
def test_the_other_outputs_are_read(output: str, reader: str) -> None:
    assert output in (PROJECT / reader).read_text(encoding="utf-8")


def test_app_settings_are_the_settings_of_the_function_or_of_the_platform(deployment: Deployment) -> None:
    settings = deployment.app_settings()
    assert {"MODEL_STORE", "AZURE_CLIENT_ID", "EMBEDDER_BACKEND"} <= set(settings) <= names(Settings) | PLATFORM
    values = {name.lower(): value for name, value in settings.items() if name not in KEYS}
    Settings.model_validate({name: value for name, value in values.items() if name in Settings.model_fields})


@pytest.mark.parametrize("requests", [1, 4, 16])
def test_the_worker_has_a_thread_for_each_place_and_two_more(requests: int) -> None:
    settings = deployed(requestsPerInstance=requests).app_settings()
    assert settings["PYTHON_THREADPOOL_THREAD_COUNT"] == str(requests + 2)


@pytest.mark.parametrize(
    ("requests", "memory", "most"), [(4, 2048, 8_000_000), (2, 2048, 10_000_000), (4, 4096, 24_000_000)]
)
def test_the_host_refuses_bodies_that_an_instance_was_not_seen_to_hold(requests: int, memory: int, most: int) -> None:
    deployment = deployed(requestsPerInstance=requests, instanceMemoryMB=memory)
    settings = deployment.app_settings()
    assert settings["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"] == str(most)
    assert settings["MAX_REQUEST_BYTES"] == str(most * 9 // 10)
    assert deployment.outputs["SKILL_MAX_REQUEST_BYTES"].endswith(".outputs.made.value.requestLimit]")
    app = deployment.one("Microsoft.Web/sites")
    assert app.properties["functionAppConfig"]["scaleAndConcurrency"]["instanceMemoryMB"] == memory


def test_whoever_is_let_in_is_answered_before_the_search_service_gives_up() -> None:
    http = json.loads((PROJECT / "host.json").read_text(encoding="utf-8"))["extensions"]["http"]
    rounds = http["maxOutstandingRequests"] / http["maxConcurrentRequests"]
    longest = rounds * Settings.model_fields["max_request_seconds"].default
    for path in INFRA.glob("search/*skillset.json"):
        (skill,) = json.loads(path.read_text(encoding="utf-8"))["skills"]
        timeout = int(re.sub(r"PT(\d+)S", r"\1", skill["timeout"]))
        assert longest + 20 <= timeout <= 230, path.name
    settings = deployed(plan="dedicated", requestsPerInstance=3).app_settings()
    prefix = "AzureFunctionsJobHost__extensions__http__max"
    assert int(settings[f"{prefix}OutstandingRequests"]) == rounds * int(settings[f"{prefix}ConcurrentRequests"])


@pytest.mark.parametrize("memory", [2048, 4096])
def test_the_largest_batches_take_half_of_a_request_by_default(memory: int) -> None:
    limit = int(deployed(instanceMemoryMB=memory).app_settings()["MAX_REQUEST_BYTES"])
    for variant in ("projections", "simple"):
        given = {"skill_url": "https://f", "storage_connection": "ResourceId=/s;", "search_variant": variant}
        check_batches(render(load_search_settings(given)), limit)


def test_the_sample_settings_have_threads_for_the_places_of_host_json() -> None:
    http = json.loads((PROJECT / "host.json").read_text(encoding="utf-8"))["extensions"]["http"]
    sample = json.loads((PROJECT / "local.settings.json.sample").read_text(encoding="utf-8"))["Values"]
    assert sample["PYTHON_THREADPOOL_THREAD_COUNT"] == str(http["maxConcurrentRequests"] + 2)


@pytest.mark.parametrize("name", sorted(KEYS))
def test_an_unresolved_key_vault_reference_is_never_the_key(name: str) -> None:
    setting = deployed().app_settings()[name]
    reference = re.fullmatch(r"\[format\('(@Microsoft\.KeyVault\(SecretUri=)\{0\}\)', .+\)\]", setting)
    assert reference, setting
    with pytest.raises(ValidationError, match="the Key Vault reference is not resolved"):
        Settings.model_validate({name.lower(): f"{reference[1]}https://vault.example/secrets/key)"})


def test_the_platforms_settings_are_all_in_use() -> None:
    text = (INFRA / "modules" / "function.bicep").read_text(encoding="utf-8")
    assert {name for name in PLATFORM if not re.search(rf"^ +{name}: ", text, re.MULTILINE)} == set()


def test_the_script_is_given_what_the_outputs_say() -> None:
    (script,) = deployed(compare=True, keepVectors=True).of("Microsoft.Resources/deploymentScripts")
    (variable,) = script.properties["environmentVariables"]
    assert variable["name"] == "SEARCH_SETTINGS"
    given = set(re.findall(r"'([A-Z_]+)', ", variable["value"]))
    # Uploading pictures is not the script's business; everything else that the definitions need is.
    assert given == names(SearchSettings) - NOT_OUTPUTS - {"STORAGE_ACCOUNT_URL"} | {"SKILL_KEY_SECRET"}


def test_placeholders_are_settings() -> None:
    files = [*(INFRA / "search").glob("*.json"), *(INFRA / "search" / "variants").glob("*.json")]
    used = {name for file in files for name in re.findall(r"\$\{(\w+)\}", file.read_text(encoding="utf-8"))}
    assert used - {"prefix", "index"} <= set(SearchSettings.model_fields)
    assert "prefix" in used


def test_the_script_carries_every_definition() -> None:
    module = (INFRA / "modules" / "searchObjects.bicep").read_text(encoding="utf-8")
    carried = dict(re.findall(r"path: '([^']+)',?\s+text: loadTextContent\('([^']+)'\)", module))
    for path, source in carried.items():
        assert (INFRA / "modules" / source).resolve() == PROJECT / path
    definitions = [*(INFRA / "search").glob("*.json"), *(INFRA / "search" / "variants").glob("*.json")]
    assert {path.relative_to(PROJECT).as_posix() for path in definitions} <= set(carried)


def test_every_output_is_documented(deployment: Deployment) -> None:
    assert [name for name in deployment.outputs if f"`{name}`" not in DOCS] == []
