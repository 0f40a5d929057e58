"""Writes report.html, again whenever a name changes: what takes long is done once and kept."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import numpy as np

from shared.files import write_atomically
from shared.model.bundle import REPORT, Labels
from training.gallery.gallery import Gallery, Grouping, open_gallery
from training.progress import Say, Show
from training.report.cache import Choice, ReportCache, read_cache, write_cache
from training.report.picture_map import Positions, place
from training.report.render import render
from training.report.thumbnails import BUDGET, Inlined, Thumbnails


class Report:
    """The report of one gallery. To be used by one thread at a time."""

    def __init__(self, gallery: Gallery, choices: Iterable[Choice] | None = None, budget: int = BUDGET) -> None:
        """`choices` is how training has just chosen eps; without it, what training noted then is read."""
        self.gallery = gallery
        self._thumbnails = Thumbnails(gallery, budget)
        self._choices = None if choices is None else tuple(choices)

    def write(self, labels: Labels, version: str, grouping: Grouping | None = None) -> None:
        """Replace report.html: the labels as they are, the model's version with them, and the grouping if known."""
        grouping = grouping or self.gallery.grouping(labels)
        thumbnails, positions = self.prepare(grouping)
        page = render(self.gallery, labels, version, grouping, positions, self._cache.choices, thumbnails)
        write_atomically(self.gallery.folder / REPORT, page)

    def prepare(self, grouping: Grouping) -> tuple[dict[int, Inlined], Positions]:
        """What takes long the first time: thumbnails, and places on the map unless they were noted before."""
        by_size = sorted((group.pictures for group in grouping.groups), key=len, reverse=True)
        return self._thumbnails.choose([*by_size, grouping.unclustered]), self._positions

    @cached_property
    def _cache(self) -> ReportCache:
        manifest = self.gallery.bundle.manifest
        if self._choices is None:
            return read_cache(self.gallery.folder, manifest)
        return ReportCache(version=manifest.version, choices=self._choices)

    @cached_property
    def _positions(self) -> Positions:
        names, noted = self.gallery.names, self._cache.positions
        if all(name in noted for name in names):
            return np.array([noted[name] for name in names], dtype=np.float32)
        positions = place(self.gallery.points)
        places = {name: (round(float(x), 4), round(float(y), 4)) for name, (x, y) in zip(names, positions, strict=True)}
        write_cache(self.gallery.folder, self._cache.model_copy(update={"positions": places}))
        return positions


def rewrite_report(bundle: Path, pictures: str | None, say: Say, show: Show) -> None:
    """Write a bundle's report.html again, with its names as they are now.

    `pictures` is where they are if they have moved since training. Raises a shared.errors.UserError that says what is
    missing.
    """
    gallery = open_gallery(bundle, pictures, say, show)
    Report(gallery).write(gallery.bundle.labels, gallery.bundle.version)
