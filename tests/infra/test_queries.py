"""The queries ask for what telemetry sends, and Kusto's own language service finds nothing wrong with them."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from shared.model.drift import ENOUGH, FEWER, STANDARD_ERRORS
from shared.serving.contract import Answer
from shared.serving.telemetry import REFUSED, RUNNING, SPAN, TRAINED, WAITING, summarise
from shared.stopwatch import Stopwatch
from tests.conftest import PROJECT
from tests.infra.snapshots import deployed

QUERIES = sorted((PROJECT / "infra" / "queries").glob("*.kql"))
DOCS = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")

# https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete and, for the workspace,
# https://learn.microsoft.com/azure/azure-monitor/reference/tables/usage and
# https://learn.microsoft.com/azure/search/monitor-azure-cognitive-search-data-reference
_EVERYWHERE = (
    "timestamp: datetime, itemType: string, customDimensions: dynamic, customMeasurements: dynamic, "
    "operation_Name: string, operation_Id: string, operation_ParentId: string, cloud_RoleName: string, "
    "cloud_RoleInstance: string, appId: string, appName: string, itemId: string, itemCount: int"
)
TABLES = {
    "dependencies": "id: string, target: string, type: string, name: string, data: string, success: bool, "
    f"resultCode: string, duration: real, performanceBucket: string, {_EVERYWHERE}",
    "requests": "id: string, source: string, name: string, url: string, success: bool, resultCode: string, "
    f"duration: real, performanceBucket: string, {_EVERYWHERE}",
    "traces": f"message: string, severityLevel: int, {_EVERYWHERE}",
    "exceptions": "problemId: string, handledAt: string, type: string, message: string, assembly: string, "
    "method: string, outerType: string, outerMessage: string, innermostType: string, innermostMessage: string, "
    f"severityLevel: int, details: dynamic, {_EVERYWHERE}",
    "customMetrics": "name: string, value: real, valueCount: int, valueSum: real, valueMin: real, valueMax: real, "
    f"valueStdDev: real, {_EVERYWHERE}",
}
WORKSPACE = {
    "Usage": "TimeGenerated: datetime, Computer: string, DataType: string, IsBillable: bool, Quantity: real, "
    "QuantityUnit: string, ResourceUri: string, Solution: string, StartTime: datetime, EndTime: datetime, Type: string",
    "AzureDiagnostics": "TimeGenerated: datetime, ResourceId: string, Category: string, ResourceGroup: string, "
    "SubscriptionId: string, ResourceProvider: string, Resource: string, ResourceType: string, OperationName: string, "
    "ResultType: string, DurationMs: long, OperationVersion_s: string, Description_s: string, IndexName_s: string, "
    "Documents_d: real, Query_s: string, resultSignature_d: real",
}
OF_THE_WORKSPACE = {"indexer.kql", "logs.kql"}


def findings(queries: Mapping[str, str], tables: Mapping[str, str]) -> dict[str, list[str]]:
    """What Kusto's language service has to say about each query; its column types come from `tables`."""
    given = json.dumps({"tables": {name: f"({columns})" for name, columns in tables.items()}, "queries": queries})
    script = PROJECT / "tests" / "infra" / "kusto.js"
    node = shutil.which("node")
    assert node, "Node.js runs Kusto's language service"
    run = subprocess.run([node, script], input=given, check=True, capture_output=True, text=True)
    return json.loads(run.stdout)


def test_kusto_finds_nothing_wrong() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in QUERIES}
    of_the_workspace = {name: text for name, text in texts.items() if name in OF_THE_WORKSPACE}
    of_insights = {name: text for name, text in texts.items() if name not in OF_THE_WORKSPACE}
    found = findings(of_insights, TABLES) | findings(of_the_workspace, WORKSPACE)
    assert found == {name: [] for name in texts}


def test_kusto_would_find_what_is_wrong() -> None:
    wrong = {"table": "traces2 | take 1", "column": "traces | where nothing == 1", "word": "traces | wher true"}
    assert all(findings(wrong, TABLES).values())


def test_alerts_and_the_workbook_use_the_queries_as_they_are() -> None:
    deployment = deployed(
        alertEmails="somebody@example.com,other@example.com", monthlyBudget=100, budgetStart="2026-11-01"
    )
    texts = {path.name: path.read_text(encoding="utf-8") for path in QUERIES}
    alerts = deployment.of("Microsoft.Insights/scheduledQueryRules")
    by_name = {each.name.split("-", 2)[2]: each.properties for each in alerts}
    assert by_name.keys() == {"failing", "failing-records", "slow", "throttled", "drifting", "logs", "indexer"}
    measures = {name: rule["criteria"]["allOf"][0] for name, rule in by_name.items()}
    for name, measure in measures.items():
        assert measure["query"] == texts[f"{name.partition('-')[0]}.kql"]
        assert by_name[name]["actions"]["actionGroups"]
    # The column that is measured is one of the query's.
    columns = {
        name: f"{each['query'].rstrip()}\n| project {each['metricMeasureColumn']}" for name, each in measures.items()
    }
    found = findings(columns, TABLES | WORKSPACE)
    assert found == {name: [] for name in columns}
    assert measures["logs"]["threshold"] == 0.8
    metrics = deployment.of("Microsoft.Insights/metricAlerts")
    assert {each.name.split("-", 2)[2] for each in metrics} == {"indexing", "queries-throttled"}
    (people,) = deployment.of("Microsoft.Insights/actionGroups")
    receivers = [each["emailAddress"] for each in people.properties["emailReceivers"]]
    assert receivers == ["somebody@example.com", "other@example.com"]
    (budget,) = deployment.of("Microsoft.Consumption/budgets")
    assert budget.properties["amount"] == 100
    assert budget.properties["timePeriod"] == {"startDate": "2026-11-01"}
    (workbook,) = deployment.of("Microsoft.Insights/workbooks")
    shown = str(workbook.properties["serializedData"])
    for name in texts.keys() - OF_THE_WORKSPACE:
        heading = texts[name].splitlines()[0]
        assert heading.replace("'", "''") in shown or heading in shown, name


def indexer_alert(**parameters: str) -> list[dict[str, Any]]:
    alerts = deployed(alertEmails="somebody@example.com", **parameters).of("Microsoft.Insights/scheduledQueryRules")
    return [each.properties for each in alerts if each.name.endswith("-indexer")]


def test_people_are_told_when_no_run_of_the_indexer_has_succeeded_for_a_day() -> None:
    (alert,) = indexer_alert()
    (measure,) = alert["criteria"]["allOf"]
    assert (measure["metricMeasureColumn"], measure["operator"], measure["threshold"]) == ("successful", "LessThan", 1)
    assert alert["windowSize"] == "P1D"
    assert alert["skipQueryValidation"] is True, "the table is there once something is in it"
    # Grouped by nothing, so that there is a row where nothing was logged.
    assert " by " not in measure["query"].split("summarize")[1]


def test_a_daily_indexer_has_two_days_and_one_without_a_schedule_or_a_log_of_ours_is_not_watched() -> None:
    (alert,) = indexer_alert(searchSchedule="P1D")
    assert alert["windowSize"] == "P2D"
    assert indexer_alert(searchSchedule="never") == []
    assert indexer_alert(existingSearchName="theirs") == []


def test_nobody_is_told_where_nobody_is_named() -> None:
    deployment = deployed()
    assert not deployment.of("Microsoft.Insights/scheduledQueryRules")
    assert not deployment.of("Microsoft.Consumption/budgets")
    assert deployment.of("Microsoft.Insights/workbooks")


def sent() -> set[str]:
    """What a span can carry, answered or refused; log records carry their logger's name."""
    answers = [Answer("1", {"clusterId": 1, "confidence": 0.5})]
    return {*summarise("books", "v1", answers, Stopwatch()), "method", "status", "logger_name"}


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_queries_read_what_telemetry_sends(path: Path) -> None:
    query = path.read_text(encoding="utf-8")
    assert query.startswith("// ")
    asked = set(re.findall(r"customDimensions\.(\w+)", query))
    assert asked or path.name in {"throttled.kql", *OF_THE_WORKSPACE}
    assert asked <= sent()
    assert set(re.findall(r'name == "(\w+)"', query)) <= {SPAN, RUNNING, WAITING, REFUSED}
    assert f"`infra/queries/{path.name}`" in DOCS


def test_groups_are_told_by_the_rules_of_status() -> None:
    query = (PROJECT / "infra" / "queries" / "groups.kql").read_text(encoding="utf-8")
    assert f'message == "{TRAINED}"' in query
    assert f"share < {FEWER} * share_trained and share_trained - share > {STANDARD_ERRORS} * sqrt" in query
    assert f"unseen >= {ENOUGH} and far > 0.5 * unseen" in query


def test_every_metric_is_read_by_a_query() -> None:
    asked = {
        name for path in QUERIES for name in re.findall(r"customDimensions\.(\w+)", path.read_text(encoding="utf-8"))
    }
    assert sent() - asked == {"unclustered_share"}, "the queries weigh shares by pictures, from their counts"
