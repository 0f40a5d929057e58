"""JSON against the SDK's models: every kind of property, and places that are exact."""

from __future__ import annotations

import pytest

from infra.search.schema import check_schema


def skillset(**skill: object) -> dict[str, object]:
    complete = {"@odata.type": "#Microsoft.Skills.Custom.WebApiSkill", "uri": "https://f", "inputs": [], "outputs": []}
    return {"name": "s", "skills": [complete | skill]}


def test_accepts_valid_definitions() -> None:
    assert check_schema("skillset", skillset(timeout="PT1M30S", batchSize=8, httpHeaders={"X-Any-Name": "x"})) == []
    assert check_schema("index", {"name": "i", "fields": [], "@odata.etag": '"1"', "@odata.context": "x"}) == []
    assert check_schema("index", {"name": "i", "fields": [], "similarity": None}) == []


@pytest.mark.parametrize(
    ("kind", "definition", "finding"),
    [
        ("index", [], "index: must be an object"),
        ("index", {"fields": []}, "index.name: is missing"),
        ("index", {"name": 5, "fields": []}, "index.name: must be a string, not 5"),
        ("index", {"name": "i", "fields": {}}, "index.fields: must be a list"),
        ("index", {"name": "i", "fields": [], "feilds": []}, "index.feilds: is not a property of SearchIndex; it has"),
        (
            "index",
            {"name": "i", "fields": [{"name": "a", "type": "Edm.String", "key": "yes"}]},
            "index.fields[0].key: must be true or false, not 'yes'",
        ),
        (
            "index",
            {"name": "i", "fields": [{"name": "a", "type": "Collection(Edm.Text)"}]},
            "index.fields[0].type: 'Collection(Edm.Text)' is not one of Edm.String, ",
        ),
        ("skillset", skillset(batchSize=True), "skillset.skills[0].batchSize: must be a whole number, not True"),
        (
            "skillset",
            skillset(timeout="1 minute"),
            "skillset.skills[0].timeout: '1 minute' is not a duration",
        ),
        ("skillset", skillset(httpHeaders={"a": 1}), "skillset.skills[0].httpHeaders.a: must be a string, not 1"),
        ("skillset", skillset(inputs=None), "skillset.skills[0].inputs: must be a list"),
        (
            "skillset",
            skillset(**{"@odata.type": "#Skill"}),
            "skillset.skills[0].@odata.type: '#Skill' is none of #Microsoft",
        ),
        (
            "indexer",
            {"name": "i", "dataSourceName": "d", "targetIndexName": None},
            "indexer.targetIndexName: must be a string, not None",
        ),
        (
            "datasource",
            {"name": "d", "type": "blob", "credentials": {}, "container": {"name": "c"}},
            "datasource.type: 'blob' is not one of",
        ),
    ],
)
def test_names_the_place_of_each_error(kind: str, definition: object, finding: str) -> None:
    (found,) = check_schema(kind, definition)
    assert found.startswith(finding)


def test_reports_every_error() -> None:
    assert len(check_schema("skillset", skillset(batchSize="8", timeout=60, colour="red"))) == 3
