"""The page's addresses: what goes out, and what becomes of what comes in."""

import io
import json
from pathlib import Path
from shutil import copyfile

import httpx
import pytest
from PIL import Image

from shared.model.bundle import LABELS, MANIFEST, Labels, read_bundle, write_labels
from shared.model.words import WORDS, write_words
from tests.conftest import encode
from tests.training.galleries import CHOICE, HOSTILE, draw, open_plainly, propose_stars
from tests.training.page.pages import served
from training.page.report_keeper import ReportKeeper
from training.page.view import StateView
from training.report.cache import ReportCache, write_cache

CUPS = 2


def state(client: httpx.Client) -> StateView:
    return client.get("/api/state").raise_for_status().json()["state"]


def change(client: httpx.Client, **edit: object) -> dict[str, object]:
    headers = {"If-Match": f'"{state(client)["digest"]}"'}
    return client.post("/api/change", json=edit, headers=headers).raise_for_status().json()


def test_the_state_holds_groups_pictures_and_what_is_in_none(client: httpx.Client, folder: Path) -> None:
    names: list[str] = client.get("/api/names").json()
    assert HOSTILE in names
    found = state(client)
    assert found["model"] == "shapes"
    assert [group["id"] for group in found["groups"]] == [0, 1, 2]
    boats = found["groups"][0]
    assert {names[item["picture"]] for item in boats["pictures"]} == {HOSTILE, "boat1.png", "boat2.png", "boat3.png"}
    assert {item["mark"] for item in boats["pictures"]} == {"core"}
    (odd,) = found["unclustered"]
    assert names[odd["picture"]] == "odd.png"
    assert odd["distance"] is not None
    assert odd["distance"] > 0.15


def test_pictures_that_are_there_twice_are_told_of(client: httpx.Client, folder: Path) -> None:
    assert client.get("/api/stacks").json() == []
    pictures = folder.parents[1] / "pictures"
    copyfile(pictures / "apple0.png", pictures / "apple0 again.png")
    with served(open_plainly(folder)) as page, page.client(enters=True) as other:
        names: list[str] = other.get("/api/names").json()
        ((same,),) = other.get("/api/stacks").json()
        assert [names[picture] for picture in same] == ["apple0 again.png", "apple0.png"]


@pytest.mark.parametrize("weak", [False, True])
def test_the_state_tells_of_groups_that_hardly_set_themselves_apart(folder: Path, weak: bool) -> None:
    choice = CHOICE.model_copy(update={"weak": weak})
    write_cache(folder, ReportCache(version=read_bundle(folder).manifest.version, choices=(choice,)))
    with served(open_plainly(folder)) as page, page.client(enters=True) as client:
        assert state(client)["weak"] == weak


def test_nothing_new_is_not_sent_again(client: httpx.Client) -> None:
    etag = client.get("/api/state").headers["etag"]
    assert client.get("/api/state", headers={"If-None-Match": etag}).status_code == 304
    change(client, op="name", group=0, add=["boat"])
    assert client.get("/api/state", headers={"If-None-Match": etag}).status_code == 200


def test_a_change_is_made_said_and_saved(client: httpx.Client, folder: Path) -> None:
    answer = change(client, op="name", group=0, add=["boat", HOSTILE])
    assert answer["message"] == f"Group 0 named “boat, {HOSTILE}”"
    assert answer["concurrent_change"] is False
    assert read_bundle(folder).labels.labels == {0: ("boat", HOSTILE)}
    undone = client.post("/api/undo", headers={"If-Match": state(client)["digest"]})
    assert undone.json()["state"]["redo"] == answer["message"]
    assert read_bundle(folder).labels.labels == {}
    client.post("/api/redo", headers={"If-Match": state(client)["digest"]}).raise_for_status()
    assert read_bundle(folder).labels.labels == {0: ("boat", HOSTILE)}


def test_a_concurrent_change_is_reported(client: httpx.Client, folder: Path) -> None:
    seen = state(client)["digest"]
    write_labels(folder, Labels(labels={1: ("apple",)}))
    answer = client.post("/api/change", json={"op": "name", "group": 0, "add": ["boat"]}, headers={"If-Match": seen})
    assert answer.json()["concurrent_change"] is True
    assert read_bundle(folder).labels.labels == {0: ("boat",), 1: ("apple",)}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"op": "name"}', 400),
        (b'{"op": "format the disk"}', 400),
        (b'{"op": "mark", "group": 0, "not_group": true, "more": 1}', 400),
        (b'{"op": "split", "group": 0, "parts": 7}', 400),
        (b'{"op": "name", "group": 99, "add": ["x"]}', 409),
        (b'{"op": "remove", "pictures": [99]}', 409),
        (b" " * 1_100_000, 413),
    ],
)
def test_what_can_not_be_done_is_refused_in_words(client: httpx.Client, folder: Path, body: bytes, status: int) -> None:
    before = (folder / LABELS).read_bytes()
    answer = client.post("/api/change", content=body)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert (folder / LABELS).read_bytes() == before


def test_a_disk_that_refuses_is_told(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path, labels: Labels) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.page.document.write_labels", refuse)
    answer = client.post("/api/change", json={"op": "name", "group": 0, "add": ["boat"]})
    assert answer.status_code == 500
    assert answer.json()["error"] == "[Errno 28] No space left on device: nothing was saved"
    assert state(client)["groups"][0]["names"] == []


def test_options_for_a_split_are_shown_before_one_is_kept(client: httpx.Client, folder: Path) -> None:
    found = client.get(f"/api/splits/{CUPS}").json()
    names: list[str] = client.get("/api/names").json()
    parts = found["options"][0]["parts"]
    assert [{names[picture][:3] for picture in part} for part in parts] == [{"cup"}, {"mug"}]
    assert found["options"][0]["suggested"] == [["cup"], ["mug"]]
    assert read_bundle(folder).labels.edits.core == {}
    change(client, op="split", group=CUPS, parts=2)
    kept = {group["id"]: [item["picture"] for item in group["pictures"]] for group in state(client)["groups"]}
    assert [sorted(kept[3]), sorted(kept[4])] == [sorted(part) for part in parts]
    assert client.get("/api/splits/99").status_code == 409


def test_proposals_are_of_the_state_that_they_were_made_for(client: httpx.Client) -> None:
    found = client.get("/api/proposals").json()
    assert found["digest"] == state(client)["digest"]


def test_the_order_and_the_likely_groups_of_pictures_are_told(client: httpx.Client) -> None:
    names: list[str] = client.get("/api/names").json()
    apple = names.index("apple0.png")
    change(client, op="move", pictures=[apple], group=2)
    assert client.get("/api/order?group=2").json()["pictures"][-1] == apple
    assert client.get(f"/api/targets?pictures={apple}").json()["groups"][0] == 1
    assert client.get("/api/order").status_code == 400
    assert client.get("/api/targets?pictures=one").status_code == 400


def test_a_tried_picture_gets_the_answer_of_the_function(client: httpx.Client) -> None:
    change(client, op="name", group=1, add=["apple"])
    found = client.post("/api/try", content=encode(draw(1, 99), "JPEG", quality=95)).json()
    assert (found["group"], found["names"], found["suggested"]) == (1, ["apple"], [])
    assert 0 < found["distance"] < found["eps"] == 0.15
    assert 0 < found["confidence"] < 1
    names: list[str] = client.get("/api/names").json()
    assert {names[item["picture"]][:5] for item in found["alike"][:5]} == {"apple"}
    assert [item["distance"] for item in found["alike"]] == sorted(item["distance"] for item in found["alike"])


def test_a_tried_picture_counts_in_the_category_it_is_said_to_be_of(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | {"categories": {"water": [0], "kitchen": [1, 2]}}))
    with served(open_plainly(folder)) as page, page.client(enters=True) as client:
        assert state(client)["categories"] == ["water", "kitchen"]
        tried = {
            category: client.post(f"/api/try?{category}", content=encode(draw(1, 99))).json()["group"]
            for category in ("", "category=kitchen", "category=water")
        }
    assert tried == {"": 1, "category=kitchen": 1, "category=water": -1}


def test_a_tried_picture_may_be_in_no_group(client: httpx.Client) -> None:
    found = client.post("/api/try", content=encode(draw(33, 0))).json()
    assert (found["group"], found["names"], found["confidence"]) == (-1, [], 0)
    assert found["distance"] > found["eps"]


def test_with_no_group_left_there_is_nothing_to_compare_with(client: httpx.Client) -> None:
    for group in (0, 1, 2):
        change(client, op="mark", group=group, not_group=True)
    found = client.post("/api/try", content=encode(draw(1, 0))).json()
    assert (found["group"], found["distance"], found["eps"]) == (-1, None, None)
    assert [item["distance"] for item in state(client)["unclustered"]] == [None]


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_what_is_no_picture_can_not_be_tried(client: httpx.Client, content: bytes) -> None:
    answer = client.post("/api/try", content=content)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("it is ")


def test_an_upload_has_a_limit(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.page.app._MAX_PICTURE_BYTES", 1000)
    assert client.post("/api/try", content=b"x" * 1001).status_code == 413


@pytest.mark.parametrize("size", ["tiny", "small", "large"])
def test_pictures_are_sent_encoded_anew(client: httpx.Client, size: str) -> None:
    answer = client.get(f"/picture/0/{size}")
    assert answer.headers["content-type"] == "image/webp"
    picture = Image.open(io.BytesIO(answer.content))
    assert (picture.format, picture.size) == ("WEBP", (96, 72))


def test_a_picture_is_sent_again_only_when_it_changed(client: httpx.Client, folder: Path) -> None:
    etag = client.get("/picture/1/small").headers["etag"]
    assert client.get("/picture/1/small", headers={"If-None-Match": etag}).status_code == 304
    assert client.get("/picture/2/small", headers={"If-None-Match": etag}).status_code == 200
    draw(5, 0).resize((40, 30)).save(folder.parents[1] / "pictures" / "apple0.png")
    assert client.get("/picture/1/small", headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("address", ["/picture/99/small", "/picture/-1/small", "/picture/0/huge", "/static/../app.py"])
def test_what_is_not_there_is_not_found(client: httpx.Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_picture_that_is_gone_is_said_to_be(client: httpx.Client, folder: Path) -> None:
    (folder.parents[1] / "pictures" / "apple0.png").unlink()
    answer = client.get("/picture/1/small")
    assert answer.status_code == 422
    assert "can't be opened" in answer.json()["error"]


def test_the_report_shows_the_name_just_given(client: httpx.Client) -> None:
    change(client, op="name", group=0, add=["ferry"])
    answer = client.get("/report")
    assert answer.headers["content-type"].startswith("text/html")
    assert "ferry" in answer.text


def test_a_report_that_takes_long_is_asked_for_again(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_long(self: ReportKeeper, seconds: float) -> bool:
        return False

    monkeypatch.setattr(ReportKeeper, "wait", too_long)
    answer = client.get("/report")
    assert answer.status_code == 503
    assert "reload" in answer.json()["error"]


def test_trouble_with_the_report_is_part_of_the_state(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.report.writer.write_atomically", refuse)
    etag = client.get("/api/state").headers["etag"]
    change(client, op="name", group=0, add=["boat"])
    client.get("/report")
    assert state(client)["problem"] == "report.html could not be written: No space left on device"
    assert client.get("/api/state").headers["etag"] != etag


def test_new_pictures_and_removed_ones_are_marked(client: httpx.Client, folder: Path) -> None:
    change(client, op="remove", pictures=[1])
    assert [group["out"] for group in state(client)["groups"]][1][0]["mark"] == "out"
    draw(1, 77).save(folder.parents[1] / "pictures" / "zebra.png")
    with served(open_plainly(folder)) as page, page.client(enters=True) as later:
        found = state(later)
        names: list[str] = later.get("/api/names").json()
    apples = found["groups"][1]
    marks = {names[item["picture"]]: item["mark"] for item in apples["pictures"]}
    assert [names[item["picture"]] for item in apples["out"]] == ["apple0.png"]
    assert [item["mark"] for item in found["unclustered"] if names[item["picture"]] == "apple0.png"] == ["out"]
    assert "apple0.png" not in marks
    assert marks["zebra.png"] == "new"
    assert marks["apple1.png"] == "core"


class TestSuggestions:
    def test_names_come_from_what_the_files_are_called(self, client: httpx.Client) -> None:
        assert client.get("/api/suggestions").json() == {"words": {"0": ["boat"], "1": ["apple"], "2": ["cup", "mug"]}}

    def test_what_a_group_is_called_is_not_suggested_again(self, client: httpx.Client) -> None:
        change(client, op="name", group=2, add=["Mug"])
        assert client.get("/api/suggestions").json()["words"]["2"] == ["cup"]

    def test_names_come_from_an_index_too(self, folder: Path) -> None:
        write_words(folder, {f"apple{copy}.png": ["ripe fruit"] for copy in range(5)})
        with served(open_plainly(folder)) as page, page.client(enters=True) as client:
            assert client.get("/api/suggestions").json()["words"]["1"] == ["ripe fruit", "apple"]

    def test_a_proposed_group_gets_some_too(self, folder: Path) -> None:
        propose_stars(folder)
        with served(open_plainly(folder)) as page, page.client(enters=True) as client:
            assert client.get("/api/suggestions").json()["words"]["3"] == ["star"]

    def test_words_that_can_t_be_read_are_named(self, folder: Path) -> None:
        (folder / WORDS).write_text("[]")
        with served(open_plainly(folder)) as page, page.client(enters=True) as client:
            answer = client.get("/api/suggestions")
        assert answer.status_code == 409
        assert WORDS in answer.json()["error"]
