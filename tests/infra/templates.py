"""`python -m tests.infra.templates FOLDER`: what would be deployed, as flat ARM templates for checkov.

The compiled template itself names its resources in an object (`languageVersion` 2.0), in which checkov finds none.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.infra.snapshots import deployed

CASES: dict[str, dict[str, Any]] = {
    "public": {"compare": True},
    "dedicated": {"plan": "dedicated", "entraClientId": "the-registration"},
    "private": {"plan": "dedicated", "network": "private", "searchSku": "standard2", "zoneRedundant": True},
}
"""Between them, every kind of resource, open and closed."""

_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def write_templates(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, parameters in CASES.items():
        resources = [each.body for each in deployed(**parameters).resources]
        template = {"$schema": _SCHEMA, "contentVersion": "1.0.0.0", "resources": resources}
        (folder / f"{name}.json").write_text(json.dumps(template, indent=2), encoding="utf-8")


if __name__ == "__main__":
    write_templates(Path(sys.argv[1]))
