"""When an indexer runs by itself: the interval of its schedule, as the service takes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from local.search.errors import ServiceError

# https://learn.microsoft.com/azure/search/search-howto-schedule-indexers
_SHORTEST, _LONGEST = timedelta(minutes=5), timedelta(days=1)
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")


def interval(schedule: Mapping[str, Any]) -> timedelta:
    """Raises ServiceError where it is shorter than five minutes, longer than a day, or not a duration."""
    match = _DURATION.fullmatch(str(schedule.get("interval")))
    days, hours, minutes = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    found = timedelta(days=days, hours=hours, minutes=minutes)
    if not _SHORTEST <= found <= _LONGEST:
        raise ServiceError(f"The interval {schedule.get('interval')!r} of a schedule must be from PT5M to P1D.")
    return found


def is_due(schedule: Mapping[str, Any], latest: datetime, now: datetime) -> bool:
    """Whether an indexer that ran, or was made, at `latest` runs now."""
    start = schedule.get("startTime")
    if start and now < datetime.fromisoformat(start).astimezone(UTC):
        return False
    return now - latest >= interval(schedule)
