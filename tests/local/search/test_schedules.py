"""Schedules: which intervals the service takes, and when an indexer is due."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.search.errors import ServiceError
from local.search.schedules import interval, is_due
from local.search.service import Service

RAN = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PT5M", timedelta(minutes=5)),
        ("PT1H30M", timedelta(minutes=90)),
        ("P1D", timedelta(days=1)),
    ],
)
def test_takes_five_minutes_to_a_day(text: str, expected: timedelta) -> None:
    assert interval({"interval": text}) == expected


@pytest.mark.parametrize("text", ["PT4M", "PT25H", "P2D", "hourly", None])
def test_refuses_other_intervals(text: str | None) -> None:
    with pytest.raises(ServiceError, match="PT5M to P1D"):
        interval({"interval": text})


@pytest.mark.parametrize(
    ("schedule", "later", "due"),
    [
        ({"interval": "PT1H"}, timedelta(minutes=59), False),
        ({"interval": "PT1H"}, timedelta(minutes=60), True),
        ({"interval": "PT1H", "startTime": "2026-11-25T15:00:00Z"}, timedelta(hours=2), False),
        ({"interval": "PT1H", "startTime": "2026-11-25T15:00:00Z"}, timedelta(hours=3), True),
    ],
)
def test_runs_again_after_the_interval_and_not_before_its_start(
    schedule: dict[str, Any], later: timedelta, due: bool
) -> None:
    assert is_due(schedule, RAN, RAN + later) is due


@pytest.fixture
def service() -> Service:
    service = Service()
    source = {"name": "d", "type": "azureblob", "credentials": {"connectionString": "x"}, "container": {"name": "c"}}
    service.put("datasources", "d", source)
    service.put("indexes", "i", {"name": "i", "fields": [{"name": "id", "type": "Edm.String", "key": True}]})
    return service


@pytest.mark.parametrize(
    ("changes", "runs"),
    [
        ({"schedule": {"interval": "PT1H"}}, 2),
        ({"schedule": {"interval": "PT1H"}, "disabled": True}, 0),
        ({}, 1),
    ],
    ids=str,
)
def test_the_service_runs_what_is_due(changes: dict[str, Any], runs: int, service: Service) -> None:
    indexer = {"name": "r", "dataSourceName": "d", "targetIndexName": "i"}
    service.put("indexers", "r", {**indexer, **changes})
    while runs and not service.status("r")["executionHistory"]:
        time.sleep(0.01)  # the first run, which making an enabled indexer starts
    service.run_scheduled(datetime.now(UTC))
    service.run_scheduled(datetime.now(UTC) + timedelta(hours=2))
    service._threads.shutdown()  # pyright: ignore[reportPrivateUsage] - waits for the runs
    assert len(service.status("r")["executionHistory"]) == runs
    service.close()
