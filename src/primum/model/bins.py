"""Counts of records in bins of a duration, and the median that they imply."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bins:
    """Records of every cell by their duration.

    Attributes
    ----------
    counts
        In each bin, 0 where not known; shape (unit, time, bin).
    hidden
        Whether a bin's own count is not known, though others of its cell are; shape (unit, time, bin).
    rest
        Records in a cell's hidden bins together; shape (unit, time).
    edges
        Where bins meet; the first begins at 0, the last has no end; shape (bin - 1,).
    """

    counts: Array
    hidden: NDArray[np.bool_]
    rest: Array
    edges: Array

    @property
    def filled(self) -> Array:
        """Counts with hidden bins sharing what they hold together; shape (unit, time, bin)."""
        share = self.rest / np.maximum(self.hidden.sum(axis=-1), 1)
        return np.where(self.hidden, share[..., None], self.counts)


def bins_of(counts: Array, total: Array | None, observed: NDArray[np.bool_], edges: tuple[float, ...]) -> Bins:
    """Bins of the cells that are observed.

    Parameters
    ----------
    counts
        NaN where not known; shape (unit, time, bin).
    total
        Records in all bins together, None where all bins of a cell are always known; shape (unit, time).
        Where a cell's bins are all known, what they hold is all that is used.
    observed
        Shape (unit, time).
    edges
        Where bins meet.
    """
    known = ~np.isnan(counts)
    hidden = ~known & observed[..., None]
    held = np.nansum(counts, axis=-1)
    rest = np.zeros(held.shape) if total is None else np.where(hidden.any(axis=-1), total - held, 0.0)
    return Bins(np.where(known & observed[..., None], counts, 0.0), hidden, rest, np.array(edges))


def median_of(counts: Array, edges: Array) -> Array:
    """Median of binned durations, all lengths within a bin being equally frequent.

    One in the last bin, of which only the beginning is known, is said to be there; without records there is
    none (NaN).

    Parameters
    ----------
    counts
        Shape (..., bin).
    edges
        Shape (bin - 1,).

    Examples
    --------
    >>> median_of(np.array([[10.0, 20.0, 10.0], [0.0, 0.0, 4.0]]), np.array([10.0, 30.0]))
    array([20., 30.])
    """
    upto = counts.cumsum(axis=-1)
    half = upto[..., -1:] / 2
    place = (upto < half).sum(axis=-1, keepdims=True)
    inside = np.take_along_axis(counts, place, axis=-1)
    begins, ends = np.concatenate([[0.0], edges])[place], np.concatenate([edges, edges[-1:]])[place]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = (half - np.take_along_axis(upto, place, axis=-1) + inside) / inside
    return np.asarray(begins + part * (ends - begins))[..., 0]
