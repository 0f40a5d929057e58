import json
import re
from pathlib import Path

import pytest

from shared.settings import Settings, SettingsError, load_settings
from tests.conftest import PROJECT


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("AZURE_FUNCTIONS_ENVIRONMENT", "Development")


def test_everything_has_a_default() -> None:
    settings = load_settings()
    assert (settings.model_store, settings.model_name, settings.guard) == ("models", "books", "open")


def test_empty_means_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "")
    monkeypatch.setenv("MODEL_NAME", "")
    assert load_settings().key is None
    assert load_settings().model_name == "books"


def test_model_name_wins_over_the_originals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBSCAN_MODEL", "old.pkl")
    assert load_settings().model_name == "old"
    monkeypatch.setenv("MODEL_NAME", "new")
    assert load_settings().model_name == "new"


def test_the_key_is_not_shown() -> None:
    assert "sesame" not in repr(Settings.model_validate({"key": "sesame"}))


@pytest.mark.parametrize("given", ["abc\n", " abc", "abc\r\n", "\tabc "])
def test_blanks_around_a_key_are_no_part_of_it(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("KEY", given)
    assert load_settings().keys == [b"abc"]


@pytest.mark.parametrize("given", ["'models'", '"models"', " models\n", '"models" '])
def test_a_shells_quotes_are_no_part_of_a_path(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("MODEL_STORE", given)
    monkeypatch.setenv("MODEL_STORE_CONNECTION_STRING", f"{given}")
    settings = load_settings()
    assert settings.model_store == "models"
    assert settings.model_store_connection_string
    assert settings.model_store_connection_string.get_secret_value() == "models"


def test_quotes_may_be_part_of_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "'abc'")
    assert load_settings().keys == [b"'abc'"]


@pytest.mark.parametrize("name", ["KEY", "MODEL_STORE", "MODEL_STORE_CONNECTION_STRING"])
def test_a_line_end_within_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "sesame\nopen")
    with pytest.raises(SettingsError, match=f"{name}: .*line end or another control character") as refused:
        load_settings()
    assert "sesame" not in str(refused.value)


def test_every_unusable_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_RECORDS", "0")
    monkeypatch.setenv("EMBEDDER_BACKEND", "torch")
    with pytest.raises(SettingsError, match=r"EMBEDDER_BACKEND: .*MAX_RECORDS: "):
        load_settings()


@pytest.mark.parametrize(
    ("given", "guard"),
    [
        ({}, "open"),
        ({"azure_functions_environment": None}, "refuse"),
        ({"azure_functions_environment": "Production"}, "refuse"),
        ({"azure_functions_environment": None, "allow_anonymous": True}, "open"),
        ({"website_site_name": "x", "allow_anonymous": True}, "refuse"),
        ({"website_instance_id": "x"}, "refuse"),
        ({"website_instance_id": "x", "key": "k"}, "key"),
        ({"website_instance_id": "x", "website_auth_enabled": True}, "platform"),
        ({"website_instance_id": "x", "website_auth_enabled": True, "key": "k"}, "key"),
    ],
)
def test_guard(given: dict[str, object], guard: str) -> None:
    assert Settings.model_validate(given).guard == guard


HOSTING = {
    "Flex Consumption": {
        "CONTAINER_NAME": "c",
        "WEBSITE_POD_NAME": "p",
        "LEGION_SERVICE_HOST": "h",
        "WEBSITE_SKU": "FlexConsumption",
    },
    "Consumption": {"CONTAINER_NAME": "c", "WEBSITE_SITE_NAME": "s", "WEBSITE_SKU": "Dynamic"},
    "App Service": {"WEBSITE_INSTANCE_ID": "i", "WEBSITE_SITE_NAME": "s", "WEBSITE_SKU": "PremiumV3"},
    "Container Apps": {"CONTAINER_NAME": "c", "WEBSITE_SITE_NAME": "s"},
}


@pytest.mark.parametrize("environment", HOSTING.values(), ids=HOSTING)
def test_refuses_on_every_plan_without_a_guard(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert load_settings().guard == "refuse"
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    assert load_settings().guard == "platform"
    monkeypatch.setenv("KEY", "k")
    assert load_settings().guard == "key"


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "infra" / "search").glob("*skillset.json")), ids=lambda path: path.name
)
def test_a_skill_waits_longer_than_a_request_may_take(path: Path) -> None:
    skills = json.loads(path.read_bytes())["skills"]
    timeouts = [skill["timeout"] for skill in skills if skill["@odata.type"].endswith("WebApiSkill")]
    assert timeouts
    for timeout in timeouts:
        seconds = re.fullmatch(r"PT(\d+)S", timeout)
        assert seconds
        assert int(seconds[1]) >= load_settings().max_request_seconds + 5


def test_a_request_takes_less_than_a_skill_waits_by_default() -> None:
    assert load_settings().max_request_seconds + 5 <= 30
