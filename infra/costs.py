"""`python -m infra.costs`: what a deployment costs idle and for 10,000 pictures, from list prices and measured times.

Prices are US dollars, pay as you go, East US, as Microsoft's price pages listed them in 2025; they differ by region and
change. The pages: https://azure.microsoft.com/pricing/details/functions/, .../search/, .../app-service/linux/,
.../monitor/, .../storage/blobs/, .../cognitive-services/computer-vision/. Put yours in below and run it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import typer

from shared.command_line.console import command_line

# --- Prices

SEARCH_BASIC_HOUR = 0.101
IMAGE_EXTRACTION = 1.00 / 1000
"""Taking a picture out of a blob for the skills. Billed for every picture that the indexer reads."""
FLEX_GB_SECOND = 0.000026
FLEX_EXECUTION = 0.40 / 1e6
FLEX_FREE_GB_SECONDS = 100_000
ALWAYS_READY_GB_SECOND = 0.000004
DEDICATED_P0V3_HOUR = 0.084
LOGS_GB = 2.30
BLOB_GB_MONTH = 0.0208
VISION_TAGS = 1.00 / 1000
VISION_DESCRIPTION = 1.50 / 1000

# --- Assumptions

PICTURES = 10_000
HOURS = 730
"""In a month."""
MEMORY_GB = 2
"""infra/modules/function.bicep."""
BATCH = 3
"""Pictures in a request: batchSize in infra/search/skillset.json."""
SECONDS = 0.4
"""A picture of 1500 x 1000 decoded and embedded on one core takes 0.19 s of processor time here; Azure's may be half as
fast."""
LEAST_SECONDS = 1.0
"""Flex Consumption bills no request for less."""
LOG_BYTES = 6_000
"""A request's telemetry: ours and the host's."""
PICTURE_BYTES = 500_000


@dataclass(frozen=True, slots=True)
class Cost:
    what: str
    dollars: float
    why: str


def idle() -> Iterator[Cost]:
    """Dollars a month while nothing happens."""
    yield Cost("Search service, tier basic", SEARCH_BASIC_HOUR * HOURS, "by the hour, however little it holds")
    yield Cost("Function on Flex Consumption", 0.0, "nothing runs, nothing is billed")
    yield Cost(
        "... with one always-ready instance",
        MEMORY_GB * HOURS * 3600 * ALWAYS_READY_GB_SECOND,
        "instead of a cold start after a quiet time",
    )
    yield Cost("... or on a dedicated P0v3 plan", DEDICATED_P0V3_HOUR * HOURS, "an instance, by the hour")
    yield Cost(f"{PICTURES:,} pictures in storage", PICTURES * PICTURE_BYTES / 1e9 * BLOB_GB_MONTH, "0.5 MB each")
    yield Cost("Key vault, identities, empty logs", 0.0, "billed by use")


def indexing() -> Iterator[Cost]:
    """Dollars for indexing PICTURES pictures once."""
    requests = PICTURES / BATCH
    gb_seconds = requests * max(SECONDS * BATCH, LEAST_SECONDS) * MEMORY_GB
    one_by_one = PICTURES * max(SECONDS, LEAST_SECONDS) * MEMORY_GB
    yield Cost("Image extraction by the indexer", PICTURES * IMAGE_EXTRACTION, "each picture, each time it is read")
    yield Cost(
        "Function on Flex Consumption",
        gb_seconds * FLEX_GB_SECOND + requests * FLEX_EXECUTION,
        f"{gb_seconds:,.0f} GB-seconds; the first {FLEX_FREE_GB_SECONDS:,} a month are free",
    )
    yield Cost(
        "... if pictures came one by one",
        one_by_one * FLEX_GB_SECOND + PICTURES * FLEX_EXECUTION,
        f"{one_by_one:,.0f} GB-seconds: no request is billed for less than {LEAST_SECONDS:g} s",
    )
    yield Cost(
        "Logs", requests * LOG_BYTES / 1e9 * LOGS_GB, f"{LOG_BYTES / 1000:g} KB a request; 5 GB a month are free"
    )
    yield Cost(
        "Computer Vision, where `compare` is on", PICTURES * (VISION_TAGS + VISION_DESCRIPTION), "tags and description"
    )


def table(costs: Iterator[Cost], title: str) -> str:
    """Markdown."""
    lines = [f"| {title} | US$ | because |", "|---|---:|---|"]
    return "\n".join([*lines, *(f"| {cost.what} | {cost.dollars:,.2f} | {cost.why} |" for cost in costs)])


def tables() -> str:
    return f"{table(idle(), 'idle, a month')}\n\n{table(indexing(), f'{PICTURES:,} pictures, once')}\n"


app = command_line()


@app.command()
def main() -> None:
    """Print the tables of docs/deploy.md."""
    typer.echo(tables(), nl=False)


if __name__ == "__main__":
    app(prog_name="python -m infra.costs")
