"""How the index stands: the last run, the pictures it lacks and why, the versions of the model that answered."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from infra.search.clients import Clients
from infra.search.drift import Drifting, read_drift
from infra.search.gaps import missing
from infra.search.pictures import blob_name
from infra.search.queries import versions
from infra.search.runs import Finding, Run, history
from infra.search.skill import Skill, SkillError
from shared.errors import UserError
from shared.settings import Settings

_UNREAD = "It has not been read yet"


@dataclass(frozen=True, slots=True)
class Status:
    """What is known without reading a picture."""

    run: Run | None
    """The latest run; None before the first."""
    missing: list[Finding]
    """Pictures that the index does not hold as they are now, each with the latest finding about it."""
    versions: dict[str, int] | None
    """Documents by the model version that answered them; None where the index keeps none (the simple variant)."""
    current: str | None
    """The version that the skill serves now; None where it can't be asked."""
    drifting: list[Drifting] | None = None
    """Groups that get fewer or stranger pictures than when trained; None where that is not known."""

    @property
    def older(self) -> int | None:
        """Documents that another version than the current one answered; None where that is not known."""
        if self.versions is None or self.current is None:
            return None
        return sum(count for version, count in self.versions.items() if version != self.current)


def read_status(clients: Clients, model: Settings | None = None) -> Status:
    """With `model`, the settings of the one that is served, its groups are looked at, too.

    Raises SettingsError and azure.core's exceptions.
    """
    runs = history(clients)
    findings: dict[str | None, Finding] = {}
    for finding in (finding for run in reversed(runs) for finding in run.findings):
        findings[blob_name(clients.images, finding.document)] = finding
    missing_pictures = [
        findings.get(name) or Finding(clients.images.get_blob_client(name).url, _UNREAD, "", is_error=False)
        for name in missing(clients.images, clients.documents)
    ]
    fields = {field.name for field in clients.indexes.get_index(clients.index).fields}
    return Status(
        run=runs[0] if runs else None,
        missing=missing_pictures,
        versions=versions(clients.documents) if "model_version" in fields else None,
        current=_current(clients),
        drifting=_drifting(clients, fields, model) if model else None,
    )


def _drifting(clients: Clients, fields: set[str], model: Settings) -> list[Drifting] | None:
    try:
        return read_drift(clients.documents, fields, model)
    except (UserError, csv.Error, KeyError, ValueError):  # all else can be told without a model
        return None


def _current(clients: Clients) -> str | None:
    if clients.settings.skill_url is None:
        return None
    try:
        return Skill(clients.settings, lambda: clients.login).ready().version
    except SkillError:
        return None
