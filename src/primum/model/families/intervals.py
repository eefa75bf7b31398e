r"""Counts known as intervals, such as a suppressed count of 1 to 5.

With l and h the bounds of a count, and a family whose probabilities follow one another as
:math:`p(k) = p(k - 1)\, r_k e^\eta`,

.. math::
    \log \sum_{k=l}^h p(k) = \log p(l) + \log \Big(1 + \sum_{j=1}^{h-l} e^{c_j + j \eta}\Big),
    \quad c_j = \sum_{i=1}^j \log r_{l+i}

is exact, has no cancellation, and its slope in :math:`\eta` is that of :math:`\log p(l)` plus the mean of j.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import softmax

from primum.model.cells import Array, Cells

_LEAST = 1e-6  # of information: an interval that holds every count has none
_NOTHING = -1e300  # a term that is not there: finite, and its exponential is 0


def terms_of(cells: Cells, ratio: Callable[[Array], Array]) -> Array:
    """How many values each cell may have beyond the lowest, and their terms c.

    Parameters
    ----------
    cells
        The cells.
    ratio
        What a probability is multiplied by from one count to that given, beside exp(eta); shape (unit, time).

    Returns
    -------
    ndarray
        Shape (1 + terms, unit, time), the longest interval deciding how many; no rows at all where
        the outcome has no intervals.
    """
    low, high = cells.bounds
    beyond = high - low
    if not beyond.any():
        return np.zeros((0, *low.shape))
    rows, term = [beyond], np.zeros(low.shape)
    for j in range(1, int(beyond.max()) + 1):
        there = beyond >= j
        term = term + np.log(np.where(there, ratio(low + j), 1.0))
        rows.append(np.where(there, term, _NOTHING))
    return np.stack(rows)


def log_total(eta: Any, terms: Any) -> Any:
    """Logarithm of 1 and the terms' sum, as a PyTensor expression of the shape of eta."""
    import pytensor.tensor as pt

    exponents = terms[1:] + pt.cumsum(pt.ones_like(terms[1:]), axis=0) * eta
    exponents = pt.concatenate([pt.zeros_like(eta)[None], exponents])
    largest = exponents.max(axis=0)
    return largest + pt.log(pt.exp(exponents - largest).sum(axis=0))


def add_totals(density: Array, eta: Array, terms: Array) -> Array:
    """Log likelihood of intervals, from that of their lowest values; draws may come first in both."""
    if not len(terms):
        return density
    bounded = terms[0] > 0
    some, total = eta[..., bounded], np.zeros(1)
    for j, term in enumerate(terms[1:], 1):
        total = np.logaddexp(total, term[bounded] + j * some)
    density = density.copy()
    density[..., bounded] += total
    return density


def within(eta: Array, information: Array, terms: Array) -> tuple[Array, Array]:
    """How far a count is above the lowest that it may be, on average, and what is left of its information.

    With these, the slope of an interval's log density is that of its lowest value plus the mean, and its information
    that of a count that is known less the variance within the interval; shape (unit, time) each.
    """
    if not len(terms):
        return np.zeros(eta.shape), information
    above = np.arange(len(terms), dtype=float)[:, None, None]
    exponents = np.concatenate([np.zeros((1, *eta.shape)), terms[1:] + above[1:] * eta])
    chance = softmax(exponents, axis=0)
    mean = np.asarray((above * chance).sum(axis=0))
    left = information - ((above - mean) ** 2 * chance).sum(axis=0)
    return mean, np.maximum(left, _LEAST * information)


def informed(information: Array, cells: Cells) -> Array:
    """Information of counts, less what not knowing them within their intervals costs.

    A value spread evenly over an interval has a variance, which adds to that of the count.
    """
    low, high = cells.bounds
    spread = (high - low) * (high - low + 2) / 12
    return np.asarray(information**2 / np.where(information > 0, information + spread, 1.0))
