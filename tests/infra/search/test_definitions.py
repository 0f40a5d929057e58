"""Every variant renders, is what the SDK's models describe, and fits together; without secrets unless asked."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from infra.search.checks import check
from infra.search.definitions import DefinitionError, Definitions, render
from infra.search.schema import check_schema
from infra.search.settings import load_search_settings
from shared.settings import SettingsError

IDENTITY = "/subscriptions/0/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
BASE = {"skill_url": "https://f.azurewebsites.net/api/extraction", "storage_connection": "ResourceId=/subscriptions/0;"}
OPTIONS: dict[str, Any] = {
    "search_vector": True,
    "compare_ai_services_url": "https://a.cognitiveservices.azure.com",
    "classifier_url": "https://c.azurewebsites.net/api/classify",
    "search_identity": IDENTITY,
    "skill_resource_id": "api://f",
    "skill_key": "secret",
}
ACCOUNT = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=c2VjcmV0"


def rendered(secrets: bool = True, **given: Any) -> Definitions:
    return render(load_search_settings(BASE | given), secrets=secrets)


# None, each, every two together, all: what goes wrong goes wrong between two.
CHOSEN = [dict(some) for n in (0, 1, 2, len(OPTIONS)) for some in itertools.combinations(OPTIONS.items(), n)]


@pytest.mark.parametrize("chosen", CHOSEN)
def test_every_combination_of_settings_is_valid(chosen: dict[str, Any]) -> None:
    definitions = rendered(**chosen)
    for kind, definition in definitions.items():
        assert check_schema(kind, definition) == []
        assert "${" not in json.dumps(definition)
    check(definitions)


@pytest.mark.parametrize(
    "chosen", [{}, {"search_identity": IDENTITY}, {"skill_resource_id": "api://f"}, {"skill_key": "s"}]
)
def test_the_simple_variant_is_valid(chosen: dict[str, Any]) -> None:
    definitions = rendered(search_variant="simple", **chosen)
    check(definitions)
    names = [field["name"] for field in definitions.index["fields"]]
    assert names == ["id", "url", "file_name", "size", "last_modified", "content", "label"]


def test_the_simple_variant_takes_no_extras() -> None:
    with pytest.raises(DefinitionError, match="takes no vector or classifier: set SEARCH_VARIANT=projections"):
        rendered(search_variant="simple", search_vector=True, classifier_url="https://c")


def test_names_come_from_one_token() -> None:
    definitions = rendered(search_name_prefix="books")
    assert definitions.datasource["name"] == "books-datasource"
    assert definitions.index["name"] == definitions.indexer["targetIndexName"] == "books-build-1"
    assert definitions.indexer["name"] == "books-build-1-indexer"
    of_before_aliases = render(load_search_settings(BASE), "pictures")
    assert of_before_aliases.indexer["name"] == "pictures-indexer"


def test_deletions_are_detected_and_failures_tolerated_from_the_first_run() -> None:
    definitions = rendered()
    assert definitions.datasource["dataDeletionDetectionPolicy"]["softDeleteColumnName"] == "IsDeleted"
    assert definitions.indexer["parameters"]["maxFailedItems"] == -1
    assert definitions.indexer["parameters"]["configuration"]["imageAction"] == "generateNormalizedImages"


def test_the_skill_is_opened_by_key_or_by_identity() -> None:
    by_key = rendered(skill_key="secret").skillset["skills"][0]
    assert by_key["httpHeaders"] == {"Ocp-Apim-Subscription-Key": "secret", "x-functions-key": "secret"}
    assert "authResourceId" not in by_key
    by_identity = rendered(skill_resource_id="api://f", search_identity=IDENTITY).skillset["skills"][0]
    assert by_identity["authResourceId"] == "api://f"
    assert by_identity["authIdentity"]["userAssignedIdentity"] == IDENTITY


def test_vectors_and_comparison_have_fields_of_their_own() -> None:
    fields = {field["name"]: field for field in rendered(**OPTIONS).index["fields"]}
    assert fields["vector"]["dimensions"] == 512
    assert {"tags", "caption"} <= fields.keys()
    skills = rendered(**OPTIONS).skillset["skills"]
    clusters = next(skill for skill in skills if skill["name"] == "clusters")
    assert {"name": "category", "source": "/document/normalized_images/*/category"} in clusters["inputs"]
    assert "vector" in {output["name"] for output in clusters["outputs"]}


def test_secrets_stay_out_of_what_is_shown() -> None:
    shown = rendered(secrets=False, skill_key="secret", storage_connection=ACCOUNT)
    assert "secret" not in json.dumps([definition for _, definition in shown.items()])
    assert "c2VjcmV0" not in json.dumps(shown.datasource)
    assert shown.datasource["credentials"]["connectionString"] == "${storage_connection}"
    assert rendered(secrets=True, storage_connection=ACCOUNT).datasource["credentials"]["connectionString"] == ACCOUNT
    assert rendered(secrets=False).datasource["credentials"]["connectionString"].startswith("ResourceId=")


@pytest.mark.parametrize("missing", ["SKILL_URL", "STORAGE_CONNECTION"])
def test_a_missing_setting_is_named(missing: str) -> None:
    given = {name: value for name, value in BASE.items() if name != missing.lower()}
    with pytest.raises(SettingsError, match=f"{missing} is not set"):
        render(load_search_settings(given))
