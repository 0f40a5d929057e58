"""The report follows the names, written in the background."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.documents import to_json
from shared.errors import UserError
from shared.model.bundle import REPORT, Labels, full_version
from tests.training.galleries import open_plainly, train_pictures
from training.gallery.gallery import Gallery, Grouping
from training.page.report_keeper import ReportKeeper
from training.report.version import reported_version
from training.report.writer import Report

TIMEOUT = 60


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return open_plainly(train_pictures(tmp_path / "models"))


@pytest.fixture
def ask(gallery: Gallery) -> Callable[[ReportKeeper, str], str]:
    """Asks for a report in which group 0 has a name; returns the version it should show."""

    def ask(keeper: ReportKeeper, name: str) -> str:
        labels = gallery.bundle.labels.model_copy(update={"labels": {0: (name,)}})
        version = full_version(gallery.bundle.manifest.version, to_json(labels))
        keeper.refresh(labels, version, gallery.grouping(labels))
        return version

    return ask


def test_the_last_of_many_changes_is_what_the_report_shows(
    gallery: Gallery, ask: Callable[[ReportKeeper, str], str]
) -> None:
    with ReportKeeper(Report(gallery)) as keeper:
        for number in range(20):
            ask(keeper, f"name {number}")
        version = ask(keeper, "boat")
        assert keeper.wait(TIMEOUT)
        assert reported_version(gallery.folder) == version


def test_closing_waits_for_what_is_still_to_be_written(
    gallery: Gallery, ask: Callable[[ReportKeeper, str], str]
) -> None:
    with ReportKeeper(Report(gallery)) as keeper:
        version = ask(keeper, "boat")
    assert reported_version(gallery.folder) == version


def test_a_report_that_is_up_to_date_is_not_written_again(
    gallery: Gallery, ask: Callable[[ReportKeeper, str], str]
) -> None:
    with ReportKeeper(Report(gallery)) as keeper:
        ask(keeper, "boat")
    before = (gallery.folder / REPORT).stat()
    with ReportKeeper(Report(gallery)) as keeper:
        ask(keeper, "boat")
        assert keeper.wait(TIMEOUT)
    assert (gallery.folder / REPORT).stat() == before


class Blocked(Report):
    """A report that can't be written until it is let go."""

    def __init__(self, gallery: Gallery) -> None:
        super().__init__(gallery)
        self.free = threading.Event()
        self.error: Exception | None = None

    def write(self, labels: Labels, version: str, grouping: Grouping | None = None) -> None:
        self.free.wait(TIMEOUT)
        if self.error:
            raise self.error


def test_waiting_has_an_end(gallery: Gallery, ask: Callable[[ReportKeeper, str], str]) -> None:
    report = Blocked(gallery)
    with ReportKeeper(report) as keeper:
        ask(keeper, "boat")
        assert not keeper.wait(0.05)
        report.free.set()
        assert keeper.wait(TIMEOUT)


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        UserError("No space left on device"),
        ValueError("No space left on device"),  # a bug
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_failure_is_told_and_passes(
    gallery: Gallery, ask: Callable[[ReportKeeper, str], str], error: Exception
) -> None:
    report = Blocked(gallery)
    report.free.set()
    report.error = error
    with ReportKeeper(report) as keeper:
        ask(keeper, "boat")
        assert keeper.wait(TIMEOUT)
        assert keeper.problem == "report.html could not be written: No space left on device"
        report.error = None
        ask(keeper, "ship")
        assert keeper.wait(TIMEOUT)
        assert keeper.problem is None
