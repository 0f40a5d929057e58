"""Whatever a person does on the page, training again on the same pictures changes nothing of it."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.model.bundle import Labels, read_bundle, write_labels
from shared.model.core_samples import NOISE
from tests.training.model.blobs import blob, bridge, embedded, named
from tests.training.model.retraining import Pictures, fit
from tests.training.plain_embedder import plain_embedder
from training.gallery.gallery import Gallery
from training.page.edited import EditError
from training.page.edits import (
    Apart,
    Belong,
    Edit,
    Mark,
    Merge,
    Move,
    Name,
    PutBack,
    Remove,
    Split,
    Unsure,
    apply,
    shown_grouping,
)

PICTURES: Pictures = (
    named("book", blob(1, 4))
    | named("map", blob(2, 4))
    | named("dog", blob(5, 3))
    | named("wolf", blob(5, 3, seed=9))
    | {"odd0.jpg": bridge(1, 2)[2], "odd1.jpg": blob(7, 1)[0]}
)

picture = st.integers(0, len(PICTURES) - 1)
pictures = st.lists(picture, min_size=1, max_size=3, unique=True).map(tuple)
group = st.integers(0, 5)
names = st.sampled_from(["book", "map", "dog", "wolf", "odd"])

edits = st.lists(
    st.one_of(
        st.builds(Name, op=st.just("name"), group=group, add=st.tuples(names)),
        st.builds(Remove, op=st.just("remove"), pictures=pictures),
        st.builds(PutBack, op=st.just("put_back"), pictures=pictures),
        st.builds(Move, op=st.just("move"), pictures=pictures, group=group),
        st.builds(Move, op=st.just("move"), pictures=pictures, name=names),
        st.builds(Mark, op=st.just("mark"), group=group, not_group=st.booleans()),
        st.builds(Unsure, op=st.just("unsure"), pictures=pictures),
        st.builds(
            Belong,
            op=st.just("belong"),
            yes=st.lists(picture, max_size=2).map(tuple),
            no=st.lists(picture, max_size=2).map(tuple),
            group=group,
        ),
        st.builds(Merge, op=st.just("merge"), groups=st.tuples(group, group), names=st.tuples(names)),
        st.builds(Apart, op=st.just("apart"), groups=st.tuples(group, group)),
        st.builds(Split, op=st.just("split"), group=group, parts=st.integers(2, 3), names=st.tuples(names, names)),
    ),
    min_size=1,
    max_size=8,
)


class _Source:
    """A picture of which nothing but the name is asked."""

    def __init__(self, name: str) -> None:
        self.name = name


def open_gallery(folder: Path) -> Gallery:
    sources = [_Source(name) for name in PICTURES]
    return Gallery(folder, read_bundle(folder), plain_embedder(), sources, embedded(PICTURES))  # pyright: ignore[reportArgumentType]


def edit(gallery: Gallery, made: list[Edit]) -> Labels:
    labels = gallery.bundle.labels
    for each in made:
        grouping = shown_grouping(gallery, labels, gallery.grouping(labels))
        try:
            labels = apply(each, gallery, labels, grouping).labels
        except EditError:
            continue
    return labels


def answers(gallery: Gallery) -> list[tuple[str, ...]]:
    """The names that the Function answers for each picture."""
    return [found.names for found in gallery.model(gallery.bundle.labels).assign(gallery.vectors)]


def together(gallery: Gallery) -> set[frozenset[int]]:
    """Which pictures are together."""
    labels = gallery.bundle.labels
    clusters = shown_grouping(gallery, labels, gallery.grouping(labels)).clusters
    return {
        frozenset(np.flatnonzero(clusters == cluster).tolist()) for cluster in np.unique(clusters[clusters != NOISE])
    }


@given(edits)
@example([Split(op="split", group=0, parts=2, names=("book", "book")), Remove(op="remove", pictures=(1,))])
@example([Belong(op="belong", no=(4,), group=0), Unsure(op="unsure", pictures=(4,))])
@example([Move(op="move", pictures=(0,), name="book"), Remove(op="remove", pictures=(0,))])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_all_edits_at_once_survive_training_again(made: list[Edit]) -> None:
    with TemporaryDirectory() as root:
        folder = Path(root) / "books"
        fit(folder, PICTURES)
        write_labels(folder, edit(open_gallery(folder), made))
        before = open_gallery(folder)
        fit(folder, PICTURES, folder)
        after = open_gallery(folder)
    assert together(after) == together(before)
    assert answers(after) == answers(before)
