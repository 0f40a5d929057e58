"""A group that holds several things, divided by what sets its pictures apart: each picture is in one part."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import AgglomerativeClustering, BisectingKMeans

from training.gallery.gallery import Gallery, Group

# Ward's method compares all pairs: 32 MB here. Larger groups are halved again and again instead.
_MOST_PAIRWISE = 2_000


def split_parts(gallery: Gallery, group: Group, count: int) -> list[tuple[int, ...]]:
    """Divide a group into `count` parts, the largest first; fewer where its pictures are not that many different ones.

    More parts divide one of the fewer. Pictures are in the group's order, most central first.
    """
    points = gallery.points[list(group.pictures)]
    different = len(np.unique(points, axis=0))
    if different < count:
        return []
    if len(points) <= _MOST_PAIRWISE:
        labels = AgglomerativeClustering(count, linkage="ward").fit_predict(points)
    else:
        labels = BisectingKMeans(count, random_state=0).fit_predict(points)
    members = [np.array(group.pictures)[labels == part].tolist() for part in range(count)]
    return sorted((tuple(part) for part in members), key=lambda part: (-len(part), part))
