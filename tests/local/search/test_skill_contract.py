"""Every way to break the contract is caught, and named in the service's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.search.skill_contract import Answer, InvalidAnswerError, read_answer

JSON = "application/json"


def value(record_id: str = "0", **changed: Any) -> dict[str, Any]:
    whole = {"recordId": record_id, "data": {"label": ["a"]}, "errors": [], "warnings": []} | changed
    return {name: each for name, each in whole.items() if each is not ...}


def read(*values: Any, content_type: str = JSON, asked: tuple[str, ...] = ("0",)) -> dict[str, Answer]:
    return read_answer(content_type, json.dumps({"values": values}).encode(), asked)


def test_a_right_answer_is_read() -> None:
    answers = read(
        value("1", data={}, errors=[{"message": "no picture"}], warnings=None),
        value("0", warnings=[{"message": "small"}], errors=None),
        asked=("0", "1"),
    )
    assert answers["0"] == Answer({"label": ["a"]}, (), ("small",))
    assert answers["1"] == Answer({}, ("no picture",), ())


def test_a_content_type_may_have_parameters() -> None:
    assert read(value(), content_type="application/json; charset=utf-8")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([value(recordId=...)], "without a record id"),
        ([value(recordId=0)], "without a record id"),
        (["text"], "without a record id"),
        ([value(), value()], "contains the record id '0' 2 times"),
        ([value(), value("r1")], "invalid id 'r1'"),
        ([], "does not contain a record with the id '0'"),
        ([value(data=...)], "no object 'data'"),
        ([value(data=[])], "no object 'data'"),
        ([value(errors=...)], "no 'errors'"),
        ([value(warnings=...)], "no 'warnings'"),
        ([value(errors="")], "'errors' that are no list"),
        ([value(errors=["broken"], data={})], "'errors' that are no objects with a message"),
        ([value(errors=[{"text": "broken"}], data={})], "'errors' that are no objects with a message"),
        ([value(warnings=["small"])], "'warnings' that are no objects with a message"),
        ([value(errors=[{"message": "broken"}])], "contains both data and errors. Will not process Data.;broken"),
        ([value(extra=1)], "unknown properties ['extra']"),
    ],
)
def test_a_wrong_record_is_refused(values: list[Any], words: str) -> None:
    with pytest.raises(InvalidAnswerError) as caught:
        read(*values)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("content_type", "body", "words"),
    [
        ("text/plain", b'{"values": []}', "invalid content type 'text/plain'. Expected 'application/json'"),
        ("", b'{"values": []}', "invalid content type ''"),
        (JSON, b"<html>", "is not JSON"),
        (JSON, b"[]", "no list 'values'"),
        (JSON, b'{"values": {}}', "no list 'values'"),
    ],
)
def test_a_wrong_response_is_refused(content_type: str, body: bytes, words: str) -> None:
    with pytest.raises(InvalidAnswerError) as caught:
        read_answer(content_type, body, ["0"])
    assert words in str(caught.value)
