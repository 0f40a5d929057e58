import base64
import json
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.serving.contract import (
    Answer,
    Record,
    RecordError,
    RequestError,
    decode_base64,
    parse_request,
    render_response,
)


def parse(value: object, max_records: int = 100) -> list[Record]:
    return parse_request(json.dumps(value).encode(), max_records=max_records)


def one(data: object) -> Record:
    (record,) = parse({"values": [{"recordId": "a", "data": data}]})
    return record


def test_normalized_image_needs_only_its_data() -> None:
    assert one({"images": {"$type": "file", "data": "QUJD", "width": 3, "url": "https://x"}}) == Record("a", ("QUJD",))


def test_a_bare_string_is_an_image() -> None:
    assert one({"images": "QUJD"}).images == ("QUJD",)


def test_image_is_another_name_for_images() -> None:
    assert one({"image": "QUJD"}).images == ("QUJD",)


def test_a_list_may_mix_both_forms() -> None:
    assert one({"images": ["QUJD", {"data": "REVG"}]}) == Record("a", ("QUJD", "REVG"), is_list=True)


def test_what_is_wrong_with_a_picture_of_a_list_stays_with_it() -> None:
    record = one({"images": ["QUJD", None, {"url": "https://x"}]})
    assert record.error is None
    assert [str(image) for image in record.images[1:]] == [
        "it is neither an image object with base64 in its field data nor a base64 string"
    ] * 2


def test_an_empty_list_is_not_an_error() -> None:
    assert one({"images": []}) == Record("a", (), is_list=True)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("https://host/a%20b.jpg", "https://host/a%20b.jpg"), (None, ""), (7, ""), ("\ud800", ""), ("a\nb", "")],
)
def test_a_path_is_kept_if_it_is_text(given: object, kept: str) -> None:
    record = one({"images": "QUJD", "path": given})
    assert (record.path, record.error) == (kept, None)


def test_category_is_kept() -> None:
    assert one({"images": "QUJD", "category": "book"}).category == "book"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "data is missing"),
        ("text", "data is missing"),
        ({}, "data.images is missing"),
        ({"images": None}, "data.images is missing"),
        ({"images": 5}, "base64"),
        ({"images": {"url": "https://x"}}, "base64"),
        ({"images": "QUJD", "category": 3}, "category"),
    ],
)
def test_what_is_wrong_with_a_record_stays_with_it(data: object, words: str) -> None:
    error = one(data).error
    assert error is not None
    assert words in error


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"values": {}}', b'{"Values": []}', b"\xff\xfe", b"[" * 200_000]
)
def test_a_body_that_is_not_a_request_gets_400(body: bytes) -> None:
    with pytest.raises(RequestError) as raised:
        parse_request(body, max_records=100)
    assert raised.value.status == 400


@pytest.mark.parametrize("value", [{}, {"recordId": 7, "data": {}}, {"recordId": None}, "text", None])
def test_a_record_that_could_not_be_answered_is_400(value: object) -> None:
    with pytest.raises(RequestError, match=r"values\[1\]"):
        parse({"values": [{"recordId": "a", "data": {}}, value]})


def test_too_many_records_are_413() -> None:
    with pytest.raises(RequestError, match="batchSize") as raised:
        parse({"values": [{"recordId": str(number)} for number in range(3)]}, max_records=2)
    assert raised.value.status == 413


@pytest.mark.parametrize("value", ["[]", "{}", "0", '{"a":0}'])
def test_a_body_of_endless_values_is_413_before_it_is_parsed(value: str) -> None:
    body = ('{"values": [' + ",".join([value] * 450_000) + "]}").encode()
    with pytest.raises(RequestError, match="more than 400,000 JSON values") as raised:
        parse_request(body, max_records=1000)
    assert raised.value.status == 413


def test_ten_thousand_records_of_ten_values_are_parsed() -> None:
    value = {"data": {"$type": "file", "data": "QUJD", "width": 1, "height": 1, "originalWidth": 1, "pageNumber": 0}}
    records = parse({"values": [{"recordId": str(n), "data": value} for n in range(10_000)]}, max_records=10_000)
    assert len(records) == 10_000


def test_a_repeated_record_id_is_answered_once_with_an_error() -> None:
    records = parse({"values": [{"recordId": name, "data": {"images": "QUJD"}} for name in "aba"]})
    assert [record.record_id for record in records] == ["a", "b"]
    assert records[0].error == "recordId 'a' stands 2 times in this request"
    assert records[1].error is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)
records = st.fixed_dictionaries(
    {"recordId": st.text(max_size=3)},
    optional={"data": json_values | st.fixed_dictionaries({"images": json_values})},
)


@given(st.lists(records, max_size=8))
def test_each_record_id_is_parsed_exactly_once_in_order(values: list[dict[str, object]]) -> None:
    parsed = parse({"values": values})
    assert [record.record_id for record in parsed] == list(dict.fromkeys(value["recordId"] for value in values))


@given(json_values)
def test_any_json_is_parsed_or_refused(value: object) -> None:
    try:
        parse(value)
    except RequestError as error:
        assert error.status in {400, 413}  # noqa: PT017 - either outcome is right


@given(st.binary(max_size=40))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    try:
        parse_request(body, max_records=10)
    except RequestError as error:
        assert error.status == 400  # noqa: PT017 - either outcome is right


@given(st.binary(max_size=200))
def test_base64_in_every_spelling(data: bytes) -> None:
    text = base64.b64encode(data).decode()
    spellings = [
        text,
        text.rstrip("="),
        base64.urlsafe_b64encode(data).decode(),
        base64.encodebytes(data).decode(),
        f"data:image/jpeg;base64,{text}",
        "".join(f"{letter}\r\n\t" for letter in text),
    ]
    assert [decode_base64(spelling) for spelling in spellings] == [data] * len(spellings)


@pytest.mark.parametrize("text", ["not base64!", "äöü", "QUJ", "Q", "\ud800"])
def test_what_is_not_base64_is_an_error(text: str) -> None:
    if text == "QUJ":  # padding may be left out
        assert decode_base64(text) == b"AB"
    else:
        with pytest.raises(RecordError):
            decode_base64(text)


def test_response_has_lists_of_objects_and_no_data_beside_errors() -> None:
    body = render_response([Answer("a", {"label": ["x"]}), Answer("b", {"label": []}, error="why", warnings=("hm",))])
    assert json.loads(body) == {
        "values": [
            {"recordId": "a", "data": {"label": ["x"]}, "errors": [], "warnings": []},
            {"recordId": "b", "data": {}, "errors": [{"message": "why"}], "warnings": [{"message": "hm"}]},
        ]
    }


@pytest.mark.parametrize("name", [rb"\ud800", rb"a\udfff", b"\xed\xa0\x80"])
def test_a_record_id_that_is_not_unicode_is_refused(name: bytes) -> None:
    body = b'{"values": [{"recordId": "1", "data": {}}, {"recordId": "' + name + b'", "data": {}}]}'
    with pytest.raises(RequestError, match=r"values\[1\]\.recordId is '.*ud.*', which is not Unicode text"):
        parse_request(body, max_records=2)


def test_an_answer_that_is_not_valid_json_fails_its_record(caplog: pytest.LogCaptureFixture) -> None:
    body = render_response([Answer("a", {"confidence": nan}), Answer("b", {"label": []})])
    bad, good = json.loads(body)["values"]
    assert (bad["recordId"], bad["data"], good["errors"]) == ("a", {}, [])
    assert bad["errors"][0]["message"].startswith("its answer can't be written as JSON: ")
    assert [record.exc_info is not None for record in caplog.records] == [True]
