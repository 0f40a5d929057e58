"""Embeds eight pictures with and without memory for a batch of four. Prints how many are embedded, how many alike.

Arguments: the exported graph, and how many megabytes of memory are left for the second time.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import numpy as np

from shared.embedding.embedder import open_embedder
from shared.embedding.images import Picture, PictureError, fit
from shared.embedding.pipeline import embed_each
from tests.bundles import SPEC
from tests.conftest import noise_picture


def main(graph: str, megabytes: str) -> None:
    embedder = open_embedder(SPEC, Path(graph), threads=1)
    pictures = [fit(noise_picture(seed), SPEC.input, "antialias") for seed in range(8)]

    def read(source: int) -> Picture:
        return pictures[source]

    with_plenty = open_embedder(SPEC, Path(graph), threads=1).embed(pictures)
    embedder.embed(pictures[:1])
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + (int(megabytes) << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    outcomes = [outcome for _, outcome in embed_each(embedder, range(8), read, PictureError)]
    embedded = [outcome for outcome in outcomes if isinstance(outcome, np.ndarray)]
    alike = sum(np.array_equal(found, known) for found, known in zip(embedded, with_plenty, strict=False))
    sys.stdout.write(
        f"{len(embedded)} {alike} {', '.join(sorted({str(o) for o in outcomes if isinstance(o, Exception)}))}"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
