"""The promises about requests as properties: hypothesis looks for the smallest request that breaks one."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.serving.api import Api
from tests.conftest import encode, noise_picture
from tests.soak.targets.requests import KEY, check, open_api

pytestmark = pytest.mark.slow

_PICTURE = base64.b64encode(encode(noise_picture(1), "JPEG")).decode()

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
_image = st.just(_PICTURE) | st.fixed_dictionaries({"data": st.just(_PICTURE) | _json}) | _json
_data = st.fixed_dictionaries({"images": _image | st.lists(_image, max_size=3)}, optional={"category": _json})
_record = st.fixed_dictionaries({"recordId": st.text(max_size=2) | _json}, optional={"data": _data | _json})
_request = st.fixed_dictionaries({"values": st.lists(_record, max_size=14) | _json}) | _json


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    return open_api(tmp_path_factory.mktemp("models"))


def test_every_request_is_answered_as_promised(api: Api, long: bool) -> None:
    @settings(max_examples=10_000 if long else 150, deadline=None, derandomize=True, database=None)
    @given(_request, st.booleans())
    def holds(request: object, ascii_only: bool) -> None:
        body = json.dumps(request, ensure_ascii=ascii_only).encode(errors="surrogatepass")
        check(api.handle("POST", {"ocp-apim-subscription-key": KEY}, body), "POST", KEY, body)

    holds()


def test_any_bytes_are_answered_as_promised(api: Api, long: bool) -> None:
    @settings(max_examples=10_000 if long else 150, deadline=None, derandomize=True, database=None)
    @given(st.binary(max_size=60))
    def holds(body: bytes) -> None:
        check(api.handle("POST", {"ocp-apim-subscription-key": KEY}, body), "POST", KEY, body)

    holds()
