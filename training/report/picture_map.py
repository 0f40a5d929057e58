"""All pictures on a plane, similar ones close together: the same pictures always give the same map.

PCA alone shows two or three kinds of pictures and piles the others up; t-SNE (van der Maaten and Hinton, 2008) keeps
neighbours together. It starts from PCA's plane, so that large-scale order survives and chance has no part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.neighbors import KNeighborsRegressor
from threadpoolctl import threadpool_limits

type Positions = NDArray[np.float32]
"""Shape (n, 2): x and y, each within 0 to 1."""

# t-SNE's cost grows a little faster than the number of pictures. Beyond these many, spread evenly over the folder, a
# picture goes where the ones most like it are.
_LANDMARKS = 3000
_NEIGHBOURS = 5
# Fewer pictures than this have no neighbourhoods worth keeping.
_TOO_FEW = 8
# Principal components handed to t-SNE, as its authors do; they hold most of the variance, and the rest is noise.
_COMPONENTS = 50
_PERPLEXITY = 30
_ITERATIONS = 500


def place(points: NDArray[np.float32]) -> Positions:
    """Place n points of shape (n, dimensions), n at least 1, so that Euclidean neighbours are neighbours on the map."""
    # Sums of several threads depend on who finishes first, and t-SNE magnifies the last digit into another map. With
    # little to do for each, threads that wait for one another are also slower.
    with threadpool_limits(1):
        chosen = np.unique(np.linspace(0, len(points) - 1, min(len(points), _LANDMARKS)).round().astype(np.intp))
        positions = _place_landmarks(points[chosen])
        if len(chosen) < len(points):
            landmarks = KNeighborsRegressor(_NEIGHBOURS).fit(points[chosen], positions)
            everywhere = landmarks.predict(points)
            everywhere[chosen] = positions
            positions = everywhere
    return _fit_unit_square(positions)


def _place_landmarks(points: NDArray[np.float32]) -> Positions:
    components = _principal_components(points)
    plane = components[:, :2]
    deviation = float(plane[:, 0].std())
    if len(points) < _TOO_FEW or deviation == 0:
        return plane
    perplexity = min(_PERPLEXITY, (len(points) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, max_iter=_ITERATIONS, random_state=0)
    return tsne.set_params(init=plane / deviation * 1e-4).fit_transform(components)


def _principal_components(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shape (n, 2 to 50); zeros where there are fewer points or dimensions than two."""
    count = min(_COMPONENTS, *points.shape)
    # Alike pictures have no variance to divide by, and a single one has nothing else.
    scores = np.zeros((len(points), max(count, 2)), dtype=np.float32)
    if np.ptp(points, axis=0).any():
        scores[:, :count] = PCA(count, svd_solver="full").fit_transform(points.astype(np.float64))
    return scores


def _fit_unit_square(positions: Positions) -> Positions:
    """Scale both axes alike, so that distances keep their proportions, and centre the shorter one."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    extent = float((high - low).max()) or 1.0
    return ((positions - (low + high) / 2) / extent + 0.5).astype(np.float32)
