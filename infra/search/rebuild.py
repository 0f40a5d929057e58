"""Read everything anew without a gap: another build of the index is filled beside the one that queries read.

After a new model, other groups or another definition. The alias moves when the new build holds what the old one does;
the old one stays, and is filled like the new one, until `prune`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from azure.core.exceptions import ResourceNotFoundError
from azure.search.documents.indexes.models import SearchAlias

from infra.search.clients import Clients
from infra.search.deploy import NO_ALIAS, build_number, builds, delete_build, deploy
from infra.search.gaps import held, missing
from infra.search.retrying import RetryDeadline, Say
from infra.search.runs import Run, run
from shared.errors import UserError
from shared.model.core_samples import NOISE

_POLL_SECONDS = 1.0
# https://learn.microsoft.com/azure/search/search-how-to-alias: a moved alias takes up to ten seconds.
_MOVES_WITHIN_SECONDS = 10.0
# More than another training of the same pictures should bring: a sign of the wrong model, or of the wrong pictures.
_MORE_UNCLUSTERED = 0.1


class RebuildError(UserError):
    """The index can't be rebuilt, or what was built is worse than what is there. The alias has not moved."""


@dataclass(frozen=True, slots=True)
class Build:
    """One build of the index, as its documents tell."""

    index: str
    pictures: frozenset[str]
    """Names of the blobs that it holds."""
    documents: int
    unclustered: int | None
    """Documents in no group; None where the index keeps no groups (the simple variant)."""

    @property
    def share(self) -> float:
        return self.unclustered / self.documents if self.unclustered and self.documents else 0.0

    def __str__(self) -> str:
        unclustered = "" if self.unclustered is None else f", {self.share:.0%} unclustered"
        return f"{self.index} holds {len(self.pictures)} pictures in {self.documents} documents{unclustered}"


def rebuild(
    clients: Clients,
    deadline: RetryDeadline,
    say: Say,
    *,
    told: Callable[[Run], None],
    watch: Callable[[Run], None] | None = None,
    poll: float = _POLL_SECONDS,
) -> None:
    """Fill a new build by the current settings, compare it with the one that queries read, and move the alias.

    Raises RebuildError, and what `deploy` and `run` raise; queries then read what they read before.
    """
    old_name = _aliased(clients)
    number = max(map(build_number, builds(clients)), default=0) + 1
    new_name = f"{clients.settings.search_name_prefix}-build-{number}"
    with Clients(clients.settings, new_name) as beside:
        deploy(beside, deadline, say)
        reading = True
        while reading:  # a run ends after some hours, whatever is left
            for finished in run(beside, retry=False, watch=watch, poll=poll):
                told(finished)
                reading = finished.processed > finished.failed
        old, new = _look(clients, old_name), _look(beside, new_name)
        lost = sorted(old.pictures.intersection(missing(clients.images, beside.documents)))
    say(f"{old}; {new}")
    problems = [f"{len(lost)} pictures are missing, {lost[0]} first"] if lost else []
    if not new.documents:
        problems += ["it is empty"]
    if new.share > old.share + _MORE_UNCLUSTERED:
        problems += [f"{new.share:.0%} are unclustered, where {old.share:.0%} were"]
    if problems:
        raise RebuildError(
            f"{new_name} is not what queries should read: {'; '.join(problems)}. They go on reading {old_name}. "
            f"`switch {new_name}` takes it all the same, `prune` deletes it"
        )
    switch(clients, new_name, say)


def switch(clients: Clients, index: str | None, say: Say) -> None:
    """Let queries read another build: this one, or the one before the current. Raises RebuildError."""
    now, there = _aliased(clients), builds(clients)
    before = there[: there.index(now)] if now in there else []
    target = index or (before[-1] if before else None)
    if target not in there:
        raise RebuildError(f"there is no {target or f'build before {now}'}; there are {', '.join(there)}")
    clients.indexes.create_or_update_alias(SearchAlias(name=clients.settings.search_name_prefix, indexes=[target]))
    say(f"Queries read {target} within ten seconds; {now} stays until `prune`, and `switch {now}` goes back to it")


def prune(clients: Clients, say: Say, *, wait: float = _MOVES_WITHIN_SECONDS) -> None:
    """Delete every build but the one that queries read. Raises RebuildError where there is no alias."""
    now = _aliased(clients)
    others = [build for build in builds(clients) if build != now]
    if others:
        time.sleep(wait)  # an alias that has just moved
    for index in others:
        delete_build(clients, index)
    say(f"Deleted {', '.join(others)}" if others else f"There is only {now}, which queries read")


def _aliased(clients: Clients) -> str:
    prefix = clients.settings.search_name_prefix
    if clients.index == prefix:
        raise RebuildError(f"the index {prefix} has no alias: {NO_ALIAS}")
    try:
        return clients.indexes.get_alias(prefix).indexes[0]
    except ResourceNotFoundError:
        raise RebuildError(f"there is no index {prefix} yet: `deploy` comes first") from None


def _look(clients: Clients, index: str) -> Build:
    keeps_groups = "cluster_id" in {field.name for field in clients.indexes.get_index(index).fields}
    unclustered = None
    if keeps_groups:
        found = clients.documents.search("*", filter=f"cluster_id eq {NOISE}", include_total_count=True, top=0)
        unclustered = int(found.get_count() or 0)
    return Build(
        index=index,
        pictures=frozenset(held(clients.images, clients.documents)),
        documents=clients.documents.get_document_count(),
        unclustered=unclustered,
    )
