"""Blob Storage without Azure: Azurite from npm, started on a port and stopped again.

    with start_azurite() as azurite:
        azurite.create_container("models")
        open_store(azurite.url("models"), azurite.connection_string)

`python -m local.azurite` runs it in the foreground and prints the settings that use it.
"""

import base64
import re
import secrets
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from local.processes import PROJECT, ManagedProcess, ProcessFailedError
from shared.command_line.console import command_line, errors_in_words, fail
from shared.command_line.ports import listen

BINARY = PROJECT / "node_modules" / ".bin" / "azurite-blob"
ACCOUNT = "devstoreaccount1"
DEFAULT_PORT = 10000
CONTAINER = "models"


class RunningAzurite(ManagedProcess):
    """Azurite's blob service, listening."""

    _ADDRESS = re.compile(r"successfully listens on (https?://[^\s]+:(\d+))")

    def __init__(
        self, location: Path | None, port: int, key: str | None, certificate: tuple[Path, Path] | None
    ) -> None:
        """See `start_azurite`."""
        if not BINARY.exists():
            raise ProcessFailedError(f"{BINARY.relative_to(PROJECT)} is missing: run `npm ci`")
        self.key = None if port == DEFAULT_PORT else key or base64.b64encode(secrets.token_bytes(64)).decode()
        # azure-storage-blob asks for a newer API version than Azurite 3.37 knows; what we use has not changed since.
        command: list[str | Path] = [BINARY, "--blobPort", str(port), "--skipApiVersionCheck", "--disableTelemetry"]
        command += ["--location", location] if location else ["--inMemoryPersistence"]
        if certificate:
            command += ["--cert", certificate[0], "--key", certificate[1], "--oauth", "basic"]
        env = {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{self.key}"} if self.key else None
        super().__init__(command, ready=self._find_address, env=env)

    @property
    def connection_string(self) -> str:
        """The account's credential: the emulator's own on its usual port, else a key made for this run."""
        if self.key is None:
            return "UseDevelopmentStorage=true"
        scheme = self.account_url.partition(":")[0]
        return (
            f"DefaultEndpointsProtocol={scheme};AccountName={ACCOUNT};AccountKey={self.key};"
            f"BlobEndpoint={self.account_url};"
        )

    def url(self, container: str = CONTAINER) -> str:
        """The URL of a container, as MODEL_STORE takes it."""
        return f"{self.account_url}/{container}"

    def create_container(self, container: str = CONTAINER) -> None:
        """Make a container unless it is there; in Azure, infra/ does that."""
        from azure.core.exceptions import ResourceExistsError
        from azure.storage.blob import ContainerClient

        with ContainerClient.from_connection_string(self.connection_string, container) as client:
            try:
                client.create_container()
            except ResourceExistsError:
                return

    def _find_address(self) -> bool:
        match = self._ADDRESS.search(self.log_text())
        if match is None:
            return False
        self.account_url, self.port = f"{match[1]}/{ACCOUNT}", int(match[2])
        return True


def start_azurite(
    *,
    location: Path | None = None,
    port: int = 0,
    key: str | None = None,
    certificate: tuple[Path, Path] | None = None,
) -> RunningAzurite:
    """Start Azurite's blob service as a process of its own.

    Args:
        location: the folder that keeps its data; in memory without.
        port: where to listen; 0 picks a free port. Only on 10000 does the emulator's well-known key apply.
        key: the account's key (base64) on another port, to start it again as it was; a new one without.
        certificate: certificate and key (PEM). With them it speaks https and takes tokens as Azure does, unsigned.

    Raises:
        ProcessFailedError: it is not installed, or did not come up; the message holds the end of its log.
    """
    return RunningAzurite(location, port, key, certificate)


app = command_line()


@app.command()
def main(
    port: Annotated[int, typer.Option(help="Where to listen; 0 picks a free port.")] = DEFAULT_PORT,
    location: Annotated[Path, typer.Option(help="Folder that keeps the data.")] = PROJECT / ".azurite",
) -> None:
    """Run Blob Storage on this machine until interrupted, and print the settings that use it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with errors_in_words(), suppress(KeyboardInterrupt):
        listen(port).close()  # Azurite would say it in its own words
        location.mkdir(parents=True, exist_ok=True)
        with start_azurite(location=location, port=port) as azurite:
            azurite.create_container()
            typer.echo(f"export MODEL_STORE='{azurite.url()}'")
            typer.echo(f"export MODEL_STORE_CONNECTION_STRING='{azurite.connection_string}'")
            azurite.process.wait()
        fail(azurite.log_text())


if __name__ == "__main__":
    app(prog_name="python -m local.azurite")
