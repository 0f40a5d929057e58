"""Does a full batch of the largest pictures fit into one request, with room to spare?

Where it did not, the Function would refuse every such batch with 413, and each of its pictures would stay unnamed.
"""

from __future__ import annotations

from collections.abc import Iterator

from infra.search.checks import CLUSTERS_SKILL
from infra.search.definitions import DefinitionError, Definitions

DEFAULT_SIDE = 2000
"""Pixels to which the service scales larger pictures down, on either side, unless the indexer says otherwise."""

# Noise as a JPEG of quality 95, in base64: 1.57 bytes a pixel whatever its size (1.2 at 90, 0.8 at 75). At which
# quality the service writes is not documented.
BYTES_A_PIXEL = 1.6


def check_batches(definitions: Definitions, limit: int) -> None:
    """Hold the largest batch to half of `limit`, the bytes of the largest request. Raises DefinitionError."""
    findings = list(_findings(definitions, limit))
    if findings:
        raise DefinitionError("\n".join(["these definitions would not work:", *findings]))


def _findings(definitions: Definitions, limit: int) -> Iterator[str]:
    configuration = (definitions.indexer.get("parameters") or {}).get("configuration") or {}
    width, height = (configuration.get(f"normalizedImageMax{side}") or DEFAULT_SIDE for side in ("Width", "Height"))
    picture = BYTES_A_PIXEL * width * height
    for position, skill in enumerate(definitions.skillset["skills"]):
        if skill.get("name") != CLUSTERS_SKILL or skill["batchSize"] * picture <= limit / 2:
            continue
        fitting = int(limit / 2 / picture)
        advice = f"lower it to {fitting}, or the indexer's" if fitting else "lower the indexer's"
        batch = f"{skill['batchSize']} pictures of {width} x {height} pixels"
        yield (
            f"skillset.skills[{position}].batchSize: {batch} may take {skill['batchSize'] * picture:,.0f} bytes, more "
            f"than half of what the Function takes, {limit:,}: {advice} normalizedImageMaxWidth and "
            "normalizedImageMaxHeight, or deploy with fewer requestsPerInstance or with instanceMemoryMB 4096"
        )
