"""The commands as somebody types them: results on stdout, messages on stderr, errors in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra.search.cli import app
from tests.local.search.deployments import draw, draw_groups, environment, settings
from tests.local.search.skill_server import VERSION, serve_skill
from tests.tiny_models import tiny_model


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def messages(result: Result) -> str:
    """What a person reads on stderr, on one line."""
    return " ".join(result.stderr.split())


def ok(*arguments: str) -> Result:
    result = command(*arguments)
    assert result.exit_code == 0, result.stderr
    return result


@pytest.mark.slow
def test_from_a_folder_to_answers_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = draw_groups(tmp_path / "pictures")
    (pictures / "broken.jpg").write_bytes(b"no picture")
    with serve_skill() as skill:
        for name, value in environment(settings(skill.url, search_vector=True)).items():
            monkeypatch.setenv(name, value)
        assert "Sent 10 pictures, 0 were there already" in messages(ok("upload", str(pictures)))
        assert f"colours, version {VERSION}" in messages(ok("deploy"))
        first = messages(ok("run"))
        assert "broken.jpg" in first
        assert sorted(ok("query", "open book").stdout.splitlines()) == [
            f"hit\topen book\topen_book_{number}.jpg\topen book, double spread" for number in range(3)
        ]
        assert len(ok("query", "open book", "--any").stdout.splitlines()) == 9
        facets = ok("query", "--facet", "label", "--filter", "cluster_id eq 1", "--top", "1").stdout.splitlines()
        assert facets[1:] == ["facet\tlabel\tbook cover\t3", "facet\tlabel\tclosed book\t3"]
        alike = ok("query", "--similar-to", "book_shelf_0.jpg", "--top", "2").stdout.splitlines()
        assert [line.split("\t")[2][:10] for line in alike] == ["book_shelf"] * 2
        found = json.loads(ok("query", "shelf", "--json").stdout)
        assert found["count"] == 3
        status = json.loads(ok("status", "--json").stdout)
        assert (status["versions"], status["older"]) == ({VERSION: 9}, 0)
        shown = messages(ok("status"))
        assert "lacks, or holds as they were: 1." in shown
        assert "9 documents by model version 0123456789ab-abcdef (current)" in shown
        assert "Marked 1 pictures" in messages(ok("remove", "open_book_0.jpg"))
        ok("run")
        assert "Deleted 1 pictures" in messages(ok("remove", "--purge"))
        assert len(ok("query", "open book").stdout.splitlines()) == 2
        assert "every picture again" in messages(ok("reset"))
        ok("run", "--no-retry")
        assert "build-2 within ten seconds" in messages(ok("rebuild"))
        assert "build-1 within ten seconds" in messages(ok("switch"))
        assert CliRunner().invoke(app, ["prune"], input="n\n").exit_code == 1
        monkeypatch.setattr("infra.search.rebuild.time.sleep", lambda _: None)  # pyright: ignore[reportUnknownLambdaType]
        assert "Deleted" in messages(ok("prune", "--yes"))
        declined = CliRunner().invoke(app, ["delete"], input="n\n")
        assert declined.exit_code == 1
        ok("delete", "--yes")
        gone = command("query", "x")
        assert gone.exit_code == 1
        assert "Error: No index with the name" in messages(gone)


def test_relabel_says_what_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tiny_model(tmp_path / "models", names="atlas")
    monkeypatch.setenv("MODEL_STORE", str(tmp_path / "models"))
    monkeypatch.setenv("MODEL_NAME", "books")
    draw(tmp_path / "pictures" / "a.jpg", "open_book")
    with serve_skill() as skill:
        for name, value in environment(settings(skill.url)).items():
            monkeypatch.setenv(name, value)
        ok("upload", str(tmp_path / "pictures"))
        ok("deploy")
        ok("run")
        shown = messages(ok("relabel"))
    assert f"0 documents now carry the names of version {bundle.version}" in shown
    assert "1 documents were answered by another training and were left alone" in shown


def test_render_writes_what_can_be_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILL_URL", "https://f.azurewebsites.net/api/extraction")
    monkeypatch.setenv("SKILL_KEY", "secret")
    monkeypatch.setenv("STORAGE_CONNECTION", "AccountName=a;AccountKey=secret")
    ok("render", str(tmp_path / "out"), "--vector")
    files = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert files.keys() == {"datasource.json", "index.json", "skillset.json", "indexer.json"}
    assert "secret" not in "".join(files.values())
    assert '"vector"' in files["index.json"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["query", "x"], "SEARCH_ENDPOINT is not set"),
        (["deploy"], "SKILL_URL is not set"),
        (["deploy", "--patience", "1"], "SKILL_URL is not set"),
        (["upload", "nowhere"], "nowhere is not a folder"),
        (["remove"], "name the pictures to mark"),
        (["render", "out", "--variant", "simple", "--vector"], "the simple variant keeps one document per blob"),
    ],
)
def test_errors_are_one_message(arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_CONNECTION", "UseDevelopmentStorage=true")
    result = command(*arguments)
    assert result.exit_code == 1
    assert message in messages(result)
