"""Reading everything anew: queries see the old build until the new one holds what it held; one command goes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.search.documents.indexes.models import (
    SearchIndex,
    SearchIndexer,
    SearchIndexerDataSourceConnection,
    SearchIndexerSkillset,
)

from infra.search.clients import Clients
from infra.search.definitions import render
from infra.search.deploy import builds, deploy
from infra.search.rebuild import RebuildError, prune, rebuild, switch
from infra.search.retrying import RetryDeadline
from infra.search.runs import Run
from tests.local.search.deployments import deployed, found, index, settings
from tests.local.search.skill_server import Reply, SkillServer, Value, answer, honest, reply


def refused(_values: list[Value]) -> Reply:
    return Reply(b"", status=400)


def run_rebuild(clients: Clients, told: list[str] | None = None) -> list[Run]:
    runs: list[Run] = []
    say = print if told is None else told.append
    rebuild(clients, RetryDeadline(10, print, pause=0.05), say, told=runs.append, poll=0.05)
    return runs


def reads(clients: Clients) -> str:
    """The build that queries read."""
    return (
        clients.indexes.get_alias(clients.settings.search_name_prefix)
        .indexes[0]
        .removeprefix(f"{clients.settings.search_name_prefix}-")
    )


def unclustered(values: list[Value]) -> Reply:
    answers = [answer(value) for value in values]
    for each in answers:
        each["data"] |= {"clusterId": -1, "label": []}
    return reply(answers)


def test_queries_read_the_old_build_until_the_new_one_is_full(clients: Clients, skill: SkillServer) -> None:
    seen: list[tuple[str, int]] = []

    def renamed(values: list[Value]) -> Reply:
        seen.append((reads(clients), len(found(clients, "open book"))))
        answers = [answer(value) for value in values]
        for each in answers:
            each["data"]["label"] = [f"new {name}" for name in each["data"]["label"]]
        return reply(answers)

    skill.answer = renamed
    told: list[str] = []
    runs = run_rebuild(clients, told)
    assert set(seen) == {("build-1", 3)}
    assert sum(run.processed for run in runs) == 9
    assert reads(clients) == "build-2"
    assert len(found(clients, "new open book")) == 3
    prefix = clients.settings.search_name_prefix
    assert told[-2] == (
        f"{prefix}-build-1 holds 9 pictures in 9 documents, 0% unclustered; "
        f"{prefix}-build-2 holds 9 pictures in 9 documents, 0% unclustered"
    )


def test_one_command_goes_back_and_another_deletes_the_rest(clients: Clients) -> None:
    prefix = clients.settings.search_name_prefix
    run_rebuild(clients)
    switch(clients, None, print)
    assert reads(clients) == "build-1"
    with pytest.raises(RebuildError, match=f"there is no build before {prefix}-build-1; there are {prefix}-build-1, "):
        switch(clients, None, print)
    run_rebuild(clients)
    assert reads(clients) == "build-3"
    switch(clients, f"{prefix}-build-2", print)
    told: list[str] = []
    prune(clients, told.append, wait=0)
    prune(clients, told.append, wait=0)
    assert told == [
        f"Deleted {prefix}-build-1, {prefix}-build-3",
        f"There is only {prefix}-build-2, which queries read",
    ]
    assert [name for name in clients.indexers.get_indexer_names() if name.startswith(prefix)] == [
        f"{prefix}-build-2-indexer"
    ]
    with Clients(clients.settings) as later:
        assert index(later).processed == 0
        assert len(found(later, "open book")) == 3


def test_a_changed_field_needs_no_other_name(skill: SkillServer, pictures: Path) -> None:
    simple = settings(skill.url, search_variant="simple")
    with deployed(simple, pictures):
        pass
    with Clients(simple.model_copy(update={"search_variant": "projections"})) as clients:
        run_rebuild(clients)
        assert {each["cluster_id"] for each in clients.documents.search("open book", search_mode="all")} == {0}


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (unclustered, "100% are unclustered, where 0% were"),
        (refused, "9 pictures are missing, book_shelf_0.jpg first; it is empty"),
    ],
)
def test_a_worse_build_is_refused_and_can_be_taken_all_the_same(
    broken: Any, words: str, clients: Clients, skill: SkillServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.search.skill.Skill.check", lambda *_: None)  # pyright: ignore[reportUnknownLambdaType]
    skill.answer = broken
    with pytest.raises(RebuildError, match=words):
        run_rebuild(clients)
    assert reads(clients) == "build-1"
    assert len(found(clients, "open book")) == 3
    switch(clients, builds(clients)[-1], print)
    assert reads(clients) == "build-2"


def test_a_picture_that_was_lost_from_the_old_build_before_is_not_missed(clients: Clients, skill: SkillServer) -> None:
    clients.images.get_blob_client("open_book_0.jpg").delete_blob()
    skill.answer = honest
    run_rebuild(clients)
    assert len(found(clients, "open book")) == 2


def test_an_index_without_an_alias_goes_on_working_and_is_told_how_to_change(
    skill: SkillServer, pictures: Path
) -> None:
    older = settings(skill.url)
    with Clients(older) as clients:
        definitions = render(older, older.search_name_prefix, secrets=True)
        clients.images.create_container()
        clients.indexers.create_or_update_data_source_connection(
            SearchIndexerDataSourceConnection(definitions.datasource)
        )
        clients.indexes.create_or_update_index(SearchIndex(definitions.index))
        clients.indexers.create_or_update_skillset(SearchIndexerSkillset(definitions.skillset))
        clients.indexers.create_or_update_indexer(SearchIndexer(definitions.indexer))
    with deployed(older, pictures) as clients:
        assert len(found(clients, "open book")) == 3
        assert clients.indexers.get_indexer(f"{older.search_name_prefix}-indexer").target_index_name == clients.index
        told: list[str] = []
        deploy(clients, RetryDeadline(0, print), told.append)
        assert any("has no alias" in line and "another SEARCH_NAME_PREFIX" in line for line in told)
        for command in (lambda: run_rebuild(clients), lambda: switch(clients, None, print)):
            with pytest.raises(RebuildError, match="has no alias: deploy under another SEARCH_NAME_PREFIX"):
                command()
        assert builds(clients) == []


def test_there_must_be_something_to_build_anew(skill: SkillServer) -> None:
    with Clients(settings(skill.url)) as clients:
        with pytest.raises(RebuildError, match="`deploy` comes first"):
            run_rebuild(clients)
        with pytest.raises(ResourceNotFoundError):
            clients.indexes.get_index(clients.index)
