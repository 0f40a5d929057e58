"""A skillset: the order of skills, missing inputs, and what is written down instead of Computer Vision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.search import computer_vision
from local.search.enrichment import Enriched
from local.search.skills import Skillset, in_order
from tests.conftest import PROJECT
from tests.local.search.skill_server import Reply, Value, reply, serve_skill

RECORD: dict[str, Any] = json.loads(Path(computer_vision.__file__).with_suffix(".json").read_text())
IMAGES = "/document/normalized_images/*"


def web_api(name: str, url: str, inputs: dict[str, str], output: str) -> dict[str, Any]:
    return {
        "@odata.type": "#Microsoft.Skills.Custom.WebApiSkill",
        "name": name,
        "uri": url,
        "context": IMAGES,
        "inputs": [{"name": key, "source": source} for key, source in inputs.items()],
        "outputs": [{"name": output}],
    }


def vision() -> dict[str, Any]:
    return {
        "@odata.type": computer_vision.ODATA_TYPE,
        "name": "vision",
        "context": IMAGES,
        "inputs": [{"name": "image", "source": IMAGES}],
        "outputs": [{"name": "tags", "targetName": "imageTags"}, {"name": "description", "targetName": "caption"}],
    }


def picture(name: str, count: int = 1) -> tuple[str, Enriched]:
    images = [{"data": str(number)} for number in range(count)]
    return f"http://host/{name}", Enriched({"metadata_storage_name": name, "normalized_images": images})


class Told:
    """What a skillset tells."""

    def __init__(self) -> None:
        self.errors: list[tuple[int, str, str, str]] = []
        self.warnings: list[tuple[int, str, str, str]] = []

    def error(self, at: int, name: str, message: str, details: str) -> None:
        self.errors.append((at, name, message, details))

    def warn(self, at: int, name: str, message: str, details: str) -> None:
        self.warnings.append((at, name, message, details))


def enrich(skills: list[dict[str, Any]], *documents: tuple[str, Enriched]) -> Told:
    told = Told()
    Skillset({"skills": skills}).enrich(documents, error=told.error, warn=told.warn)
    return told


def test_skills_come_after_those_they_read() -> None:
    last = web_api("last", "u", {"x": f"{IMAGES}/b/deeper"}, "c")
    middle = web_api("middle", "u", {"x": f"{IMAGES}/a"}, "b")
    first = web_api("first", "u", {"x": IMAGES}, "a")
    assert [skill["name"] for skill in in_order([last, middle, first])] == ["first", "middle", "last"]
    with pytest.raises(ValueError, match="circle"):
        in_order([web_api("one", "u", {"x": f"{IMAGES}/b"}, "a"), middle])


def test_records_of_all_documents_go_together_and_errors_stay_with_theirs() -> None:
    def fail_one(values: list[Value]) -> Reply:
        answers: list[Value] = []
        for value in values:
            bad = value["data"]["image"]["data"] == "1"
            errors = [{"message": "it is odd"}] if bad else []
            data = {} if bad else {"label": [value["data"]["image"]["data"]]}
            answers.append({"recordId": value["recordId"], "data": data, "errors": errors, "warnings": None})
        return reply(answers)

    with serve_skill(fail_one) as server:
        first, second = picture("a.jpg"), picture("b.pdf", 2)
        told = enrich([web_api("s", server.url, {"image": IMAGES}, "label")], first, second)
    assert [len(request) for request in server.requests] == [3]
    assert [(at, name, details) for at, name, _, details in told.errors] == [
        (1, "Enrichment.WebApiSkill.s", "it is odd")
    ]
    assert first[1].value(f"{IMAGES}/label") == [["0"]]


def test_a_document_that_failed_is_left_out_of_what_follows() -> None:
    with serve_skill(lambda _: Reply(b"", 500)) as bad, serve_skill(lambda _: reply([])) as other:
        skills = [
            web_api("one", bad.url, {"image": IMAGES}, "a"),
            web_api("two", other.url, {"x": f"{IMAGES}/a"}, "b"),
        ]
        told = enrich(skills, picture("a.jpg"))
    assert len(told.errors) == 1
    assert other.requests == []


def test_a_missing_input_is_a_warning() -> None:
    def echo(values: list[Value]) -> Reply:
        return reply([{"recordId": v["recordId"], "data": {}, "errors": None, "warnings": None} for v in values])

    with serve_skill(echo) as server:
        skill = web_api("s", server.url, {"image": IMAGES, "category": f"{IMAGES}/category"}, "label")
        told = enrich([skill], picture("a.jpg"))
    assert server.requests[0][0]["data"].keys() == {"image"}
    assert [details for *_, details in told.warnings] == [
        "Missing or empty input 'category'. Missing value '/document/normalized_images/0/category'."
    ]


def test_documents_without_pictures_call_no_skill() -> None:
    with serve_skill() as server:
        enrich([web_api("s", server.url, {"image": IMAGES}, "label")], picture("a.txt", 0))
    assert server.requests == []


def test_answers_with_the_recorded_analysis() -> None:
    known, unknown = picture(next(iter(RECORD["pictures"]))), picture("never seen")
    told = enrich([vision()], known, unknown)
    assert known[1].value(f"{IMAGES}/imageTags/*/name")
    assert known[1].value(f"{IMAGES}/caption/captions/*/text")
    assert unknown[1].value(f"{IMAGES}/imageTags/*/name") == []
    assert [at for at, *_ in told.warnings] == [1]


def test_the_record_is_of_the_sample_pictures_and_says_what_it_is() -> None:
    assert "these are not Computer Vision's own answers" in RECORD["about"]
    assert RECORD["pictures"].keys() == {path.name for path in (PROJECT / "data" / "test").glob("*.jpg")}
