"""The short and the long form of the tests here, and the figures that they report."""

from __future__ import annotations

import pytest

from tests.soak.figures import PATH, Figures

_figures = pytest.StashKey[Figures]()


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether this is the long form, `make soak`."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Figures:
    """Where a test puts what it measured."""
    return request.config.stash.setdefault(_figures, Figures())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash.get(_figures, None)
    if figures is not None:
        figures.write()
        terminalreporter.section(f"figures, also in {PATH}")
        terminalreporter.write_line(figures.markdown())
