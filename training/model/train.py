"""The use case itself: a folder of pictures becomes a model, with its report."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from shared.embedding.embedder import Embedder, open_embedder
from shared.model.bundle import is_bundle, read_bundle
from shared.model.model_name import check_model_name
from shared.pictures.listing import list_pictures, remember_pictures
from shared.pictures.source import Listing, Source
from training.clustering.choice import Choice
from training.clustering.clusters import choose_parameters
from training.embedding.embeddings import Embedded, embed_with_cache
from training.embedding.workers import Workers
from training.engine import LOCAL, Engine
from training.gallery.gallery import Gallery
from training.model.build import Previous, Trained, build_model
from training.model.calibration import choose_graph
from training.model.categories import find_categories
from training.model.destination import check_destination
from training.model.ids import read_lineage
from training.model.names import NamesByPicture, check_exemplars
from training.model.options import Options
from training.model_lock import hold
from training.pictures.skipped import litter_in_words, skipped_in_words
from training.progress import Say, Show, no_progress
from training.report.cache import note_choices
from training.report.writer import Report


def train(
    pictures: str,
    options: Options,
    models: Path,
    *,
    given_names: NamesByPicture | None = None,
    categories: str | None = None,
    carry: bool = True,
    recalibrate: bool = False,
    engine: Engine = LOCAL,
    say: Say = print,
    show: Show = no_progress,
) -> Trained:
    """Find the groups in a folder (or at the URL of a container) and write the model into `models`/name.

    `categories` is what training.model.categories.find_categories takes. A model that stands there is replaced: with
    `carry`, its names go to the groups that continue its own, and, unless `recalibrate`, its int8 graph is used again.

    Raises a shared.errors.UserError that names the picture, file or option at fault.
    """
    check_model_name(options.name)  # refuse an impossible name now, not after the embedding
    folder = models / options.name
    check_destination(folder)
    with hold(folder, "training"):
        lineage = read_lineage(folder)
        previous = Previous(read_bundle(folder), folder) if carry and is_bundle(folder) else None
        listing = _list(pictures, say)
        sources = listing.pictures
        names = [source.name for source in sources]
        check_exemplars(given_names or {}, names)
        if categories:
            find_categories(categories, names)
        old_spec = previous.bundle.manifest.embedder if previous and not recalibrate else None
        options, graph = choose_graph(options, models, sources, old_spec, say)
        embedder, embedded = _embed(sources, options, graph, engine, show)
        trained = build_model(
            embedded,
            options,
            folder,
            given_names=given_names,
            categories=find_categories(categories, embedded.names) if categories else None,
            previous=previous,
            lineage=lineage,
            engine=engine,
        )
        trained = replace(trained, embedded=replace(embedded, skipped={**listing.left_out, **embedded.skipped}))
        remember_pictures(folder, pictures)
        gallery = Gallery(folder, trained.bundle, embedder, sources, trained.embedded)
        Report(gallery, note_choices(trained.choices)).write(trained.bundle.labels, trained.bundle.version)
    return trained


def explore_eps(
    pictures: str,
    options: Options,
    models: Path,
    *,
    engine: Engine = LOCAL,
    say: Say = print,
    show: Show = no_progress,
) -> Choice:
    """The parameters that `train` would choose, and what DBSCAN finds at others; raises the same errors."""
    listing = _list(pictures, say)
    sources = listing.pictures
    options, graph = choose_graph(options, models, sources, None, say)
    _, embedded = _embed(sources, options, graph, engine, show)
    for line in skipped_in_words({**listing.left_out, **embedded.skipped}):
        say(line)
    return choose_parameters(embedded.vectors, options.parameters(), engine)


def _list(pictures: str, say: Say) -> Listing[Source]:
    listing = list_pictures(pictures)
    for line in litter_in_words(listing.litter):
        say(line)
    return listing


def _embed(
    sources: Sequence[Source], options: Options, graph: Path, engine: Engine, show: Show
) -> tuple[Embedder, Embedded]:
    """The embedder is closed: clustering may need its memory, and the report embeds nothing."""
    with closing(open_embedder(options.spec(), graph)) as embedder:
        return embedder, embed_with_cache(sources, embedder, show, workers=Workers(engine, graph))
