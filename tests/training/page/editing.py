"""One edit after another, and which pictures are in a group then."""

from shared.model.bundle import Labels
from training.gallery.gallery import Gallery
from training.page.edited import Edited
from training.page.edits import Edit, Name, PutBack, Remove, apply, shown_grouping

BOATS, APPLES, CUPS = 0, 1, 2


def make(gallery: Gallery, labels: Labels, edit: Edit) -> Edited:
    return apply(edit, gallery, labels, shown_grouping(gallery, labels, gallery.grouping(labels)))


def after(gallery: Gallery, *edits: Edit) -> Labels:
    labels = gallery.bundle.labels
    for edit in edits:
        labels = make(gallery, labels, edit).labels
    return labels


def pictures(gallery: Gallery, labels: Labels, cluster: int) -> list[str]:
    clusters = gallery.grouping(labels).clusters
    return [name for name, found in zip(gallery.names, clusters, strict=True) if found == cluster]


def name(*add: str, remove: tuple[str, ...] = (), group: int = BOATS) -> Name:
    return Name(op="name", group=group, add=add, remove=remove)


def out(picture: int) -> Remove:
    return Remove(op="remove", pictures=(picture,))


def back(picture: int) -> PutBack:
    return PutBack(op="put_back", pictures=(picture,))
