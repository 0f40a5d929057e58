"""What axe-core, the accessibility checker, finds on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

_AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_SERIOUS = {"serious", "critical"}

needs_axe = pytest.mark.skipif(
    not _AXE.exists(), reason="NOT RUN: there is no axe-core, so nothing checked accessibility (npm ci)"
)


def serious_findings(page: Page) -> list[str]:
    """Rules that the page breaks seriously, with the elements that break them."""
    # Through the debugging protocol, because the page's own policy admits no foreign script.
    page.evaluate(_AXE.read_text("utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for violation in found["violations"]
        if violation["impact"] in _SERIOUS
        for node in violation["nodes"]
    ]
