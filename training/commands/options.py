"""Options that several commands share: where the pictures are, and what does the work."""

from __future__ import annotations

from typing import Annotated

import typer

from training.engine import EngineName

PicturesArgument = Annotated[
    str, typer.Argument(help="Folder of pictures, or the URL of a blob container; subfolders are included.")
]
MovedPicturesOption = Annotated[
    str | None,
    typer.Option("--pictures", help="Folder or URL of the pictures, if they are not where they were in training."),
]
EngineOption = Annotated[
    EngineName,
    typer.Option(
        help="What does the work: this process by all its [bold]threads[/], several [bold]processes[/], or the workers "
        "of a [bold]dask[/] scheduler. The result is the same."
    ),
]
SchedulerOption = Annotated[
    str | None, typer.Option(help="With dask: the scheduler's address, tcp://10.0.0.4:8786 say.")
]
