"""The command line: which commands there are. What each does is in training/commands/."""

from __future__ import annotations

import typer

from training.commands import (
    assign,
    eps,
    fetch,
    import_original,
    label,
    publish,
    report,
    rollback,
    train,
    versions,
    weights,
)

app = typer.Typer(
    help="From a folder of pictures to named groups that Azure AI Search can find.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("weights")(weights.run)
app.command("train")(train.run)
app.command("eps")(eps.run)
app.command("assign")(assign.run)
app.command("label")(label.run)
app.command("report")(report.run)
app.command("import-original")(import_original.run)
app.command("publish")(publish.run)
app.command("versions")(versions.run)
app.command("rollback")(rollback.run)
app.command("fetch")(fetch.run)
