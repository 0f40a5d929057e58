"""How likely pictures are to be of each group, learnt from the pictures that are in groups now."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import fminbound
from scipy.special import log_softmax, softmax
from sklearn.covariance import ledoit_wolf
from sklearn.decomposition import PCA

from shared.embedding.embedder import Vectors

# Dimensions and pictures from which groups are told apart: with all of them a large model would take minutes.
_DIMENSIONS = 512
_MOST_LEARNT = 5_000

# A picture in a group is compared with groups learnt without it and every so many others.
_FOLDS = 5

type Shares = NDArray[np.float64]
"""Probability of each group for each picture, shape (pictures, groups)."""


def group_shares(points: Vectors, columns: NDArray[np.intp], count: int) -> Shares:
    """The probability that each of n pictures is of each of `count` groups, if it is of any.

    points: shape (n, dimensions). columns: shape (n,), the group that each picture is in, -1 for none; two groups or
    more must have pictures.
    """
    if points.shape[1] > _DIMENSIONS:
        points = PCA(min(_DIMENSIONS, len(points)), random_state=0).fit_transform(points)
    known = np.flatnonzero(columns >= 0)
    scores = np.empty((len(points), count))
    outside = np.flatnonzero(columns < 0)
    scores[outside] = _scores(points, columns, known, outside, count)
    for fold in range(_FOLDS):
        held = known[fold::_FOLDS]
        scores[held] = _scores(points, columns, np.delete(known, np.s_[fold::_FOLDS]), held, count)
    return softmax(scores * _sharpness(scores[known], columns[known]), axis=1)


def _scores(
    points: Vectors, columns: NDArray[np.intp], known: NDArray[np.intp], asked: NDArray[np.intp], count: int
) -> NDArray[np.float64]:
    """Linear discriminant analysis: groups are told apart by what varies between them rather than within them."""
    if not len(asked) or not len(known):
        return np.zeros((len(asked), count))
    members = [known[columns[known] == column] for column in range(count)]
    sizes = np.array([len(rows) for rows in members])
    means = np.stack([points[rows].mean(axis=0) if len(rows) else np.zeros(points.shape[1]) for rows in members])
    residuals = points[np.concatenate(members)] - np.repeat(means, sizes, axis=0)
    covariance, _ = ledoit_wolf(residuals[:: -(-len(residuals) // _MOST_LEARNT)], assume_centered=True)
    # Copies leave no variance at all.
    covariance[np.diag_indices_from(covariance)] += np.finfo(np.float32).eps
    weights = np.linalg.solve(covariance, means.T)
    scores = points[asked] @ weights - (means * weights.T).sum(axis=1) / 2 + np.log(np.maximum(sizes, 1))
    scores[:, sizes == 0] = scores.min() - 1
    return scores


def _sharpness(scores: NDArray[np.float64], own: Sequence[int] | NDArray[np.intp]) -> float:
    """The factor with which probabilities are as sure of themselves as they are right about pictures in groups."""
    rows = np.arange(len(scores))

    def surprise(logarithm: float) -> float:
        return -float(log_softmax(scores * np.exp(logarithm), axis=1)[rows, own].sum())

    return float(np.exp(fminbound(surprise, -8, 1)))
