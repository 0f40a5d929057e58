"""Tables that several commands print."""

from __future__ import annotations

from rich.table import Table


def models_table(title: str, *about: str) -> Table:
    """A table of models or versions: columns that say which one it is, then how much is in it, still without rows."""
    table = Table(title=title)
    for heading in about:
        table.add_column(heading, no_wrap=True)
    for heading in ("Pictures", "Groups", "Named"):
        table.add_column(heading, justify="right")
    return table
