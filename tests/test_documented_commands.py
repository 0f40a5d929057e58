"""Every command line in the documents is run by a test, or there is a reason why it can't be run here."""

import re

import pytest

from tests.conftest import PROJECT
from tests.documents import DOCUMENTS, command_blocks

AZURE = "it needs a subscription"

# A command line, as it begins, to the test that runs it or what stands against it. The first that fits counts.
RUN_BY = {
    r"make demo": "tests/local/test_demo.py",
    r"make test|make lint": "it is what runs the tests",
    r"(?:MODEL_NAME=NAME )?make serve": "tests/local/test_host.py",
    r"make azurite|export MODEL_STORE": "tests/local/test_azurite.py",
    r"make search-demo": "tests/local/test_search_demo.py",
    r"make package": "tests/infra/test_package.py",
    r"curl .*@data/sample_request\.json": "tests/e2e/test_sample.py",
    r"curl ": "tests/ClusterSkill/test_function.py",
    r"az |azd |export \$\(azd": AZURE,
    r"python -m infra\.smoke": AZURE,
    r"python -m infra\.entra": "tests/infra/test_entra.py",
    r"python -m infra\.rotate": "tests/infra/test_rotate.py",
    r"python -m infra\.send": "tests/infra/test_send.py",
    r"python -m infra\.deployed": "tests/infra/test_deployed.py",
    r"python -m training train https": "tests/e2e/test_container.py",
    r"python -m training train .*--engine|python -m dask": "tests/e2e/test_engines.py",
    r"python -m training train": "tests/training/commands/test_train.py",
    r"python -m training label": "tests/training/commands/test_label.py",
    r"python -m training (?:publish|versions|rollback|fetch)": "tests/training/release/test_versions.py",
}


def test_every_line_of_the_table_is_needed() -> None:
    lines = [line for document in DOCUMENTS for line in command_blocks(document)]
    used = {next((one for one in RUN_BY if re.match(one, line)), None) for line in lines}
    assert set(RUN_BY) == used


@pytest.mark.parametrize("document", [one for one in DOCUMENTS if command_blocks(one)])
def test_every_command_line_is_run_or_has_a_reason(document: str) -> None:
    for line in command_blocks(document):
        told = next((told for beginning, told in RUN_BY.items() if re.match(beginning, line)), "")
        assert told, f"{document}: which test runs `{line}`?"
        if told.startswith("tests/"):
            assert "def test_" in (PROJECT / told).read_text(encoding="utf-8")
