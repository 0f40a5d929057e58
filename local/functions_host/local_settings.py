"""local.settings.json: what app settings are on Azure, for a run on this machine."""

import json
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from local.functions_host.json_files import HostError, as_object, read_object

FILE_NAME = "local.settings.json"
SAMPLE_NAME = "local.settings.json.sample"


@dataclass(frozen=True)
class LocalSettings:
    """The parts of the file that this host uses."""

    path: Path | None = None
    """The file that was read; None if the app has neither a file of its own nor a sample."""
    values: dict[str, str] = field(default_factory=dict[str, str])
    port: int | None = None
    """`Host.LocalHttpPort`, where Core Tools would listen too."""

    def apply(self, environment: MutableMapping[str, str]) -> list[str]:
        """Add the values to `environment`; return the names that were there already and stay as they were.

        An environment variable wins even when it is empty, so that `KEY= make serve` serves without the file's key.
        """
        kept = sorted(self.values.keys() & environment.keys())
        environment.update({name: value for name, value in self.values.items() if name not in environment})
        return kept


def read_local_settings(app: Path) -> LocalSettings:
    """Read the app's local.settings.json, else its sample.

    Raises:
        HostError: the file is encrypted, is not JSON or holds a value that can't be an environment variable.
    """
    path = next((path for name in (FILE_NAME, SAMPLE_NAME) if (path := app / name).is_file()), None)
    if path is None:
        return LocalSettings()
    document = read_object(path)
    if document.get("IsEncrypted") is True:
        raise HostError(
            f"{path} is encrypted (IsEncrypted is true); only Core Tools, where it was encrypted, can read it. "
            f"Run `func settings decrypt` there, or write a plain one after {SAMPLE_NAME}."
        )
    values = as_object(document.get("Values"), f"Values in {path}")
    port = as_object(document.get("Host"), f"Host in {path}").get("LocalHttpPort")
    if port is not None and not isinstance(port, int):
        raise HostError(f"Host.LocalHttpPort in {path} must be a number, not {json.dumps(port)}")
    # Core Tools skips null too.
    texts = {name: _as_text(value, name, path) for name, value in values.items() if value is not None}
    return LocalSettings(path, texts, port)


def _as_text(value: object, name: str, path: Path) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise HostError(f"Values.{name} in {path} must be a string: app settings are environment variables")
