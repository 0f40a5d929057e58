"""The command line: which commands there are. What each does is in training/commands/."""

from __future__ import annotations

from shared.command_line.console import command_line
from training.commands import (
    assign,
    discover,
    eps,
    fetch,
    import_original,
    label,
    models,
    publish,
    report,
    rollback,
    train,
    update,
    versions,
    weights,
)

app = command_line("From a folder of pictures to named groups that Azure AI Search can find.")
app.command("weights")(weights.run)
app.command("train")(train.run)
app.command("update")(update.run)
app.command("discover")(discover.run)
app.command("eps")(eps.run)
app.command("assign")(assign.run)
app.command("label")(label.run)
app.command("models")(models.run)
app.command("report")(report.run)
app.command("import-original")(import_original.run)
app.command("publish")(publish.run)
app.command("versions")(versions.run)
app.command("rollback")(rollback.run)
app.command("fetch")(fetch.run)
