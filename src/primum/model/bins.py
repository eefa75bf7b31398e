"""Counts of records in bins of a duration, or in ordered categories, and the median that bins imply."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bins:
    """Records of every cell by bin of their duration, or by category.

    Attributes
    ----------
    counts
        In each bin, 0 where not known; shape (unit, time, bin).
    hidden
        Whether a bin's own count is not known, though others of its cell are; shape (unit, time, bin).
    rest
        Records in a cell's hidden bins together; shape (unit, time).
    open
        Records that had not finished before the bin in which their own follow-up ended, by that bin; what becomes of
        them in it, or after it, is not used; shape (unit, time, bin).
    edges
        Where bins meet; the first begins at 0, the last has no end; shape (bin - 1,). Categories have none.
    above
        Of categories, how many lie at or below the boundary that the effect is about.
    """

    counts: Array
    hidden: NDArray[np.bool_]
    rest: Array
    open: Array
    edges: Array
    above: int = 0

    @property
    def filled(self) -> Array:
        """Counts with hidden bins sharing what they hold together; shape (unit, time, bin)."""
        share = self.rest / np.maximum(self.hidden.sum(axis=-1), 1)
        return np.where(self.hidden, share[..., None], self.counts)

    @property
    def size(self) -> Array:
        """All records, open ones included; shape (unit, time)."""
        return np.asarray(self.counts.sum(axis=-1) + self.rest + self.open.sum(axis=-1))

    @property
    def medians(self) -> Array:
        """Product-limit medians; NaN where fewer than half were seen to finish; shape (unit, time)."""
        return median_of(self.filled, self.edges, self.open)


def bins_of(
    counts: Array,
    total: Array | None,
    observed: NDArray[np.bool_],
    edges: tuple[float, ...] = (),
    still: Array | None = None,
    above: int = 0,
) -> Bins:
    """Bins of the cells that are observed.

    Parameters
    ----------
    counts
        NaN where not known; shape (unit, time, bin).
    total
        Records in all bins together, open ones included, None where all bins of a cell are always known; shape
        (unit, time). Where a cell's bins are all known, what they hold is all that is used.
    observed
        Shape (unit, time).
    edges
        Where bins meet.
    still
        Open records; None where there are none; shape (unit, time, bin).
    above
        As in `Bins`.
    """
    known = ~np.isnan(counts)
    hidden = ~known & observed[..., None]
    still = np.where(observed[..., None], np.zeros(counts.shape) if still is None else still, 0.0)
    held = np.nansum(counts, axis=-1) + still.sum(axis=-1)
    rest = np.zeros(held.shape) if total is None else np.where(hidden.any(axis=-1), total - held, 0.0)
    known_counts = np.where(known & observed[..., None], counts, 0.0)
    # once follow-up has reached the last bin, which has no end, a record is known to lie there
    there = np.where(hidden[..., -1], 0.0, still[..., -1])
    known_counts[..., -1] += there
    still[..., -1] -= there
    return Bins(known_counts, hidden, rest, still, np.array(edges), above)


def median_of(counts: Array, edges: Array, still: Array | None = None) -> Array:
    """Median of binned durations, all lengths within a bin being equally frequent.

    That of the product-limit estimate (Kaplan and Meier, 1958), in which records still open share out what they count
    for over those that were followed for longer (Efron, 1967). One in the last bin, of which only the beginning is
    known, is said to be there; without records there is none (NaN), nor where fewer than half were seen to finish.

    Parameters
    ----------
    counts
        Records that finished; shape (..., bin).
    edges
        Shape (bin - 1,).
    still
        Records open when the bin began in which their own follow-up ended; shape (..., bin).

    Examples
    --------
    >>> median_of(np.array([[10.0, 20.0, 10.0], [0.0, 0.0, 4.0]]), np.array([10.0, 30.0]))
    array([20., 30.])
    >>> round(float(median_of(np.array([10.0, 20, 10]), np.array([10.0, 30.0]), np.array([0.0, 10, 0]))), 2)
    21.25
    """
    size = counts.sum(axis=-1, keepdims=True)
    if still is not None:
        size = size + still.sum(axis=-1, keepdims=True)
        counts = counts * shared_out(counts, still)
    upto = counts.cumsum(axis=-1)
    half = size / 2
    place = np.minimum((upto < half).sum(axis=-1, keepdims=True), counts.shape[-1] - 1)
    inside = np.take_along_axis(counts, place, axis=-1)
    begins, ends = np.concatenate([[0.0], edges])[place], np.concatenate([edges, edges[-1:]])[place]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = (half - np.take_along_axis(upto, place, axis=-1) + inside) / inside
        found = begins + part * (ends - begins)
    return np.asarray(np.where(upto[..., -1:] < half, np.nan, found))[..., 0]


def shared_out(counts: Array, still: Array) -> Array:
    """What each record that finished in a bin counts for, open ones being shared out; shape (..., bin).

    Parameters
    ----------
    counts, still
        As in `median_of`.

    Examples
    --------
    >>> shared_out(np.array([10.0, 10.0, 5.0]), np.array([0.0, 5.0, 5.0]))
    array([1.  , 1.25, 2.5 ])
    """
    left = at_risk(counts, still)
    return np.asarray(np.cumprod(np.divide(left + still, left, out=np.ones_like(left), where=left > 0), axis=-1))


def at_risk(counts: Array, still: Array) -> Array:
    """Records followed to the end of each bin that had not finished when it began; shape (..., bin).

    Parameters
    ----------
    counts, still
        As in `median_of`.

    Examples
    --------
    >>> at_risk(np.array([10.0, 10.0, 5.0]), np.array([0.0, 5.0, 5.0]))
    array([35., 20.,  5.])
    """
    return np.asarray((counts + still)[..., ::-1].cumsum(axis=-1)[..., ::-1] - still)
