"""The indexer's runs: what is read, what fails and how it is told, what is read again."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from infra.search.clients import Clients
from infra.search.pictures import mark_deleted, upload
from infra.search.runs import Run
from tests.local.search.deployments import deployed, draw, draw_groups, found, index, settings
from tests.local.search.skill_server import Reply, SkillServer, Value, answer, honest, reply, serve_skill

type Bad = Callable[[list[Value]], Reply]


@pytest.fixture
def skill() -> Generator[SkillServer]:
    with serve_skill() as server:
        yield server


@pytest.fixture
def clients(skill: SkillServer, tmp_path: Path) -> Generator[Clients]:
    with deployed(settings(skill.url, search_vector=True), draw_groups(tmp_path / "pictures")) as open_clients:
        yield open_clients


def documents(clients: Clients) -> dict[str, dict[str, Any]]:
    return {document["file_name"]: dict(document) for document in clients.documents.search("*", top=1000)}


def test_every_field_is_filled(clients: Clients) -> None:
    document = documents(clients)["open_book_0.jpg"]
    blob = clients.images.get_blob_client("open_book_0.jpg")
    assert document["url"] == blob.url
    assert document["size"] == blob.get_blob_properties().size
    assert document["last_modified"].startswith(f"{blob.get_blob_properties().last_modified:%Y-%m-%dT%H:%M:%S}")
    assert document["page_number"] == 0
    assert document["content"] == ""
    assert document["label"] == ["open book", "double spread"]
    assert document["suggested_label"] == []
    assert document["cluster_id"] == 0
    assert document["distance"] == 0.1
    assert document["model_version"] == "0123456789ab-abcdef"
    assert len(document["vector"]) == 512
    assert document["id"].endswith(f"_{document['parent_id']}_normalized_images_0")


def test_unchanged_pictures_are_not_read_again(clients: Clients, skill: SkillServer) -> None:
    skill.requests.clear()
    assert index(clients).processed == 0
    assert skill.requests == []


def test_new_changed_and_removed_pictures(clients: Clients, skill: SkillServer, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    draw(folder / "sub" / "new.jpg", "open_book")
    draw(folder / "closed_book_0.jpg", "book_shelf")
    upload(clients.images, folder)
    mark_deleted(clients.images, ["open_book_0.jpg"])
    skill.requests.clear()
    run = index(clients)
    assert (run.processed, run.failed) == (3, 0)
    assert sum(map(len, skill.requests)) == 2
    assert found(clients, "open book") == ["new.jpg", "open_book_1.jpg", "open_book_2.jpg"]
    assert "closed_book_0.jpg" in found(clients, "shelf")
    assert "closed_book_0.jpg" not in found(clients, "closed")


def test_keys_change_with_the_picture_and_leave_nothing_behind(clients: Clients, tmp_path: Path) -> None:
    before = documents(clients)
    draw(tmp_path / "again" / "open_book_0.jpg", "open_book", shade=30)
    upload(clients.images, tmp_path / "again")
    index(clients)
    after = documents(clients)
    assert after["open_book_0.jpg"]["id"] != before["open_book_0.jpg"]["id"]
    assert after["open_book_0.jpg"]["parent_id"] == before["open_book_0.jpg"]["parent_id"]
    assert len(after) == len(before)


def test_a_broken_picture_is_reported_and_loses_nothing_else(clients: Clients, tmp_path: Path) -> None:
    whole = (tmp_path / "pictures" / "open_book_0.jpg").read_bytes()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "cut.jpg").write_bytes(whole[:200])
    (tmp_path / "broken" / "none.png").write_bytes(b"no picture")
    draw(tmp_path / "broken" / "fine.jpg", "book_shelf")
    upload(clients.images, tmp_path / "broken")
    run = index(clients)
    assert sorted(finding.file_name for finding in run.findings) == ["cut.jpg", "none.png"]
    assert "fine.jpg" in found(clients, "shelf")
    assert len(documents(clients)) == 10


def test_other_files_are_reported_and_give_no_picture(clients: Clients) -> None:
    clients.images.upload_blob("film.mp4", b"\0\0\0")
    run = index(clients)
    assert [finding.file_name for finding in run.findings] == ["film.mp4"]
    assert "unsupported content type" in run.findings[0].details
    assert len(documents(clients)) == 9


def test_a_turned_picture_arrives_upright(clients: Clients, skill: SkillServer) -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (80, 60), "red").save(buffer, "JPEG", exif=exif)
    clients.images.upload_blob("turned.jpg", buffer.getvalue())
    skill.requests.clear()
    index(clients)
    image = skill.requests[0][0]["data"]["images"]
    assert (image["width"], image["height"]) == (60, 80)
    assert (image["originalWidth"], image["originalHeight"]) == (80, 60)
    assert image["rotationFromOriginal"] == 270


def test_after_a_reset_everything_is_read(clients: Clients, skill: SkillServer) -> None:
    clients.indexers.reset_indexer(f"{clients.index}-indexer")
    skill.requests.clear()
    assert index(clients).processed == 9
    assert sum(map(len, skill.requests)) == 9


def test_calls_keep_to_the_definition(skill: SkillServer, tmp_path: Path) -> None:
    with deployed(settings(skill.url, skill_key="secret"), draw_groups(tmp_path, each=6)):
        by_indexer = skill.requests[1:]  # the first one is deploy's own
    assert [len(request) for request in by_indexer] == [3] * 6
    assert skill.most_running <= 5
    assert {headers.get("ocp-apim-subscription-key") for headers in skill.headers} == {"secret"}


def _changed(values: list[Value], change: Callable[[dict[str, Any]], object]) -> Reply:
    answers = [answer(value) for value in values]
    change(answers[0])
    return reply(answers)


BAD: dict[str, Bad] = {
    "a missing recordId": lambda values: _changed(values, lambda first: first.pop("recordId")),
    "a duplicate recordId": lambda values: reply([answer(values[0])] * 2 + [answer(value) for value in values[1:]]),
    "a record too few": lambda values: reply([answer(value) for value in values[1:]]),
    "a record too many": lambda values: reply(
        [answer(value) for value in values] + [answer(values[0] | {"recordId": "x"})]
    ),
    "data beside errors": lambda values: _changed(values, lambda first: first["errors"].append({"message": "no"})),
    "errors that are text": lambda values: _changed(values, lambda first: first.update(errors="")),
    "errors that are no objects": lambda values: _changed(values, lambda first: first.update(data={}, errors=["no"])),
    "a wrong content type": lambda values: Reply(honest(values).body, content_type="text/plain"),
    "no JSON": lambda values: Reply(b"<html>sorry</html>"),
    "a server error": lambda values: Reply(b'{"error": "oh"}', 500),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_skill_is_an_indexer_error(name: str, clients: Clients, skill: SkillServer, tmp_path: Path) -> None:
    draw(tmp_path / "more" / "new.jpg", "open_book")
    upload(clients.images, tmp_path / "more")
    skill.answer = BAD[name]
    run = index(clients)
    assert run.status == "success"  # failed items are tolerated
    assert (run.processed, run.failed) == (1, 1)
    (finding,) = run.findings
    assert finding.is_error
    assert finding.file_name == "new.jpg"
    assert finding.what.startswith("Could not execute skill because ")
    assert finding.details
    assert "new.jpg" not in documents(clients)
    assert len(documents(clients)) == 9


def test_a_document_that_failed_keeps_what_it_had_and_is_not_tried_by_itself(
    clients: Clients, skill: SkillServer, tmp_path: Path
) -> None:
    draw(tmp_path / "more" / "open_book_0.jpg", "book_shelf")
    time.sleep(1.1)  # Last-Modified has whole seconds
    upload(clients.images, tmp_path / "more")
    skill.answer = BAD["a server error"]
    assert index(clients).failed == 1
    assert "open_book_0.jpg" in found(clients, "open")
    skill.answer = honest
    assert index(clients, retry=False).processed == 0
    assert index(clients).processed == 1  # the index holds it as it was, which a retry looks for
    assert "open_book_0.jpg" in found(clients, "shelf")


def test_a_retry_reads_what_failed(clients: Clients, skill: SkillServer, tmp_path: Path) -> None:
    draw(tmp_path / "more" / "new.jpg", "book_shelf")
    draw(tmp_path / "more" / "open_book_0.jpg", "book_shelf")
    upload(clients.images, tmp_path / "more")
    skill.answer = BAD["a server error"]
    assert index(clients).failed == 2
    skill.answer = honest
    assert index(clients).processed == 2
    assert {"new.jpg", "open_book_0.jpg"} <= set(found(clients, "shelf"))


def test_too_many_failures_end_a_run_where_they_are_not_tolerated(
    clients: Clients, skill: SkillServer, tmp_path: Path
) -> None:
    name = f"{clients.index}-indexer"
    indexer = clients.indexers.get_indexer(name)
    assert indexer.parameters is not None
    indexer.parameters.max_failed_items = 0
    clients.indexers.create_or_update_indexer(indexer)
    draw(tmp_path / "more" / "new.jpg", "open_book")
    upload(clients.images, tmp_path / "more")
    skill.answer = BAD["a server error"]
    runs: list[Run] = []
    with pytest.raises(ValueError, match="more than maxFailedItems"):
        runs.append(index(clients))


def test_a_skill_that_warns(clients: Clients, skill: SkillServer, tmp_path: Path) -> None:
    def warning(values: list[Value]) -> Reply:
        return reply([answer(value) | {"warnings": [{"message": "it is very dark"}]} for value in values])

    draw(tmp_path / "more" / "dark.jpg", "open_book")
    upload(clients.images, tmp_path / "more")
    skill.answer = warning
    run = index(clients)
    assert [(finding.is_error, finding.details) for finding in run.findings] == [(False, "it is very dark")]
    assert "dark.jpg" in found(clients, "open")


def test_a_value_of_the_wrong_type_is_an_indexer_error(clients: Clients, skill: SkillServer, tmp_path: Path) -> None:
    draw(tmp_path / "more" / "new.jpg", "open_book")
    upload(clients.images, tmp_path / "more")
    skill.answer = lambda values: _changed(values, lambda first: first["data"].update(label="open book"))
    (finding,) = index(clients).findings
    assert finding.what == "Could not index document because some of the document's data was not valid."
    assert "'label'" in finding.details


def test_an_output_that_is_not_answered_is_a_warning(clients: Clients, skill: SkillServer, tmp_path: Path) -> None:
    draw(tmp_path / "more" / "new.jpg", "open_book")
    upload(clients.images, tmp_path / "more")
    skill.answer = lambda values: _changed(values, lambda first: first["data"].pop("distance"))
    (finding,) = index(clients).findings
    assert "Could not map output field 'distance'" in finding.what
    assert json.dumps(documents(clients)["new.jpg"]["distance"]) == "null"


def test_storage_that_does_not_answer_fails_the_run(skill: SkillServer, tmp_path: Path) -> None:
    with deployed(settings(skill.url), draw_groups(tmp_path, each=1)) as clients:
        source = clients.indexers.get_data_source_connection(f"{clients.settings.search_name_prefix}-datasource")
        source.container.name = "gone"
        source.credentials.connection_string = clients.settings.need("storage_connection")
        clients.indexers.create_or_update_data_source_connection(source)
        with pytest.raises(ValueError, match="data source could not be read"):
            index(clients, retry=False)


def test_the_simple_variant_keeps_a_document_per_blob(skill: SkillServer, tmp_path: Path) -> None:
    with deployed(settings(skill.url, search_variant="simple"), draw_groups(tmp_path / "a", each=2)) as clients:
        document = documents(clients)["closed_book_0.jpg"]
        assert document["label"] == ["closed book", "book cover"]
        assert document["url"].endswith("/closed_book_0.jpg")
        assert document["size"] > 0
        mark_deleted(clients.images, ["closed_book_0.jpg"])
        draw(tmp_path / "b" / "open_book_0.jpg", "book_shelf")
        upload(clients.images, tmp_path / "b")
        index(clients)
        assert found(clients, "closed") == ["closed_book_1.jpg"]
        assert found(clients, "open") == ["open_book_1.jpg"]


def test_a_classifier_ahead_supplies_the_category(tmp_path: Path) -> None:
    def classify(values: list[Value]) -> Reply:
        data = {"category": "books"}
        return reply([{"recordId": v["recordId"], "data": data, "errors": [], "warnings": []} for v in values])

    with serve_skill() as skill, serve_skill(classify) as classifier:
        of = settings(skill.url, classifier_url=classifier.url)
        with deployed(of, draw_groups(tmp_path, each=1)) as clients:
            assert {document["category"] for document in documents(clients).values()} == {"books"}
    by_indexer = [value["data"] for request in skill.requests[1:] for value in request]
    assert {data["category"] for data in by_indexer} == {"books"}
