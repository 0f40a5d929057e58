"""A gallery, its grouping and the names become the page. Whatever comes from outside is escaped by the template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from shared.model.assigner import apply_edits
from shared.model.bundle import Labels
from shared.model.core_samples import NOISE
from training.gallery.copies import are_copies
from training.gallery.gallery import Gallery, Group, Grouping
from training.report.cache import Choice, is_weak
from training.report.chart import WIDTH, draw
from training.report.map_labels import MapLabel, lay_out
from training.report.picture_map import Positions
from training.report.templates import digest, page_script, page_style, template
from training.report.thumbnails import Inlined
from training.report.wording import clustering_in_words, edits_in_words, metric_in_words, parameters_in_words

_COLOURS = 12  # in theme.css; more groups share them, and have their names on the map
_AT_FIRST = 48  # pictures of a group that are shown before somebody asks for the rest
_MAP_MARGIN = 24


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture with its thumbnail."""

    picture: int
    name: str
    thumbnail: Inlined
    note: str
    """How far it is from the nearest core sample, if it is none itself; or that it is a copy of one shown before."""


@dataclass(frozen=True, slots=True)
class Section:
    """A group, or the pictures in none."""

    cluster: int
    title: str
    names: tuple[str, ...]
    size: int
    share: float
    distance: str
    colour: int
    first: tuple[Shown, ...]
    rest: tuple[Shown, ...]

    @property
    def left_out(self) -> int:
        return self.size - len(self.first) - len(self.rest)


@dataclass(frozen=True, slots=True)
class Category:
    """Groups that were trained together, apart from those of other categories; all, where there are none."""

    name: str
    """Empty where there are no categories."""
    sections: tuple[Section, ...]
    pictures: int
    unclustered: int
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class Dot:
    picture: int
    name: str
    x: str
    y: str
    cluster: int
    colour: str
    """A class of the style sheet."""


def render(
    gallery: Gallery,
    labels: Labels,
    version: str,
    grouping: Grouping,
    positions: Positions,
    choices: Sequence[Choice],
    thumbnails: Mapping[int, Inlined],
) -> bytes:
    """report.html. `positions` has a row for each picture of the gallery; `version` is the model's with these names."""
    sections = [
        _section(gallery, labels, grouping, group, thumbnails)
        for group in sorted(grouping.groups, key=lambda group: (-len(group.pictures), group.cluster))
    ]
    dots = _dots(gallery, grouping, positions)
    manifest = gallery.bundle.manifest
    categories = _categories(gallery, labels, grouping, choices, sections)
    style, script = page_style(), page_script()
    page = template("report.html").render(
        manifest=manifest,
        version=version,
        sections=sections,
        categories=categories,
        largest=max((section.size for section in sections), default=1),
        named=sum(bool(section.names) for section in sections),
        unclustered=_unclustered(gallery, grouping, thumbnails),
        edits=edits_in_words(labels),
        parameters=({} if manifest.categories else categories[0].parameters) | parameters_in_words(manifest),
        metric_name=metric_in_words(manifest),
        left_out=len(gallery.names) - len(thumbnails),
        missing=gallery.missing,
        untrained=int((~gallery.trained).sum()),
        skipped=gallery.skipped,
        dots=dots,
        map_labels=_map_labels(sections, dots),
        width=WIDTH,
        weak=is_weak(choices),
        charts=[(choice, draw(choice.curve, choice.eps)) for choice in choices],
        style=style,
        script=script,
        style_hash=digest(style),
        script_hash=digest(script),
    )
    return page.encode()


def _section(
    gallery: Gallery, labels: Labels, grouping: Grouping, group: Group, thumbnails: Mapping[int, Inlined]
) -> Section:
    names = labels.labels.get(group.cluster, ())
    shown = _shown(gallery, grouping, group.pictures, thumbnails)
    return Section(
        cluster=group.cluster,
        title=", ".join(names) or f"Group {group.cluster}",
        names=names,
        size=len(group.pictures),
        share=len(group.pictures) / len(gallery.names),
        distance=f"{group.distance_to_centre:.3f}",
        colour=group.cluster % _COLOURS,
        first=shown[:_AT_FIRST],
        rest=shown[_AT_FIRST:],
    )


def _categories(
    gallery: Gallery, labels: Labels, grouping: Grouping, choices: Sequence[Choice], sections: Sequence[Section]
) -> list[Category]:
    bundle = gallery.bundle
    apart = bool(bundle.manifest.categories)
    _, radius, _ = apply_edits(bundle.arrays, labels)
    of_group = {group.cluster: gallery.category_of(group) or "" for group in grouping.groups}
    # Pictures that came after training have no category but their group's.
    of_picture = [
        (category or of_group.get(cluster, "")) if apart else ""
        for category, cluster in zip(gallery.categories, grouping.clusters.tolist(), strict=True)
    ]
    chosen = {choice.category: choice for choice in choices}
    found: list[Category] = []
    for name in sorted({*of_picture, *of_group.values()}):
        own = tuple(section for section in sections if of_group[section.cluster] == name)
        radii = [float(radius[section.cluster]) for section in own]
        found.append(
            Category(
                name=name,
                sections=own,
                pictures=of_picture.count(name),
                unclustered=sum(of_picture[picture] == name for picture in grouping.unclustered),
                parameters=clustering_in_words(bundle.manifest, chosen.get(name), radii),
            )
        )
    return [category for category in found if category.name or category.sections or not apart]


def _unclustered(gallery: Gallery, grouping: Grouping, thumbnails: Mapping[int, Inlined]) -> Section:
    shown = _shown(gallery, grouping, grouping.unclustered, thumbnails)
    size = len(grouping.unclustered)
    share = size / len(gallery.names)
    return Section(NOISE, "Unclustered", (), size, share, "", 0, shown[:_AT_FIRST], shown[_AT_FIRST:])


def _shown(
    gallery: Gallery, grouping: Grouping, pictures: Sequence[int], thumbnails: Mapping[int, Inlined]
) -> tuple[Shown, ...]:
    """Copies of others come last."""
    shown = np.array([picture for picture in pictures if picture in thumbnails], dtype=np.intp)
    copies = are_copies(gallery.vectors[shown])
    order = np.argsort(copies, kind="stable")
    return tuple(
        Shown(
            picture,
            gallery.names[picture],
            thumbnails[picture],
            "copy" if is_copy else _worded(float(grouping.distances[picture])),
        )
        for picture, is_copy in zip(shown[order].tolist(), copies[order].tolist(), strict=True)
    )


def _worded(distance: float) -> str:
    text = f"{distance:.3f}"
    return "" if text == "0.000" or not isfinite(distance) else text


def _dots(gallery: Gallery, grouping: Grouping, positions: Positions) -> list[Dot]:
    """One for each picture, group by group, so that the arrow keys walk through one group after the other."""
    order = [picture for group in grouping.groups for picture in group.pictures]
    places = _MAP_MARGIN + positions * (WIDTH - 2 * _MAP_MARGIN)
    return [
        Dot(
            picture=picture,
            name=gallery.names[picture],
            x=f"{places[picture, 0]:.1f}",
            y=f"{places[picture, 1]:.1f}",
            cluster=int(grouping.clusters[picture]),
            colour=_colour(int(grouping.clusters[picture])),
        )
        for picture in (*order, *grouping.unclustered)
    ]


def _colour(cluster: int) -> str:
    return "none" if cluster == NOISE else f"c{cluster % _COLOURS}"


def _map_labels(sections: Sequence[Section], dots: Sequence[Dot]) -> list[MapLabel]:
    """Each group's title above the middle (median) of its dots."""
    wanted: list[MapLabel] = []
    for section in sections:
        own = np.array([(float(dot.x), float(dot.y)) for dot in dots if dot.cluster == section.cluster])
        x, y = np.median(own, axis=0)
        wanted.append(MapLabel(float(x), float(y), section.title, section.colour))
    return lay_out(wanted, WIDTH)
