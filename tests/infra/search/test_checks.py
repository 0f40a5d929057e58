"""Definitions that would not work are refused, and each finding names its exact place."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.search.checks import INPUTS, OUTPUTS, check
from infra.search.definitions import DefinitionError, Definitions, render
from infra.search.settings import load_search_settings
from shared.model.model import open_model
from shared.serving.contract import parse_request
from shared.serving.skill import AnswerOptions, answer_records
from shared.stores.graphs import graph_path
from tests.conftest import encode, noise_picture
from tests.tiny_models import tiny_model

SETTINGS = load_search_settings(
    {
        "skill_url": "https://f.azurewebsites.net/api/extraction",
        "storage_connection": "ResourceId=/subscriptions/0;",
        "search_vector": True,
        "compare_ai_services_url": "https://a.cognitiveservices.azure.com",
    }
)
CLUSTER = "/document/normalized_images/*/clusterId"
BROKEN: list[tuple[Callable[[Definitions], object], str]] = [
    (
        lambda d: d.index["fields"][2].update(retreivable=True),
        "index.fields[2].retreivable: is not a property",
    ),
    (lambda d: d.index["fields"][2].update(type="Edm.Text"), "index.fields[2].type: 'Edm.Text' is not one of"),
    (lambda d: d.index.pop("name"), "index.name: is missing"),
    (lambda d: d.indexer.update(skillsetName="x"), "indexer.skillsetName: 'x' is not the name of what is deployed"),
    (lambda d: _selector(d).update(targetIndexName="x"), "selectors[0].targetIndexName: 'x' is not the index"),
    (
        lambda d: _selector(d).update(parentKeyFieldName="x"),
        "parentKeyFieldName: the index has no field 'x'",
    ),
    (lambda d: _selector(d).update(parentKeyFieldName="size"), "'size' must be a filterable Edm.String"),
    (
        lambda d: _selector(d)["mappings"].append({"name": "id", "source": "/document/content"}),
        "'id' is filled by the service",
    ),
    (
        lambda d: _selector(d)["mappings"][0].update(name="uri"),
        "mappings[0]: the index has no field 'uri'",
    ),
    (lambda d: _selector(d)["mappings"][0].update(source="/document/url"), "nothing fills '/document/url'; there are"),
    (lambda d: _selector(d)["mappings"].pop(1), "index.fields[3]: nothing fills 'file_name', so it would stay empty"),
    (
        lambda d: _selector(d)["mappings"][6].update(source=CLUSTER),
        "is Edm.Int32 for each /document/normalized_images/*, but the field 'label' is Collection(Edm.String)",
    ),
    (
        lambda d: d.indexer.update(
            outputFieldMappings=[
                {"sourceFieldName": "/document/normalized_images/*/clusterId", "targetFieldName": "cluster_id"}
            ]
        ),
        "indexer.outputFieldMappings[0]: /document/normalized_images/*/clusterId is Collection(Edm.Int32)",
    ),
    (lambda d: _skill(d)["inputs"][0].update(name="picture"), "skills[0].inputs[0].name: 'picture' is not one of"),
    (lambda d: _skill(d)["inputs"][0].update(source="/document/x"), "skills[0].inputs[0].source: nothing fills"),
    (
        lambda d: _skill(d)["outputs"][0].update(name="labels"),
        "skills[0].outputs[0].name: 'labels' is not one",
    ),
    (lambda d: d.skillset["skills"][1]["outputs"][0].update(name="tag"), "'tag' is not one of Computer Vision's"),
    (
        lambda d: _skill(d).update(uri="http://f.azurewebsites.net"),
        "skills[0].uri: 'http://f.azurewebsites.net' must",
    ),
    (lambda d: _skill(d).pop("timeout"), "skills[0].timeout: must be given"),
    (lambda d: _skill(d).update(timeout="PT4M"), "skills[0].timeout: PT4M is outside 1 to 230 seconds"),
    (lambda d: _skill(d).update(timeout="60"), "skills[0].timeout: '60' is not a duration"),
    (lambda d: _skill(d).pop("batchSize"), "skills[0].batchSize: must be given, from 1 to 1000"),
    (lambda d: _skill(d).update(degreeOfParallelism=11), "skills[0].degreeOfParallelism: must be given, from 1 to 10"),
    (
        lambda d: d.index["fields"][0].update(analyzer="simple"),
        "index.fields[0].analyzer: the key of projected",
    ),
    (
        lambda d: _configuration(d).update(normalizedImageMaxHeight=49),
        "configuration.normalizedImageMaxHeight: 49 is outside 50 to 10,000",
    ),
    (
        lambda d: _configuration(d).update(normalizedImageMaxWidth="768"),
        "configuration.normalizedImageMaxWidth: must be a whole number, not '768'",
    ),
    (
        lambda d: _configuration(d).update(normalizedImageMaxWith=768),
        "configuration.normalizedImageMaxWith: is not a property of",
    ),
    (lambda d: d.index["fields"][1].update(key=True), "index.fields: one field must be the key, not 2"),
    (
        lambda d: _vector_search(d)["profiles"][0].update(algorithm="x"),
        "profiles[0].algorithm: there is no 'x' in",
    ),
    (lambda d: _vector_search(d)["profiles"][0].update(name="x"), "vectorSearchProfile: there is no profile 'look'"),
]


def _selector(definitions: Definitions) -> dict[str, Any]:
    return definitions.skillset["indexProjections"]["selectors"][0]


def _skill(definitions: Definitions) -> dict[str, Any]:
    return definitions.skillset["skills"][0]


def _configuration(definitions: Definitions) -> dict[str, Any]:
    return definitions.indexer["parameters"]["configuration"]


def _vector_search(definitions: Definitions) -> dict[str, Any]:
    return definitions.index["vectorSearch"]


@pytest.mark.parametrize(("change", "message"), BROKEN)
def test_refuses_what_the_service_would_refuse(change: Callable[[Definitions], object], message: str) -> None:
    definitions = copy.deepcopy(render(SETTINGS))
    change(definitions)
    with pytest.raises(DefinitionError) as caught:
        check(definitions)
    assert message in str(caught.value)


def test_a_skill_on_this_machine_may_speak_http() -> None:
    check(render(SETTINGS.model_copy(update={"skill_url": "http://127.0.0.1:7071/api/extraction"})))


def test_inputs_and_outputs_are_those_of_the_contract(tmp_path: Path) -> None:
    bundle = tiny_model(tmp_path)
    model = open_model(bundle, graph_path(tmp_path, bundle.manifest.embedder.graph_sha256))
    image = base64.b64encode(encode(noise_picture(1), "JPEG")).decode()
    for name in INPUTS - {"category", "path"}:
        data = {name: image, "category": "books", "path": "https://host/a.jpg"}
        body = json.dumps({"values": [{"recordId": "1", "data": data}]})
        (record,) = parse_request(body.encode(), max_records=1)
        assert (record.category, record.path) == ("books", "https://host/a.jpg")
        (answer,) = answer_records(model, [record], options=AnswerOptions(return_vector=True))
        assert answer.error is None
        assert answer.data.keys() == OUTPUTS.keys()
