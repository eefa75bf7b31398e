"""From distances to weights: nearest comparators, with or without reuse, or a kernel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from primum.spec.matching import Matching

Array = NDArray[np.float64]
_NEGLIGIBLE = 1e-3  # of a pilot's largest weight
_WIDEST, _HALVINGS = 30.0, 60  # bounds of the logarithm of a kernel's rate, and steps between them


def choose(distance: Array, matching: Matching, names: NDArray[np.generic]) -> Array:
    """Base weights; rows add up to 1, or are 0 where a pilot has no comparator.

    Parameters
    ----------
    distance
        Infinite for comparators that a pilot may not have; shape (pilot, comparator).
    matching
        How.
    names
        Of comparators, by which ties are broken, so that their order does not matter; shape (comparator,).
    """
    if matching.method == "kernel":
        return kernel(distance, matching.neighbours, matching.bandwidth)
    order = np.argsort(names, kind="stable")
    taken = (nearest if matching.reuse else allotted)(distance[:, order], matching.neighbours)
    weights = np.zeros(distance.shape)
    weights[:, order] = taken / np.maximum(taken.sum(axis=1, keepdims=True), 1)
    return weights


def nearest(distance: Array, count: int) -> NDArray[np.bool_]:
    """Each pilot's nearest comparators, up to `count`; shape (pilot, comparator).

    Examples
    --------
    >>> nearest(np.array([[3.0, 1.0, 2.0], [np.inf, np.inf, 1.0]]), 2).astype(int)
    array([[0, 1, 1],
           [0, 0, 1]])
    """
    rank = np.argsort(np.argsort(distance, axis=1, kind="stable"), axis=1)
    return (rank < count) & np.isfinite(distance)


def allotted(distance: Array, count: int) -> NDArray[np.bool_]:
    """Comparators for all pilots at once, each used once, of the smallest total distance.

    As many are allotted as can be, a pilot's first before any other's second.

    Examples
    --------
    >>> allotted(np.array([[1.0, 2.0], [1.5, 9.0]]), 1).astype(int)
    array([[0, 1],
           [1, 0]])
    """
    pilots, others = distance.shape
    allowed = np.isfinite(distance)
    dear = 1.0 + count * pilots * (distance[allowed].max() if allowed.any() else 0.0)
    rows = np.repeat(distance, count, axis=0)
    empty = np.full((rows.shape[0], rows.shape[0]), np.inf)
    np.fill_diagonal(empty, np.tile(dear * np.arange(count, 0, -1), pilots))
    row, column = linear_sum_assignment(np.concatenate([rows, empty], axis=1))
    taken = np.zeros(distance.shape, dtype=bool)
    real = column < others
    taken[row[real] // count, column[real]] = True
    return taken


def kernel(distance: Array, count: float, bandwidth: float | None = None) -> Array:
    """Weights that fall with the squared distance, as a normal density does; shape (pilot, comparator).

    Parameters
    ----------
    distance
        Infinite where a pair is not allowed; shape (pilot, comparator).
    count
        Effective number of comparators, to which each pilot's bandwidth is set.
    bandwidth
        Of all pilots, in its place.

    Returns
    -------
    ndarray
        Weights below a thousandth of a pilot's largest are 0.

    Examples
    --------
    >>> kernel(np.array([[0.0, 1.0, np.inf]]), 2, bandwidth=1.0).round(3)
    array([[0.622, 0.378, 0.   ]])
    >>> weights = kernel(np.array([[0.0, 1.0, 2.0]]), 1.5)
    >>> (1 / (weights**2).sum(axis=1)).round(3)
    array([1.5])
    """
    allowed = np.isfinite(distance)
    closest = np.where(allowed.any(axis=1), distance.min(axis=1), 0.0)[:, None]
    excess = distance**2 - closest**2
    if bandwidth is not None:
        weight = np.exp(-excess / (2 * bandwidth**2))
    else:
        # the effective number falls as the rate rises, so that halving finds it
        low, high = np.full((len(excess), 1), -_WIDEST), np.full((len(excess), 1), _WIDEST)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            weight = np.exp(-np.exp(middle) * excess)
            many = weight.sum(axis=1, keepdims=True) ** 2 > count * (weight**2).sum(axis=1, keepdims=True)
            low, high = np.where(many, middle, low), np.where(many, high, middle)
    weight[weight < _NEGLIGIBLE] = 0.0
    return np.asarray(weight / np.maximum(weight.sum(axis=1, keepdims=True), 1.0))
