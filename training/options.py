"""Options that several commands share: where the pictures are."""

from __future__ import annotations

from typing import Annotated

import typer

PicturesArgument = Annotated[
    str, typer.Argument(help="Folder of pictures, or the URL of a blob container; subfolders are included.")
]
MovedPicturesOption = Annotated[
    str | None,
    typer.Option("--pictures", help="Folder or URL of the pictures, if they are not where they were in training."),
]
