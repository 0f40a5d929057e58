"""The search commands' environment."""

from __future__ import annotations

import pytest

from infra.search.settings import load_search_settings
from shared.settings import SettingsError


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCH_ENDPOINT", "https://s.search.windows.net")
    monkeypatch.setenv("SEARCH_KEY", "")
    monkeypatch.setenv("SEARCH_VECTOR", "true")
    settings = load_search_settings()
    assert settings.need("search_endpoint") == "https://s.search.windows.net"
    assert settings.search_key is None
    assert settings.search_vector


def test_the_command_line_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCH_VARIANT", "simple")
    assert load_search_settings({"search_variant": None}).search_variant == "simple"
    assert load_search_settings({"search_variant": "projections"}).search_variant == "projections"


def test_secrets_are_not_shown() -> None:
    assert "hush" not in repr(load_search_settings({"search_key": "hush", "storage_connection": "hush"}))


@pytest.mark.parametrize("prefix", ["Books", "-books", "books_1", ""])
def test_refuses_invalid_name_prefixes(prefix: str) -> None:
    with pytest.raises(SettingsError, match="SEARCH_NAME_PREFIX"):
        load_search_settings({"search_name_prefix": prefix})


def test_a_missing_setting_is_named_with_its_meaning() -> None:
    with pytest.raises(SettingsError, match="SEARCH_ENDPOINT is not set: URL of the search service"):
        load_search_settings().need("search_endpoint")
