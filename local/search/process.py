"""Start the stand-in as a process of its own: `with start_search() as search: SearchClient(search.url, …)`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from local.processes import PROJECT, ManagedProcess


class RunningSearch(ManagedProcess):
    """The stand-in, serving."""

    _ADDRESS = re.compile(r"^Listening on (https?://\S+)$", re.MULTILINE)

    def __init__(
        self,
        port: int,
        data: Path | None,
        key: str | None,
        delay: float,
        identities: Path | None,
        certificate: tuple[Path, Path] | None,
    ) -> None:
        """See `start_search`."""
        command: list[str | Path] = [sys.executable, "-m", "local.search", "--port", str(port)]
        command += ["--data", data] if data else []
        command += ["--key", key] if key else []
        command += ["--delay", str(delay)] if delay else []
        command += ["--identities", identities] if identities else []
        command += ["--certificate", certificate[0], "--certificate-key", certificate[1]] if certificate else []
        super().__init__(command, ready=self._find_address, cwd=PROJECT)

    def _find_address(self) -> bool:
        match = self._ADDRESS.search(self.log_text())
        if match is None:
            return False
        self.url = match[1]
        return True


def start_search(
    *,
    port: int = 0,
    data: Path | None = None,
    key: str | None = None,
    delay: float = 0,
    identities: Path | None = None,
    certificate: tuple[Path, Path] | None = None,
) -> RunningSearch:
    """Start the stand-in for Azure AI Search.

    Args:
        port: where to listen; 0 picks a free port, which `url` of the result tells.
        data: SQLite file that keeps everything; in memory without.
        key: the api-key that callers must send; any without.
        delay: seconds that each run of an indexer waits in the queue before it starts.
        identities: the table of local/search/identities.py: callers need a token with a role then.
        certificate: certificate and key (PEM); with them it speaks https, without which the SDK shows no token.

    Raises:
        ProcessFailedError: it did not come up; the message holds the end of its log.
    """
    return RunningSearch(port, data, key, delay, identities, certificate)
