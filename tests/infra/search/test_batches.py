"""Batches of the largest pictures, held to what the Function takes."""

from __future__ import annotations

from typing import Any

import pytest

from infra.search.batches import check_batches
from infra.search.definitions import DefinitionError, Definitions, render
from infra.search.settings import load_search_settings


def definitions(batch: int, **configuration: Any) -> Definitions:
    made = render(load_search_settings({"skill_url": "https://f", "storage_connection": "ResourceId=/s;"}))
    made.skillset["skills"][0]["batchSize"] = batch
    made.indexer["parameters"]["configuration"] = configuration
    return made


@pytest.mark.parametrize(
    ("batch", "configuration", "limit"),
    [
        (1, {}, 12_800_000),
        (8, {"normalizedImageMaxWidth": 500, "normalizedImageMaxHeight": 1000}, 12_800_000),
    ],
    ids=["the service's 2000 x 2000", "asked for"],
)
def test_half_of_a_request_is_enough_and_a_byte_less_is_not(
    batch: int, configuration: dict[str, int], limit: int
) -> None:
    check_batches(definitions(batch, **configuration), limit)
    with pytest.raises(DefinitionError, match=r"skillset.skills\[0\].batchSize"):
        check_batches(definitions(batch, **configuration), limit - 1)


def test_says_which_number_to_change() -> None:
    with pytest.raises(
        DefinitionError, match=r"8 pictures of 2000 x 2000 .* 51,200,000 bytes.*: lower it to 1, or the"
    ):
        check_batches(definitions(8), 20_000_000)
    with pytest.raises(DefinitionError, match=r"12,000,000: lower the indexer's normalizedImageMaxWidth"):
        check_batches(definitions(8), 12_000_000)
