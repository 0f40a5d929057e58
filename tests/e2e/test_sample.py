"""The sample pictures, the sample model and the sample request, through the running Function."""

import base64
import io
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image

from local.processes import RunningHost, start_host
from tests.conftest import PROJECT
from tests.documents import documented_answer

pytestmark = pytest.mark.xdist_group("sample host")

DATA = PROJECT / "data"
NAMES = {
    "book_shelf": ["book shelf", "library"],
    "closed_book": ["book cover", "closed book"],
    "open_book": ["open book", "double spread"],
    "odd": [],
}
TEST_PICTURES = sorted((DATA / "test").glob("*.jpg"))


@pytest.fixture(scope="module")
def host() -> Iterator[RunningHost]:
    # A machine that is busy with other tests may take longer over a request than Azure would wait.
    settings = {"MODEL_STORE": "models", "MODEL_NAME": "books", "KEY": "", "MAX_REQUEST_SECONDS": "300"}
    with start_host(PROJECT, env=settings) as running:
        yield running


def ask(host: RunningHost, *data: object) -> list[dict[str, object]]:
    values = [{"recordId": str(number), "data": each} for number, each in enumerate(data)]
    response = httpx.post(f"{host.url}/api/extraction", json={"values": values}, timeout=300)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("application/json")
    return response.json()["values"]


def image(content: bytes) -> dict[str, str]:
    return {"data": base64.b64encode(content).decode()}


def converted(mode: str, format: str) -> bytes:
    buffer = io.BytesIO()
    with Image.open(DATA / "test" / "open_book_01.jpg") as opened:
        opened.convert(mode).save(buffer, format)
    return buffer.getvalue()


def test_the_sample_request_is_answered_as_documented(host: RunningHost) -> None:
    response = httpx.post(
        f"{host.url}/api/extraction", content=(DATA / "sample_request.json").read_bytes(), timeout=300
    )
    answer, documented = response.json(), documented_answer()
    found, expected = answer["values"][0]["data"], documented["values"][0]["data"]  # pyright: ignore
    assert found["label"] == ["open book", "double spread"]
    for number in ("distance", "confidence"):  # may differ in the last digits from one kind of machine to another
        assert found.pop(number) == pytest.approx(expected.pop(number), abs=1e-3)
    assert answer == documented


def test_every_test_picture_gets_its_names_and_odd_ones_none(host: RunningHost) -> None:
    answers = ask(host, *({"images": image(path.read_bytes())} for path in TEST_PICTURES))
    found = {path.name: answer["data"]["label"] for path, answer in zip(TEST_PICTURES, answers, strict=True)}  # pyright: ignore
    assert found == {name: NAMES[name.rpartition("_")[0]] for name in found}
    assert len([name for name in found if not name.startswith("odd")]) == 12


def test_a_batch_of_mixed_records(host: RunningHost) -> None:
    good = (DATA / "test" / "open_book_01.jpg").read_bytes()
    answers = ask(
        host,
        {"images": image(good)},
        {"images": image(converted("L", "JPEG"))},
        {"images": image(converted("P", "PNG"))},
        {"images": image(converted("RGBA", "PNG"))},
        {"images": image(converted("CMYK", "JPEG"))},
        {"images": "this is not base64!"},
        {"images": image(b"this is not a picture")},
        {},
    )
    assert [answer["recordId"] for answer in answers] == [str(number) for number in range(8)]
    assert [bool(answer["errors"]) for answer in answers] == [False] * 5 + [True] * 3
    assert [answer["data"] for answer in answers[5:]] == [{}] * 3
    assert [answer["data"]["label"] for answer in answers[:5]] == [["open book", "double spread"]] * 5  # pyright: ignore
