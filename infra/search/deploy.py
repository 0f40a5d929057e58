"""Create or update the search objects, in the order in which each finds what it refers to; delete them again.

Queries read an alias, and each build of the index behind it has a skillset and an indexer of its own (rebuild.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

from azure.core.exceptions import HttpResponseError
from azure.search.documents.indexes.models import (
    SearchAlias,
    SearchIndex,
    SearchIndexer,
    SearchIndexerDataSourceConnection,
    SearchIndexerSkillset,
)

from infra.search.batches import check_batches
from infra.search.checks import check
from infra.search.clients import Clients
from infra.search.definitions import DefinitionError, Definitions, render
from infra.search.links import approve_links
from infra.search.retrying import RetryDeadline, Say
from infra.search.skill import Skill

NO_ALIAS = (
    "deploy under another SEARCH_NAME_PREFIX, `run`, let your applications query that name, "
    "then `delete` under the old one"
)
"""What to do with an index that stands without an alias, as they all did once."""


def deploy(clients: Clients, deadline: RetryDeadline, say: Say) -> None:
    """Deploy what the settings ask for. Running it again changes nothing that is already so.

    Creating an indexer runs it, so everything else is in place by then, and the skill answers. Raises DefinitionError
    before anything is sent when the definitions don't fit, SkillError, SettingsError and azure.core's exceptions.
    """
    definitions = render(clients.settings, secrets=True)
    check(definitions)
    if clients.settings.skill_max_request_bytes:
        check_batches(definitions, clients.settings.skill_max_request_bytes)
    approve_links(clients.settings, say)
    skill = Skill(clients.settings, lambda: clients.login)
    ready = skill.wait(deadline)
    if ready:
        skill.check(definitions)
        say(f"The skill answers with {ready.model}, version {ready.version}")
    else:
        say("The skill answers, and lets in the search service only: its model could not be looked at")
    index = deadline.with_roles(lambda: clients.index)
    for step in _steps(clients, render(clients.settings, index, secrets=True)):
        say(deadline.with_roles(step))


def delete(clients: Clients, say: Say) -> None:
    """Delete the objects, all builds and every document. The pictures stay."""
    prefix = clients.settings.search_name_prefix
    gone = {clients.index, *builds(clients)}  # asked before the alias goes
    clients.indexes.delete_alias(prefix)
    for index in sorted(gone):
        delete_build(clients, index)
    clients.indexers.delete_data_source_connection(f"{prefix}-datasource")
    say(f"Deleted {', '.join(sorted(gone))} and what filled it; the pictures stay")


def builds(clients: Clients) -> list[str]:
    """The builds of the index that are there, the oldest first."""
    pattern = re.compile(re.escape(clients.settings.search_name_prefix) + r"-build-\d+")
    return sorted(filter(pattern.fullmatch, clients.indexes.list_index_names()), key=build_number)


def build_number(index: str) -> int:
    return int(index.rpartition("-")[2])


def delete_build(clients: Clients, index: str) -> None:
    """Delete an index and what fills it. Nothing there to delete is not an error."""
    clients.indexers.delete_indexer(f"{index}-indexer")
    clients.indexers.delete_skillset(f"{index}-skillset")
    clients.indexes.delete_index(index)


def _steps(clients: Clients, definitions: Definitions) -> list[Callable[[], str]]:
    prefix = clients.settings.search_name_prefix

    def datasource() -> str:
        # Never compared with what is there: the service does not give credentials back.
        sent = SearchIndexerDataSourceConnection(definitions.datasource)
        clients.indexers.create_or_update_data_source_connection(sent)
        return f"Data source {sent.name} reads the container {clients.settings.images_container}"

    def index() -> str:
        sent = SearchIndex(definitions.index)
        try:
            clients.indexes.create_or_update_index(sent)
        except HttpResponseError as error:
            if error.status_code != HTTPStatus.BAD_REQUEST:
                raise
            raise DefinitionError(
                f"the service refuses the index {sent.name}: {error.message}\nFields can be added to an index, not "
                "changed: " + (NO_ALIAS if sent.name == prefix else "`rebuild` fills another one beside it")
            ) from error
        return f"Index {sent.name} has the fields {', '.join(field.name for field in sent.fields)}"

    def alias() -> str:
        if definitions.index["name"] == prefix:
            return f"Index {prefix} has no alias, so that it can't be rebuilt without a gap. To change that, {NO_ALIAS}"
        if prefix not in clients.indexes.list_alias_names():
            clients.indexes.create_or_update_alias(SearchAlias(name=prefix, indexes=[definitions.index["name"]]))
        return f"Alias {prefix} is what applications query"

    def skillset() -> str:
        sent = SearchIndexerSkillset(definitions.skillset)
        clients.indexers.create_or_update_skillset(sent)
        return f"Skillset {sent.name} calls {', '.join(skill.name or 'a skill' for skill in sent.skills)}"

    def indexer() -> str:
        sent = SearchIndexer(definitions.indexer)
        new = sent.name not in clients.indexers.get_indexer_names()
        clients.indexers.create_or_update_indexer(sent)
        return f"Indexer {sent.name} " + ("is created, and runs for the first time" if new else "is up to date")

    return [datasource, index, alias, skillset, indexer]
