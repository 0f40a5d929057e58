import json
from pathlib import Path
from typing import Any

import pytest

from local.functions_host.json_files import HostError
from local.functions_host.local_settings import FILE_NAME, SAMPLE_NAME, read_local_settings

PROJECT = Path(__file__).resolve().parents[3]


def write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document))


def test_the_file_wins_over_the_sample(tmp_path: Path) -> None:
    write(tmp_path / SAMPLE_NAME, {"Values": {"NAME": "sample"}})
    assert read_local_settings(tmp_path).values == {"NAME": "sample"}
    write(tmp_path / FILE_NAME, {"Values": {"NAME": "file"}, "Host": {"LocalHttpPort": 7072}})
    settings = read_local_settings(tmp_path)
    assert (settings.path, settings.values, settings.port) == (tmp_path / FILE_NAME, {"NAME": "file"}, 7072)


def test_an_app_needs_neither(tmp_path: Path) -> None:
    settings = read_local_settings(tmp_path)
    assert (settings.path, settings.values, settings.port) == (None, {}, None)


def test_the_environment_wins_even_when_empty(tmp_path: Path) -> None:
    write(tmp_path / FILE_NAME, {"Values": {"KEY": "file", "MODEL_NAME": "file", "MODEL_STORE": "file"}})
    environment = {"KEY": "", "MODEL_NAME": "environment"}
    assert read_local_settings(tmp_path).apply(environment) == ["KEY", "MODEL_NAME"]
    assert environment == {"KEY": "", "MODEL_NAME": "environment", "MODEL_STORE": "file"}


def test_scalars_become_text_and_null_is_skipped(tmp_path: Path) -> None:
    write(tmp_path / FILE_NAME, {"Values": {"DEBUG": True, "MAX_RECORDS": 10, "KEY": None}})
    assert read_local_settings(tmp_path).values == {"DEBUG": "true", "MAX_RECORDS": "10"}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"IsEncrypted": True, "Values": {"KEY": "x"}}, "is encrypted .*func settings decrypt"),
        ({"Values": {"KEY": {"nested": 1}}}, r"Values\.KEY in .* must be a string"),
        ({"Values": []}, "Values in .* must be a JSON object"),
        ({"Host": {"LocalHttpPort": "many"}}, r"Host\.LocalHttpPort in .* must be a number"),
    ],
)
def test_unusable_settings_are_refused(tmp_path: Path, document: dict[str, Any], message: str) -> None:
    write(tmp_path / FILE_NAME, document)
    with pytest.raises(HostError, match=message):
        read_local_settings(tmp_path)


def test_the_projects_sample_sets_nothing_secret() -> None:
    document = json.loads((PROJECT / SAMPLE_NAME).read_text())
    assert document["IsEncrypted"] is False
    assert document["Values"]["FUNCTIONS_WORKER_RUNTIME"] == "python"
    assert document["Values"]["KEY"] == ""
