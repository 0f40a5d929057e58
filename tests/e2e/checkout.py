"""Training as a user runs it, in a checkout of its own: its cache and its models are nobody else's."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from shared.model.bundle import MANIFEST
from shared.pictures.listing import pictures_at
from tests.bundles import SPEC, link_graph
from tests.conftest import PROJECT
from tests.training.near_copies import EPS
from training.embedding.cache import EmbeddingCache

_SPEC = SPEC.model_copy(update={"pooling": "rmac"})
"""What `train` embeds by unless it is told otherwise."""


class Checkout:
    """This project in a place of its own, with an empty cache."""

    def __init__(self, folder: Path, graph: Path) -> None:
        self.folder = folder
        self.bundle = folder / "models" / "books"
        folder.mkdir()
        for package in ("shared", "training"):
            (folder / package).symlink_to(PROJECT / package, target_is_directory=True)
        link_graph(graph, folder / "models")

    def start(self, pictures: Path | str, *options: str, name: str = "books") -> subprocess.Popen[str]:
        """`python -m training train`, with an eps that suits near-copies."""
        command = [
            sys.executable,
            "-m",
            "training",
            "train",
            str(pictures),
            "--name",
            name,
            "--eps",
            str(EPS),
            *options,
        ]
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def contents(self) -> dict[str, bytes]:
        """The bundle's files, but for the time that it was made at."""
        created = json.loads((self.bundle / MANIFEST).read_bytes())["created"].encode()
        return {path.name: path.read_bytes().replace(created, b"") for path in self.bundle.iterdir()}

    def embedded(self, pictures: str) -> int:
        """How many of the pictures its cache knows."""
        with closing(EmbeddingCache(_SPEC, self.folder / ".cache" / "embeddings.sqlite")) as cache:
            return sum(cache.by_fingerprint(source.fingerprint()) is not None for source in pictures_at(pictures))


def finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What it printed, and what it said on stderr, once it has ended well."""
    output, said = process.communicate()
    assert process.returncode == 0, said
    return output, said
