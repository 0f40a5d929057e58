"""Hostile requests through the Function's whole Api, with a model in miniature.

The oracle knows only JSON and the contract: what is a request is answered with 200 and every recordId exactly once, in
order; what is none is refused with 400, 403 or 413; nothing else happens.
"""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, cast

from shared.serving.api import Api, Reply
from shared.settings import Settings
from tests.conftest import encode, noise_picture
from tests.soak.mutations import mutate
from tests.soak.pictures import seeds
from tests.soak.worker import Attempt
from tests.tiny_models import tiny_model

KEY = "the-key"
MAX_RECORDS = 12
MAX_BYTES = 300_000

# What json.dumps does not write; they stand in for a string of the same number.
_RAW = (
    "NaN",
    "-Infinity",
    "1e999",
    "-0",
    "9" * 4000,
    "9" * 5000,
    "1" + "0" * 100_000,
    "[" * 50 + "]" * 50,
    "[" * 100_000 + "]" * 100_000,
    "[" * 100_000,
    '{"a":' * 40_000,
    '{"data": "QUJD", "data": 7}',
    '{"data": 7, "data": "QUJD"}',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u0000"',
    '"\\x00"',
    '"\\ud83d\\ude00"',
    "01",
    "tru",
    "'single'",
    "",
)
_IDS = ("0", "1", "1", "2", "", "ä", "\ud800", "\x00", "<img onerror>", "../..", "a" * 5000, "😀")


def prepare(folder: Path) -> Attempt:
    api = open_api(folder)
    pictures = [data for data in seeds().values() if len(data) < 20_000]

    def attempt(chance: Random) -> str:
        body = _body(chance, pictures)
        method = chance.choice(("POST",) * 15 + ("GET",))
        key = chance.choice((KEY,) * 80 + ("", "wrong", "\ud800", "ключ"))
        return check(api.handle(method, {"ocp-apim-subscription-key": key}, body), method, key, body)

    return attempt


def open_api(folder: Path) -> Api:
    """An Api with small limits, serving a model in miniature that is written into the folder."""
    tiny_model(folder)
    settings = Settings(
        model_store=str(folder),
        model_name="books",
        model_cache=folder / "cache",
        key=cast("Any", KEY),
        max_records=MAX_RECORDS,
        max_request_bytes=MAX_BYTES,
    )
    return Api(settings)


def check(reply: Reply, method: str, key: str, body: bytes) -> str:
    """What became of a request, in a word. Raises AssertionError where that is not as promised."""
    answered = json.loads(reply.body.decode("utf-8"), parse_constant=_refuse_constant)
    if key != KEY:
        assert reply.status == 403, reply
        return "403"
    if method == "GET":
        assert reply.status == 200, reply
        return "ready"
    ids = _expected(body)
    if ids is None:
        assert reply.status in {400, 413}, reply
        assert answered["error"]["message"], reply
        return str(int(reply.status))
    assert reply.status == 200, reply
    assert list(answered) == ["values"], reply
    assert [value["recordId"] for value in answered["values"]] == ids
    for value in answered["values"]:
        _check_value(value)
    return "200"


def _check_value(value: dict[str, Any]) -> None:
    assert set(value) == {"recordId", "data", "errors", "warnings"}, value
    assert bool(value["data"]) != bool(value["errors"]), value
    for problem in (*value["errors"], *value["warnings"]):
        assert set(problem) == {"message"}, value
        assert isinstance(problem["message"], str), value
        assert problem["message"], value


def _expected(body: bytes) -> list[str] | None:
    """The recordIds to be answered, each once, in order; None for what is no request, or too large a one."""
    if len(body) > MAX_BYTES or sum(map(body.count, (b",", b"[", b"{"))) > 400_000:
        return None
    try:
        values = json.loads(body)["values"]
        assert isinstance(values, list)
        assert len(values) <= MAX_RECORDS
        ids = [value["recordId"] for value in cast("list[dict[str, object]]", values)]
        assert all(isinstance(name, str) for name in ids)
        "".join(cast("list[str]", ids)).encode()
    except (ValueError, RecursionError, TypeError, KeyError, AssertionError):
        return None
    return list(dict.fromkeys(cast("list[str]", ids)))


def _refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def _body(chance: Random, pictures: list[bytes]) -> bytes:
    if chance.random() < 0.02:
        return chance.choice((b"", b"null", b"[]", b'{"values": 1}', chance.randbytes(100), b"\xef\xbb\xbf{}"))
    count = chance.choices((0, 1, 2, 3, 6, MAX_RECORDS, MAX_RECORDS + 1), (1, 8, 4, 3, 2, 1, 0.5))[0]
    request: dict[str, object] = {"values": [_record(chance, pictures, number) for number in range(count)]}
    if chance.random() < 0.1:
        request[chance.choice(("extra", "Values", ""))] = _anything(chance, 0)
    text = json.dumps(request, ensure_ascii=chance.random() < 0.5)
    for number, raw in enumerate(_RAW):
        text = text.replace(json.dumps(_stand_in(number)), raw)
    body = text.encode(chance.choices(("utf-8", "utf-16", "utf-32-be"), (20, 1, 1))[0], "surrogatepass")
    return mutate(body, chance, [b'"recordId"', b'{"data":', *pictures]) if chance.random() < 0.2 else body


def _record(chance: Random, pictures: list[bytes], number: int) -> object:
    if chance.random() < 0.01:
        return _anything(chance, 0)
    name: object = str(number) if chance.random() < 0.7 else chance.choice(_IDS)
    if chance.random() < 0.01:
        name = _anything(chance, 0)
    record: dict[str, object] = {"recordId": name, "data": _data(chance, pictures)}
    if chance.random() < 0.02:
        del record[chance.choice(list(record))]
    return record


def _data(chance: Random, pictures: list[bytes]) -> object:
    if chance.random() < 0.1:
        return _anything(chance, 0)
    images: object = _image(chance, pictures)
    if chance.random() < 0.25:
        images = [_image(chance, pictures) for _ in range(chance.choice((0, 1, 2, 5)))]
    data: dict[str, object] = {chance.choice(("images",) * 5 + ("image", "Images")): images}
    if chance.random() < 0.1:
        data["category"] = _anything(chance, 0)
    return data


def _image(chance: Random, pictures: list[bytes]) -> object:
    if chance.random() < 0.08:
        return _anything(chance, 0)
    text = chance.choice(_SPELLINGS)(_picture(chance, pictures))
    if chance.random() < 0.05:
        text = mutate(text.encode(), chance, pictures).decode("latin-1")
    if chance.random() < 0.3:
        return text
    image: dict[str, object] = {"$type": "file", "url": "http://127.0.0.1:9/", "width": 24, "data": text}
    if chance.random() < 0.1:
        image[chance.choice(("data", "contentOffset", "$type"))] = _anything(chance, 0)
    return image


def _picture(chance: Random, pictures: list[bytes]) -> bytes:
    kind = chance.random()
    if kind < 0.2:
        return _GOOD
    return chance.choice(pictures) if kind < 0.6 else mutate(chance.choice(pictures), chance, pictures)


def _anything(chance: Random, depth: int) -> object:
    kind = chance.randrange(10 if depth < 4 else 8)
    match kind:
        case 8:
            return [_anything(chance, depth + 1) for _ in range(chance.randrange(4))]
        case 9:
            return {_text(chance): _anything(chance, depth + 1) for _ in range(chance.randrange(4))}
        case 5 | 6 | 7:
            return _stand_in(chance.randrange(len(_RAW)))
        case _:
            return (None, True, chance.randrange(-(1 << 70), 1 << 70), chance.random(), _text(chance))[kind]


def _text(chance: Random) -> str:
    pieces = ("data", "images", "\n", "\ud800", "\udfff", "😀", "\x00", '"', "\\", *string.ascii_letters)
    return "".join(chance.choice(pieces) for _ in range(chance.choice((0, 1, 3, 20))))


def _stand_in(number: int) -> str:
    return f"<raw {number}>"


def _plain(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _lines(data: bytes) -> str:
    return base64.encodebytes(data).decode().replace("\n", "\r\n")


def _url_safe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _data_uri(data: bytes) -> str:
    return f"data:image/png;base64,{_plain(data)}"


_SPELLINGS: tuple[Callable[[bytes], str], ...] = (_plain, _plain, _lines, _url_safe, _data_uri)
_GOOD = encode(noise_picture(1), "JPEG")
