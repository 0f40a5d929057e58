"""Requests to the Function as Azure makes them, and what its answers say."""

import base64
import json
from types import SimpleNamespace
from typing import cast

import azure.functions as func

from ClusterSkill import main
from tests.conftest import encode, noise_picture

CONTEXT = cast("func.Context", SimpleNamespace(trace_context=SimpleNamespace(trace_parent="")))
URL = "https://example.azurewebsites.net/api/extraction"


def call(body: object = None, method: str = "POST", **headers: str) -> func.HttpResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return main(func.HttpRequest(method, URL, headers=given, body=content), CONTEXT)


def picture(seed: int, mode: str = "RGB", format: str = "PNG") -> dict[str, object]:
    data = base64.b64encode(encode(noise_picture(seed).convert(mode), format)).decode()
    return {"$type": "file", "data": data, "width": 64, "height": 48, "contentOffset": 0}


def values(*data: object) -> dict[str, object]:
    return {"values": [{"recordId": str(number), "data": each} for number, each in enumerate(data)]}


def problem(response: func.HttpResponse) -> str:
    return json.loads(response.get_body())["error"]["message"]
