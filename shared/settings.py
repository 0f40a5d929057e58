"""The environment as typed settings: the one place where the Function's configuration is read.

On Azure these are app settings; locally they come from the environment or local.settings.json. The table of
settings is tested against this class.
"""

from __future__ import annotations

import logging
import tempfile
import unicodedata
from pathlib import Path, PurePosixPath
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.embedding.backends import BackendName
from shared.embedding.images import MAX_PIXELS
from shared.errors import UserError
from shared.memory import memory_limit

log = logging.getLogger(__name__)


class SettingsError(UserError):
    """A setting has a value that can't be used. The message names the setting."""


# Quotes may be part of a key; they never are of a path, a URL or a name.
_NEVER_QUOTED = frozenset(
    {"model_store", "model_store_connection_string", "model_name", "model_version", "model_cache"}
)


# Two pictures are decoded at once, at up to 8 bytes a pixel: this leaves half of the memory for all else.
_MEMORY_A_PIXEL = 32
_WORKER, _BODY = 512 << 20, 8
_LEAST_IN_FLIGHT, _MOST_IN_FLIGHT = 5_000_000, 200_000_000


class Settings(BaseSettings):
    """Each field is set by the environment variable of its name in capitals. Empty means unset."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    model_store: str = Field(default="models", description="Where models are: a folder, or the URL of a blob container")
    model_store_connection_string: SecretStr | None = Field(
        default=None,
        description="Connection string for the blob containers of models and pictures. Without it, the managed "
        "identity or developer login",
    )
    model_name: str = Field(default="books", description="Which model to serve")
    model_version: str | None = Field(default=None, description="Serve this version and no other")
    model_refresh_seconds: float = Field(
        default=60, ge=1, description="How often to look for a new version or new names"
    )
    model_cache: Path = Field(
        default_factory=lambda: _temporary_folder() / "image-clustering-skill",
        description="Folder where files from a blob container are kept",
    )
    embedder_backend: BackendName = Field(
        default="onnxruntime", description="`onnxruntime`, or `tensorflow` where it is installed"
    )
    key: SecretStr | None = Field(
        default=None, description="Callers must send this in the header `Ocp-Apim-Subscription-Key`"
    )
    key_secondary: SecretStr | None = Field(
        default=None, description="Another key that is as good, while callers change from one to the other"
    )
    allow_anonymous: bool = Field(
        default=False,
        description="Answer anyone where there is no key. Without it, only a local host does. Has no effect on Azure",
    )
    label_near_misses: bool = Field(
        default=False, description="Put the names suggested for a near miss into `label` too"
    )
    return_vector: bool = Field(default=False, description="Add each picture's embedding to the answer as `vector`")
    record_unclustered: bool = Field(
        default=False,
        description="Keep the vectors and paths of unclustered pictures beside the models for 30 days, for "
        "`discover --record`. Never a picture. They are written every few seconds: those that wait when a worker is "
        "stopped are lost",
    )
    max_records: int = Field(default=1000, ge=1, description="Records in one request, beyond which it is refused (413)")
    max_request_bytes: int = Field(
        default=100_000_000, ge=1, description="Size of one request, beyond which it is refused (413)"
    )
    max_pixels: int = Field(
        default_factory=lambda: min(MAX_PIXELS, memory_limit() // _MEMORY_A_PIXEL),
        ge=1,
        le=MAX_PIXELS,
        description="Pixels in one picture, beyond which it is an error",
    )
    # AI Search gives a skill 30 s unless its definition says otherwise. On two cores with seven times more to do than
    # they can, four requests of 1000 pictures were answered within 29.9 s, one alone within 24.7 s.
    max_request_seconds: float = Field(
        default=25,
        ge=5,
        description="Seconds for one request; records not reached by then fail one by one. At least 5 less than the "
        "skill's `timeout`",
    )
    # Two of the largest requests, where there is memory: a worker needs half a gigabyte for itself, and up to eight
    # times a body (docs/soak.md).
    max_bytes_in_flight: int = Field(
        default_factory=lambda: max(_LEAST_IN_FLIGHT, min(_MOST_IN_FLIGHT, (memory_limit() - _WORKER) // _BODY)),
        ge=1,
        description="Bytes of all requests worked on at once; a request beyond waits, then is refused (429)",
    )
    debug: bool = Field(
        default=False,
        description="Log in detail. On Azure the host drops debug lines unless "
        "`AzureFunctionsJobHost__logging__logLevel__Function` is `Debug`",
    )
    dbscan_model: str | None = Field(
        default=None, description="The original sample's name for `MODEL_NAME`: `books.pkl` means `books`"
    )
    cluster_labels: str | None = Field(
        default=None, description="The original sample's label file. Accepted; names come with the model"
    )

    # Set by the platform, not by people: whether this runs on Azure or on a local host, whether Easy Auth stands in
    # front, and where telemetry goes. No plan sets every sign of Azure: Flex Consumption has no instance id. Its
    # CONTAINER_NAME is not asked for: other container hosts set one, too, and no plan sets nothing else.
    website_instance_id: str | None = Field(default=None, exclude=True)
    website_site_name: str | None = Field(default=None, exclude=True)
    website_pod_name: str | None = Field(default=None, exclude=True)
    website_sku: str | None = Field(default=None, exclude=True)
    legion_service_host: str | None = Field(default=None, exclude=True)
    azure_functions_environment: str | None = Field(default=None, exclude=True)
    website_auth_enabled: bool = Field(default=False, exclude=True)
    applicationinsights_connection_string: SecretStr | None = Field(default=None, exclude=True)

    @field_validator("*", mode="before")
    @classmethod
    def _trim(cls, value: object, info: ValidationInfo) -> object:
        """What comes along when a value is copied: blanks and line ends around it, and a shell's quotes."""
        if not isinstance(value, str):
            return value
        text = value.strip()
        if info.field_name in _NEVER_QUOTED and len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            text = text[1:-1].strip()
        if any(unicodedata.category(character) == "Cc" for character in text):
            raise ValueError("it has a line end or another control character in it: copy it again")
        return text

    @field_validator("key", "key_secondary")
    @classmethod
    def _refuse_unresolved_reference(cls, key: SecretStr | None) -> SecretStr | None:
        # Until Azure can read the vault it hands over the reference itself, which is no secret.
        if key and key.get_secret_value().startswith("@Microsoft.KeyVault("):
            raise ValueError("the Key Vault reference is not resolved; see that the identity may read it, and restart")
        return key

    @model_validator(mode="after")
    def _adopt_original_names(self) -> Self:
        if self.dbscan_model and "model_name" not in self.model_fields_set:
            # Frozen for callers; a validator completes the object before anyone sees it.
            object.__setattr__(self, "model_name", PurePosixPath(self.dbscan_model).stem)
        return self

    @property
    def store_credential(self) -> str | None:
        """The connection string for Blob Storage; None where an identity signs in."""
        secret = self.model_store_connection_string
        return secret.get_secret_value() if secret else None

    @property
    def keys(self) -> list[bytes]:
        """The keys that let a caller in; none where somebody else guards the Function."""
        given = (self.key, self.key_secondary)
        return [key.get_secret_value().encode(errors="surrogateescape") for key in given if key]

    @property
    def guard(self) -> Literal["key", "platform", "open", "refuse"]:
        """Who keeps strangers out: our key, Easy Auth, nobody (local development), or nobody where someone should."""
        if self.keys:
            return "key"
        if self.website_auth_enabled:
            return "platform"
        allowed = self.allow_anonymous or self.azure_functions_environment == "Development"
        return "open" if allowed and not self.on_azure else "refuse"

    @property
    def on_azure(self) -> bool:
        """Whether a platform's own settings say so."""
        signs = (
            self.website_instance_id,
            self.website_site_name,
            self.website_pod_name,
            self.website_sku,
            self.legion_service_host,
        )
        return any(signs)

    def hints(self) -> list[str]:
        """What to tell the operator about settings that came from the original sample."""
        hints: list[str] = []
        if self.dbscan_model:
            hints.append(
                f"DBSCAN_MODEL={self.dbscan_model} is read as MODEL_NAME={self.model_name}. Pickles are not loaded: "
                "convert one with `python -m training import-original`"
            )
        if self.cluster_labels:
            hints.append(
                f"CLUSTER_LABELS={self.cluster_labels} is not read: names come from the model's labels.json. "
                "Convert the file with `python -m training import-original MODEL LABELS`"
            )
        return hints


def _temporary_folder() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:  # no folder can be written to; models are then kept in memory (shared/serving/loading.py)
        return Path()


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError naming each variable that can't be used."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{'_'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors())
        raise SettingsError(f"these settings can't be used: {wrong}") from None
