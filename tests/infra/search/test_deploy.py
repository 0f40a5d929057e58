"""Deploying: in the right order, again without effect, and not at all where something does not fit."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ResourceNotFoundError

from infra.search.clients import Clients
from infra.search.definitions import DefinitionError
from infra.search.deploy import delete, deploy
from infra.search.retrying import RetryDeadline
from infra.search.skill import SkillError
from tests.local.search.deployments import index, settings
from tests.local.search.skill_server import SkillServer


def timeout() -> RetryDeadline:
    return RetryDeadline(0, print, pause=0.01)


def test_deploying_again_changes_nothing(clients: Clients) -> None:
    before = clients.indexes.get_index(clients.index).as_dict()
    told: list[str] = []
    deploy(clients, timeout(), told.append)
    assert told[-1] == f"Indexer {clients.index}-indexer is up to date"
    after = clients.indexes.get_index(clients.index).as_dict()
    assert {**before, "@odata.etag": ""} == {**after, "@odata.etag": ""}
    assert index(clients).processed == 0


def test_a_vector_can_be_added_later(skill: SkillServer) -> None:
    plain = settings(skill.url)
    with Clients(plain) as clients:
        deploy(clients, timeout(), print)
    with Clients(plain.model_copy(update={"search_vector": True})) as clients:
        deploy(clients, timeout(), print)
        names = [field.name for field in clients.indexes.get_index(clients.index).fields]
    assert names[-1] == "vector"


def test_an_index_that_cannot_be_changed_is_an_error_that_says_what_to_do(skill: SkillServer) -> None:
    simple = settings(skill.url, search_variant="simple")
    with Clients(simple) as clients:
        deploy(clients, timeout(), print)
    with (
        Clients(simple.model_copy(update={"search_variant": "projections"})) as clients,
        pytest.raises(DefinitionError, match="`rebuild` fills another one beside it"),
    ):
        deploy(clients, timeout(), print)


def test_nothing_is_sent_when_the_definitions_or_the_skill_do_not_fit(skill: SkillServer) -> None:
    wrong = settings("http://f.azurewebsites.net")
    with Clients(wrong) as clients, pytest.raises(DefinitionError, match="must begin with https"):
        deploy(clients, timeout(), print)
    nobody = settings("http://127.0.0.1:9/")
    with Clients(nobody) as clients:
        with pytest.raises(SkillError, match="does not answer"):
            deploy(clients, timeout(), print)
        assert f"{nobody.search_name_prefix}-datasource" not in clients.indexers.get_data_source_connection_names()


def test_batches_that_the_deployed_function_would_refuse_are_not_deployed(skill: SkillServer) -> None:
    small = settings(skill.url, skill_max_request_bytes=2_000_000)
    with Clients(small) as clients:
        with pytest.raises(DefinitionError, match=r"skills\[0\].batchSize: .* lower it to 1, or the indexer's"):
            deploy(clients, timeout(), print)
        assert f"{small.search_name_prefix}-datasource" not in clients.indexers.get_data_source_connection_names()
        assert skill.requests == []


def test_delete_keeps_the_pictures(clients: Clients) -> None:
    delete(clients, print)
    with pytest.raises(ResourceNotFoundError):
        clients.indexes.get_index(clients.settings.search_name_prefix)
    left = [*clients.indexers.get_indexer_names(), *clients.indexers.get_skillset_names()]
    assert not [name for name in left if name.startswith(clients.index)]
    assert len(list(clients.images.list_blobs())) == 9
    delete(clients, print)  # nothing left is not an error
