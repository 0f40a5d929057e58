"""Create or update the four search objects, in the order in which each finds what it refers to; delete them again."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from azure.core.exceptions import HttpResponseError
from azure.search.documents.indexes.models import (
    SearchIndex,
    SearchIndexer,
    SearchIndexerDataSourceConnection,
    SearchIndexerSkillset,
)

from infra.search.batches import check_batches
from infra.search.checks import check
from infra.search.clients import Clients
from infra.search.definitions import DefinitionError, Definitions, render
from infra.search.retrying import RetryDeadline, Say
from infra.search.skill import Skill


def deploy(clients: Clients, deadline: RetryDeadline, say: Say) -> None:
    """Deploy what the settings ask for. Running it again changes nothing that is already so.

    Creating an indexer runs it, so everything else is in place by then, and the skill answers. Raises DefinitionError
    before anything is sent when the definitions don't fit, SkillError, SettingsError and azure.core's exceptions.
    """
    definitions = render(clients.settings, secrets=True)
    check(definitions)
    if clients.settings.skill_max_request_bytes:
        check_batches(definitions, clients.settings.skill_max_request_bytes)
    skill = Skill(clients.settings, lambda: clients.login)
    ready = skill.wait(deadline)
    if ready:
        skill.check(definitions)
        say(f"The skill answers with {ready.model}, version {ready.version}")
    else:
        say("The skill answers, and lets in the search service only: its model could not be looked at")
    for step in _steps(clients, definitions):
        say(deadline.with_roles(step))


def delete(clients: Clients, say: Say) -> None:
    """Delete the four objects and every document of the index. The pictures stay."""
    prefix = clients.settings.search_name_prefix
    clients.indexers.delete_indexer(f"{prefix}-indexer")
    clients.indexers.delete_skillset(f"{prefix}-skillset")
    clients.indexes.delete_index(prefix)
    clients.indexers.delete_data_source_connection(f"{prefix}-datasource")
    say(f"Deleted {prefix}-indexer, {prefix}-skillset, {prefix} and {prefix}-datasource")


def _steps(clients: Clients, definitions: Definitions) -> list[Callable[[], str]]:
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
                "changed: `delete` it and deploy again, or take another SEARCH_NAME_PREFIX"
            ) from error
        return f"Index {sent.name} has the fields {', '.join(field.name for field in sent.fields)}"

    def skillset() -> str:
        sent = SearchIndexerSkillset(definitions.skillset)
        clients.indexers.create_or_update_skillset(sent)
        return f"Skillset {sent.name} calls {', '.join(skill.name or 'a skill' for skill in sent.skills)}"

    def indexer() -> str:
        sent = SearchIndexer(definitions.indexer)
        new = sent.name not in clients.indexers.get_indexer_names()
        clients.indexers.create_or_update_indexer(sent)
        return f"Indexer {sent.name} " + ("is created, and runs for the first time" if new else "is up to date")

    return [datasource, index, skillset, indexer]
