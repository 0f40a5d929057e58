"""`python -m training label`: a local page on which a person looks at the groups and names them."""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer

from shared.command_line.console import console, count, errors_in_words, progress, say
from training.commands.options import ModelArgument, MovedPicturesOption


def run(
    bundle: ModelArgument,
    pictures: MovedPicturesOption = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port at 127.0.0.1; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page; without, only its link is printed.")] = True,
) -> None:
    """Name the groups, split them, remove pictures: on a page that only this machine can open."""
    from training.gallery.gallery import open_gallery
    from training.page.server import check_free, serve

    def ready(link: str) -> None:
        typer.echo(link)
        console.print("Every change is saved at once. Ctrl+C ends the page.")
        if browser:
            webbrowser.open(link)

    with errors_in_words():
        check_free(bundle, port)
        gallery = open_gallery(bundle, pictures, say, progress)
        if not gallery.trained.any():
            console.print(
                "[yellow]None of the pictures was there in training;[/] they are grouped as they would answer"
            )
        elif gallery.missing:
            lost = count(len(gallery.missing), "picture trained on is", "pictures trained on are")
            console.print(f"[yellow]{lost} not in the folder any more[/]")
        serve(gallery, port, ready)
