"""Options that several commands share: where the pictures are, and what does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shared.command_line.console import flag
from shared.model.bundle import MANIFEST
from training.engine import EngineName

EMBEDDINGS_ARE_KEPT = "The embeddings made so far are kept: run the same command again to resume."
"""What an interrupted command says."""

MODELS = Path("models")
"""Where `train` puts models unless another folder is given."""


def find_model(given: Path) -> Path:
    """The folder of a model that is named by it, or by its name alone. Says which models there are if it is neither."""
    for folder in (given, MODELS / given):
        if (folder / MANIFEST).exists():
            return folder
    if given.exists() or len(given.parts) > 1:
        return given  # reading it says what is missing
    there = ", ".join(sorted(path.parent.name for path in MODELS.glob(f"*/{MANIFEST}"))) or "none yet"
    raise typer.BadParameter(f"{given} is neither a model's folder nor one of the models in {MODELS}/: {there}")


ModelArgument = Annotated[
    Path, typer.Argument(help="The model: its folder, or its name if it is in models/.", callback=find_model)
]
JsonOption = Annotated[bool, flag("--json", "Print the result as JSON.")]
PicturesArgument = Annotated[
    str, typer.Argument(help="Folder of pictures, or the URL of a blob container; subfolders are included.")
]
MovedPicturesOption = Annotated[
    str | None,
    typer.Option("--pictures", help="Folder or URL of the pictures, if they are not where they were in training."),
]
CategoriesOption = Annotated[
    str | None, typer.Option(help="For a model trained by category, each picture's, as for train.")
]
EngineOption = Annotated[
    EngineName,
    typer.Option(
        help="What does the work: this process by all its [bold]threads[/], several [bold]processes[/], or the workers "
        "of a [bold]dask[/] scheduler. The result is the same."
    ),
]
NeighboursOption = Annotated[
    str,
    typer.Option(
        help="Of each picture, the nearest ones that count when two are compared by the neighbours they share: "
        "[bold]auto[/] finds it from the pictures, 0 compares embeddings alone (plain DBSCAN, as the original sample)."
    ),
]
SchedulerOption = Annotated[
    str | None, typer.Option(help="With dask: the scheduler's address, tcp://10.0.0.4:8786 say.")
]


def neighbours_given(text: str) -> int | None:
    """The number, or None for auto. Raises typer.BadParameter."""
    if text == "auto":
        return None
    if not text.isascii() or not text.isdigit():
        raise typer.BadParameter(f"{text!r} is neither auto nor a number", param_hint="--neighbours")
    return int(text)
