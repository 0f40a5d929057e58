"""How the index stands: what it lacks and why, and who answered."""

from __future__ import annotations

from pathlib import Path

from infra.search.clients import Clients
from infra.search.pictures import mark_deleted, upload
from infra.search.status import read_status
from tests.local.search.deployments import deployed, draw, draw_groups, index, settings
from tests.local.search.skill_server import VERSION, SkillServer


def test_status_of_a_complete_index(clients: Clients) -> None:
    status = read_status(clients)
    assert status.run is not None
    assert status.run.status == "success"
    assert (status.missing, status.versions, status.current, status.older) == ([], {VERSION: 9}, VERSION, 0)


def test_missing_pictures_come_with_their_reason(clients: Clients, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "broken.jpg").write_bytes(b"no picture")
    upload(clients.images, folder)
    index(clients)
    index(clients)  # the broken one is tried again, and told again
    mark_deleted(clients.images, ["open_book_0.jpg"])
    draw(folder / "unread.jpg", "open_book")
    upload(clients.images, folder)
    missing = {finding.file_name: finding for finding in read_status(clients).missing}
    assert missing.keys() == {"broken.jpg", "unread.jpg"}
    assert "Could not extract content" in missing["broken.jpg"].what
    assert missing["unread.jpg"].what == "It has not been read yet"


def test_older_versions_are_counted(clients: Clients) -> None:
    documents = list(clients.documents.search("*", top=2))
    clients.documents.merge_documents([{"id": d["id"], "model_version": "older"} for d in documents])
    status = read_status(clients)
    assert status.versions == {VERSION: 7, "older": 2}
    assert status.older == 2


def test_without_a_skill_the_older_count_is_unknown(clients: Clients) -> None:
    for url in (None, "http://127.0.0.1:9/"):
        with Clients(clients.settings.model_copy(update={"skill_url": url})) as others:
            status = read_status(others)
        assert (status.current, status.older) == (None, None)


def test_the_simple_variant_keeps_no_versions(skill: SkillServer, tmp_path: Path) -> None:
    of = settings(skill.url, search_variant="simple")
    with deployed(of, draw_groups(tmp_path / "few", each=1)) as clients:
        status = read_status(clients)
    assert (status.missing, status.versions, status.older) == ([], None, None)
