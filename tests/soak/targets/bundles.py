"""Damaged model bundles: read and able to answer, or refused as BundleError."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from random import Random

import numpy as np

from shared.digests import sha256
from shared.model.bundle import CLUSTERS, LABELS, MANIFEST, BundleError, read_bundle
from shared.model.model import open_model
from shared.stores.graphs import graph_path
from tests.soak.mutations import mutate
from tests.soak.worker import Attempt
from tests.tiny_models import tiny_model

_FILES = (MANIFEST, CLUSTERS, LABELS)
_NUMBERS = (-1, 0, 1, 2, 3, 2**31, 2**63, 10**30, 1e999, -1e999, float("nan"), 0.5, 1e-50, True, None, "0", [], {})


def prepare(folder: Path) -> Attempt:
    bundle = tiny_model(folder)
    graph = graph_path(folder, bundle.manifest.embedder.graph_sha256)
    dimensions = bundle.manifest.embedder.dimensions
    home = folder / "books"
    contents = {name: (home / name).read_bytes() for name in _FILES}
    # np.savez's own bytes have names and shapes at fixed places; a packed archive takes other paths through zipfile.
    with (
        zipfile.ZipFile(home / CLUSTERS) as stored,
        zipfile.ZipFile(folder / "packed", "w", zipfile.ZIP_BZIP2) as packed,
    ):
        for name in stored.namelist():
            packed.writestr(name, stored.read(name))
    others = [*contents.values(), (folder / "packed").read_bytes()]

    def attempt(chance: Random) -> str:
        name = chance.choice(_FILES)
        damaged = mutate(contents[name], chance, others)
        if name != CLUSTERS and chance.random() < 0.7:
            damaged = _with_another_value(contents[name], chance)
        files = contents | {name: damaged}
        if name == CLUSTERS and chance.random() < 0.9:  # an attacker who can write the arrays writes their digest too
            manifest = json.loads(contents[MANIFEST])
            manifest["files"][CLUSTERS] = sha256(damaged)
            files[MANIFEST] = json.dumps(manifest).encode()
        for each, content in files.items():
            (home / each).write_bytes(content)
        try:
            found = read_bundle(home)
        except BundleError as error:
            if str(home) not in str(error):
                raise AssertionError("the message does not name the file") from error
            return "refused"
        if found.manifest.embedder.dimensions == dimensions:
            with np.errstate(all="raise"):
                open_model(found, graph).assign(np.ones((1, dimensions), np.float32))
        return "read"

    return attempt


def _with_another_value(content: bytes, chance: Random) -> bytes:
    """JSON in which one value, somewhere, is another."""
    document = json.loads(content)
    place: dict[str, object] | list[object] = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return json.dumps(document).encode()
        key = chance.choice(keys)
        inner = place[key]  # pyright: ignore[reportArgumentType, reportCallIssue] - a key of whichever it is
        if not isinstance(inner, dict | list) or chance.random() < 0.2:
            place[key] = chance.choice(_NUMBERS)  # pyright: ignore[reportArgumentType, reportCallIssue]
            return json.dumps(document).encode()
        place = inner
