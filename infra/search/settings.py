"""The environment as typed settings for the search commands. The Bicep deployment's outputs carry the same names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import SettingsError

type Variant = Literal["projections", "simple"]


class SearchSettings(BaseSettings):
    """Each field is set by the environment variable of its name in capitals. Empty means unset."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    search_endpoint: str | None = Field(default=None, description="URL of the search service")
    search_key: SecretStr | None = Field(
        default=None, description="Admin key of the search service. Without it, the developer login or managed identity"
    )
    search_name_prefix: str = Field(
        default="pictures",
        pattern=r"^[a-z0-9](?:[a-z0-9-]{0,100}[a-z0-9])?$",
        description="Name of the index, or of its alias, and the beginning of the other objects' names",
    )
    search_identity: str | None = Field(
        default=None,
        description="Resource id of the search service's user-assigned identity. Without it, the system-assigned one",
    )
    search_private_links: str | None = Field(
        default=None,
        description="Resource ids, separated by commas, that the search service reaches by shared private links only",
    )
    search_variant: Variant = Field(
        default="projections",
        description="`projections`: one document per picture; `simple`: one per blob, as the original sample had it",
    )
    search_vector: bool = Field(
        default=False, description="Keep each picture's embedding, so that one picture finds others like it"
    )
    search_schedule: str = Field(
        default="PT1H",
        pattern=r"^(never|P1D|PT(?:[1-9]|1\d|2[0-4])H|PT(?:[5-9]|[1-9]\d{1,2})M)$",
        description="How often the indexer looks for new pictures by itself, from `PT5M` to `P1D`, or `never`",
    )
    skill_url: str | None = Field(default=None, description="URL of the skill, `https://…/api/extraction`")
    skill_key: SecretStr | None = Field(default=None, description="The Function's `KEY`, where it has one")
    skill_max_request_bytes: int | None = Field(
        default=None, ge=1, description="The Function's `MAX_REQUEST_BYTES`: `deploy` holds batches of pictures to it"
    )
    skill_resource_id: str | None = Field(
        default=None, description="Application ID URI of the Function (`api://…`), where Microsoft Entra guards it"
    )
    storage_connection: SecretStr | None = Field(
        default=None,
        description="How the search service reads pictures: `ResourceId=/subscriptions/…;` or an account's connection "
        "string",
    )
    storage_account_url: str | None = Field(
        default=None,
        description="URL of the storage account, for `upload` and `remove` with the developer login. Without it, "
        "`STORAGE_CONNECTION`",
    )
    images_container: str = Field(default="images", description="Container of the pictures")
    compare_ai_services_url: str | None = Field(
        default=None, description="URL of an AI Services account: Computer Vision's tags and caption beside the names"
    )
    classifier_url: str | None = Field(
        default=None, description="URL of a custom skill that says each picture's `category`, ahead of the groups"
    )

    def need(self, name: str) -> str:
        """The value of a setting that this command can't do without. Raises SettingsError naming the variable."""
        value = getattr(self, name)
        if value is None:
            raise SettingsError(f"{name.upper()} is not set: {type(self).model_fields[name].description}")
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def load_search_settings(given: Mapping[str, Any] | None = None) -> SearchSettings:
    """Read the environment; what a command line gave (not None) goes before it. Raises SettingsError."""
    try:
        return SearchSettings(**{name: value for name, value in (given or {}).items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(f"{'_'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors())
        raise SettingsError(f"these settings can't be used: {wrong}") from None
