"""`label` and `report` as commands: on a bundle that the real network was trained for."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from shared.model.bundle import LABELS, REPORT, read_bundle, write_labels
from tests.bundles import link_graph
from tests.conftest import PROJECT, encode, noise_picture
from tests.training.near_copies import EPS, near_copies
from training.commands.app import app
from training.report.version import reported_version

type Run = Callable[..., Result]


@pytest.fixture
def run(shared_cache: None, opened_network: None) -> Run:
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path, graph: Path, run: Run) -> Path:
    models = tmp_path / "models"
    link_graph(graph, models)
    pictures = near_copies(tmp_path / "pictures")
    result = run("train", pictures, "--name", "books", "--out", models, "--eps", EPS)
    assert result.exit_code == 0, result.output
    return models / "books"


def rename(folder: Path, name: str) -> str:
    """Give group 0 a name, as by hand; returns the version that this makes."""
    write_labels(folder, read_bundle(folder).labels.model_copy(update={"labels": {0: (name,)}}))
    return read_bundle(folder).version


def test_the_report_is_written_again(run: Run, folder: Path) -> None:
    (folder / REPORT).unlink()
    result = run("report", folder)
    assert result.exit_code == 0, result.output
    assert reported_version(folder) == read_bundle(folder).version


def test_moved_pictures_are_found_in_the_folder_given(run: Run, folder: Path, tmp_path: Path) -> None:
    shutil.move(tmp_path / "pictures", tmp_path / "moved")
    lost = run("report", folder)
    assert lost.exit_code == 1
    assert "name their folder with --pictures FOLDER" in " ".join(lost.output.split())
    found = run("report", folder, "--pictures", tmp_path / "moved")
    assert found.exit_code == 0, found.output


def test_publishing_brings_a_report_of_other_names_up_to_date(run: Run, folder: Path, tmp_path: Path) -> None:
    renamed = rename(folder, "grain")
    result = run("publish", folder, "--to", tmp_path / "store")
    assert result.exit_code == 0, result.output
    assert "Rewrote report.html" in result.output
    assert reported_version(tmp_path / "store" / "books" / "versions" / renamed) == renamed
    again = run("publish", folder, "--to", tmp_path / "store")
    assert "report.html" not in again.output


def test_publishing_without_the_pictures_leaves_out_a_report_of_other_names(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    renamed = rename(folder, "grain")
    shutil.move(tmp_path / "pictures", tmp_path / "moved")
    result = run("publish", folder, "--to", tmp_path / "store")
    assert result.exit_code == 0, result.output
    told = " ".join(result.output.split())
    assert "Left out report.html, which shows other names" in told
    assert f"python -m training report {folder} --pictures FOLDER`" in told
    published = tmp_path / "store" / "books" / "versions" / renamed
    assert (published / LABELS).exists()
    assert not (published / REPORT).exists()


def test_a_bundle_that_never_had_pictures_says_what_to_do(run: Run, folder: Path) -> None:
    (folder / ".pictures").unlink()
    lost = run("label", folder, "--no-browser")
    assert lost.exit_code == 1
    assert "does not say where its pictures are" in " ".join(lost.output.split())


def test_a_folder_without_a_bundle_is_reported(run: Run, tmp_path: Path) -> None:
    result = run("label", tmp_path, "--no-browser")
    assert result.exit_code == 1
    assert "manifest.json is missing" in " ".join(result.output.split())


@pytest.fixture
def ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the page's server end instead of waiting for a person."""

    def end(self: object, sockets: object) -> None:
        del self, sockets

    monkeypatch.setattr("uvicorn.Server.run", end)


@pytest.mark.usefixtures("ends_at_once")
@pytest.mark.parametrize(("options", "opened"), [((), True), (("--no-browser",), False)])
def test_the_link_is_printed_and_opened_if_wanted(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], opened: bool
) -> None:
    links: list[str] = []
    monkeypatch.setattr("webbrowser.open", links.append)
    result = run("label", folder, *options)
    assert result.exit_code == 0, result.output
    link = result.stdout.strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=\S{20,}", link)
    assert links == ([link] if opened else [])


@pytest.mark.usefixtures("ends_at_once")
def test_new_and_missing_pictures_are_reported(run: Run, folder: Path, tmp_path: Path) -> None:
    next((tmp_path / "pictures").glob("*")).unlink()
    result = run("label", folder, "--no-browser")
    assert "1 picture trained on is not in the folder any more" in " ".join(result.output.split())
    others = tmp_path / "others"
    others.mkdir()
    noise_picture(5).save(others / "new.png")
    result = run("label", folder, "--no-browser", "--pictures", others)
    assert "None of the pictures was there in training" in " ".join(result.output.split())


@pytest.mark.slow
def test_a_picture_is_tried_with_the_real_network(folder: Path) -> None:
    command = [sys.executable, "-m", "training", "label", str(folder), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as page:
        try:
            assert page.stdout is not None
            link = page.stdout.readline().strip()
            origin = link.split("/?", maxsplit=1)[0]
            with httpx.Client(base_url=origin, headers={"Origin": origin}, timeout=60) as client:
                client.get(link).raise_for_status()
                pictures = sorted((folder.parents[1] / "pictures").glob("*"))
                found = client.post("/api/try", content=pictures[0].read_bytes()).raise_for_status().json()
                assert found["group"] == 0
                assert found["distance"] == pytest.approx(0, abs=1e-4)
                assert client.post("/api/try", content=encode(noise_picture(77))).json()["group"] == -1
        finally:
            page.kill()
