"""The command line: pictures into the container, objects into the search service, questions to the index."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.search.session import say, session
from infra.search.settings import Variant, load_search_settings
from shared.command_line.console import command_line, console, count, errors_in_words, fail, flag, progress
from shared.settings import Settings, load_settings

if TYPE_CHECKING:
    from infra.search.clients import Clients

app = command_line("Search for pictures by the names of their groups, on Azure AI Search.")

# A role of a deployment that has just ended takes minutes to be known everywhere.
_ROLE_SECONDS = 600.0

_VariantOption = Annotated[
    Variant | None, typer.Option(help="[bold]projections[/]: a document per picture; [bold]simple[/]: one per blob.")
]
_VectorOption = Annotated[
    bool | None, flag("--vector/--no-vector", "Keep embeddings, to find pictures like another one.")
]
_TimeoutOption = Annotated[float, typer.Option(help="Seconds to wait for roles to propagate and the skill to load.")]
_JsonOption = Annotated[bool, flag("--json", "Print the result as JSON.")]


@app.command()
def upload(folder: Annotated[Path, typer.Argument(help="Folder of pictures; subfolders are included.")]) -> None:
    """Put pictures into the container; unchanged ones are skipped."""
    from infra.search.pictures import Uploaded
    from infra.search.pictures import upload as send
    from infra.search.retrying import RetryDeadline
    from shared.pictures.folder import find_pictures

    with session() as clients:

        def send_all() -> Uploaded:
            with progress("Uploading", len(find_pictures(folder))) as advance:
                return send(clients.images, folder, advance)

        uploaded = RetryDeadline(_ROLE_SECONDS, say).with_roles(send_all)
        say(f"Sent {uploaded.sent} pictures, {uploaded.unchanged} were there already")


@app.command()
def remove(
    names: Annotated[list[str] | None, typer.Argument(help="Names of pictures in the container.")] = None,
    purge: Annotated[bool, flag("--purge", "Delete marked pictures that the index no longer holds, for good.")] = False,
) -> None:
    """Mark pictures for deletion: the next run takes them out of the index."""
    from infra.search import gaps, pictures

    with session() as clients:
        if not names and not purge:
            fail("name the pictures to mark, or give --purge to delete those that are marked")
        if names:
            pictures.mark_deleted(clients.images, names)
            say(f"Marked {len(names)} pictures; `run` takes them out of the index")
        if purge:
            gone = pictures.purge(clients.images, gaps.held(clients.images, clients.documents))
            say(f"Deleted {len(gone)} pictures from the container")


@app.command()
def render(
    folder: Annotated[Path, typer.Argument(help="Where to write datasource, index, skillset and indexer.json.")],
    variant: _VariantOption = None,
    vector: _VectorOption = None,
) -> None:
    """Write the definitions that deploy would send, checked and without secrets."""
    from infra.search.checks import check
    from infra.search.definitions import render as rendered
    from infra.search.reports import write_definitions

    with errors_in_words():
        definitions = rendered(load_search_settings({"search_variant": variant, "search_vector": vector}))
        check(definitions)
        write_definitions(definitions, folder)
        say(f"Wrote {folder}")


@app.command()
def deploy(
    variant: _VariantOption = None,
    vector: _VectorOption = None,
    timeout: _TimeoutOption = _ROLE_SECONDS,
    patience: Annotated[float | None, typer.Option(hidden=True, help="What --timeout was called before.")] = None,
) -> None:
    """Create or update data source, index, skillset and indexer. The first time, this also runs the indexer."""
    from infra.search.deploy import deploy as send
    from infra.search.retrying import RetryDeadline

    with session({"search_variant": variant, "search_vector": vector}) as clients:
        send(clients, RetryDeadline(timeout if patience is None else patience, say), say)


@app.command()
def run(
    retry: Annotated[bool, flag("--retry/--no-retry", "Read again what the run before failed on.")] = True,
) -> None:
    """Run the indexer, wait for it and report: new and changed pictures are read, marked ones leave the index."""
    from infra.search.reports import show_run
    from infra.search.runs import run as start

    with session() as clients, console.status("Indexing") as shown:
        for finished in start(
            clients,
            retry=retry,
            watch=lambda now: shown.update(f"Indexing: {now.processed} documents so far"),
            queued=lambda: shown.update("Waiting for the service to start the run"),
        ):
            show_run(finished)


@app.command()
def reset() -> None:
    """Forget what has been indexed: the next run reads every picture again."""
    from infra.search.runs import reset as forget

    with session() as clients:
        forget(clients)
        say("The next `run` reads every picture again")


@app.command()
def rebuild(timeout: _TimeoutOption = _ROLE_SECONDS) -> None:
    """Read everything anew beside what is there, compare, and let queries read that. For a new model or definition."""
    from infra.search.rebuild import rebuild as build
    from infra.search.reports import show_run
    from infra.search.retrying import RetryDeadline

    with session() as clients, console.status("Indexing") as shown:
        build(
            clients,
            RetryDeadline(timeout, say),
            say,
            told=show_run,
            watch=lambda now: shown.update(f"Indexing: {now.processed} documents so far"),
        )


@app.command()
def switch(
    build: Annotated[str | None, typer.Argument(help="Name of the build. Without one, the one before.")] = None,
) -> None:
    """Let queries read another build of the index: after a rebuild, go back with one command."""
    from infra.search.rebuild import switch as move

    with session() as clients:
        move(clients, build, say)


@app.command()
def prune(yes: Annotated[bool, flag("--yes", "Do not ask.")] = False) -> None:
    """Delete the builds of the index that queries don't read."""
    from infra.search.rebuild import prune as delete_others

    with session() as clients:
        if not yes:
            typer.confirm(f"Delete every build of {clients.settings.search_name_prefix} but the current?", abort=True)
        delete_others(clients, say)


@app.command()
def status(as_json: _JsonOption = False) -> None:
    """Say what became of the last run, what the index lacks, what an older model answered, which groups drift."""
    from infra.search.reports import print_status, show_status
    from infra.search.status import read_status

    with session() as clients:
        (print_status if as_json else show_status)(read_status(clients, load_settings()))


@app.command()
def query(
    words: Annotated[str, typer.Argument(help="Words to find, in the service's simple syntax.")] = "*",
    any_word: Annotated[bool, flag("--any", "One of the words is enough, rather than all.")] = False,
    where: Annotated[str | None, typer.Option("--filter", help="OData filter: [dim]cluster_id eq 2[/].")] = None,
    facet: Annotated[list[str] | None, typer.Option(help="Count the values of a field.")] = None,
    like: Annotated[
        str | None, typer.Option("--similar-to", help="Pictures like this one: an indexed id or file name, or a file.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=1000, help="How many hits to print.")] = 50,
    as_json: _JsonOption = False,
) -> None:
    """Find pictures. Prints a line each, separated by tabs: [bold]hit[/], the query, the file name, the labels."""
    from infra.search.queries import Question, ask
    from infra.search.reports import print_answer, print_answer_json
    from infra.search.skill import Skill

    question = Question(words, "any" if any_word else "all", where, facet or (), like, top)
    with session() as clients:
        skill = Skill(clients.settings, lambda: clients.login) if like and clients.settings.skill_url else None
        fields = clients.indexes.get_index(clients.index).fields
        answer = ask(clients.documents, fields, question, skill)
        if as_json:
            print_answer_json(answer)
        else:
            print_answer(like or words, answer)


@app.command()
def relabel() -> None:
    """Bring the groups' current names into the index, new groups among them, without reading a picture again."""
    with session() as clients:
        _relabel(clients, load_settings())


@app.command()
def publish(
    model: Annotated[str, typer.Argument(help="The model: its folder, or its name if it is in models/.")],
) -> None:
    """Publish a model into MODEL_STORE and bring its names and new groups into the index, as relabel does."""
    command = [sys.executable, "-m", "training", "publish", model, "--json"]
    with session() as clients:
        settings = load_settings()
        finished = subprocess.run(command, stdout=subprocess.PIPE, check=False)
        if finished.returncode:  # it said why
            raise typer.Exit(finished.returncode)
        move = json.loads(finished.stdout)
        say(f"Published {move['name']} {move['version']}")
        if move["name"] != settings.model_name:
            fail(
                f"MODEL_NAME is {settings.model_name}, whose names the index has: those of {move['name']} are for "
                "an index of its own"
            )
        _relabel(clients, settings)


def _relabel(clients: Clients, settings: Settings) -> None:
    from infra.search.recognize import read_served, recognize
    from infra.search.relabel import read_names
    from infra.search.relabel import relabel as merge
    from infra.search.reports import show_relabelled

    names = read_names(settings)
    fields = clients.indexes.get_index(clients.index).fields
    done = merge(clients.documents, fields, names)
    show_relabelled(names.version, done, recognize(clients.documents, fields, read_served(settings)))


@app.command()
def unclustered(file: Annotated[Path, typer.Argument(help="Where to write them.")]) -> None:
    """Write what the index has in no group, with its vectors, for [bold]python -m training discover --index[/]."""
    from infra.search.met import read_met
    from infra.search.recognize import read_served
    from shared.files import write_atomically

    with session() as clients:
        met = read_met(clients, read_served(load_settings()))
        write_atomically(file, met.model_dump_json().encode())
        say(f"{count(len(met.pictures), 'picture')} of the index in no group")


@app.command()
def words(
    model: Annotated[Path, typer.Argument(help="Folder of the model whose groups are to be named.")],
    field: Annotated[
        list[str] | None, typer.Option(help="A field of the index. Without one, Computer Vision's tags and caption.")
    ] = None,
) -> None:
    """Bring what the index says about the pictures to a model, so that the naming page suggests names by it."""
    from infra.search.words import read_texts
    from shared.model.bundle import read_manifest
    from shared.model.words import write_words

    with session() as clients:
        read_manifest(model)
        texts = read_texts(
            clients.images, clients.documents, clients.indexes.get_index(clients.index).fields, field or ()
        )
        say(f"Wrote the words of {len(texts)} pictures to {write_words(model, texts)}")


@app.command()
def delete(yes: Annotated[bool, flag("--yes", "Do not ask.")] = False) -> None:
    """Delete the index and what fills it. The pictures stay."""
    from infra.search.deploy import delete as take_away

    with session() as clients:
        if not yes:
            typer.confirm(f"Delete the index {clients.settings.search_name_prefix} and what fills it?", abort=True)
        take_away(clients, say)
