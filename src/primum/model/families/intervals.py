r"""Counts known as intervals, such as a suppressed count of 1 to 5.

With l and h the bounds of a count, and :math:`r_k` how many times as likely k is as k - 1,

.. math::
    \log \sum_{k=l}^h p(k) = \log p(l) + \log \Big(1 + \sum_{j=1}^{h-l} \prod_{i=1}^j r_{l+i}\Big)

is exact and has no cancellation, and its slope in whatever r depends on is that of :math:`\log p(l)` plus a mean of
slopes of logarithms of products. These are, with :math:`a = \sigma^2`, or 0 where nothing scatters beyond chance,

.. math::
    r_k = \frac{\mu}{k} \cdot \frac{1 + a (k - 1)}{1 + a \mu}, \quad
    r_k = \frac{n - k + 1}{k} \cdot \frac{p + a (k - 1)}{1 - p + a (n - k)}

of counts of events and of counts out of n.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import Any

import numpy as np
from scipy.special import softmax

from primum.model.cells import Array, Cells
from primum.model.families.family import values_of

_LEAST = 1e-6  # of information: an interval that holds every count has none
_NOTHING = np.float64(-1e300)  # a term that is not there: finite, and its exponential is 0
_NONE = 1e-290
_LARGE = 1e30  # terms are measured anew from there

type Ratio = Callable[..., Any]


def ratio_of_events(maths: Any, count: Any, expected: Any, a: Any) -> Any:
    """Logarithm of how many times as likely so many events are as one less.

    Parameters
    ----------
    maths
        `numpy` or `pytensor.tensor`.
    count
        1 or more.
    expected
        Events expected.
    a
        Variance of their rate beyond chance, relative to its square.
    """
    expected = maths.maximum(expected, _NONE)  # a missing cell expects nothing, and needs a gradient
    return maths.log(expected / count) + maths.log1p(a * (count - 1)) - maths.log1p(a * expected)


def ratio_of_shares(maths: Any, count: Any, total: Any, share: Any, other: Any, a: Any) -> Any:
    """Logarithm of how many times as likely so many of a total are as one less, given what share is, and is not.

    Counts beyond the total have a logarithm, too, which says nothing.
    """
    rest = maths.maximum(total - count, 0.0)
    return maths.log((rest + 1) / count * (share + a * (count - 1)) / (other + a * rest))


def beyond_of(cells: Cells) -> Array:
    """How many values each cell may have beyond the lowest, or no row at all where the outcome has no intervals."""
    low, high = cells.bounds
    beyond = high - low
    return np.asarray(beyond[None] if beyond.any() else np.zeros((0, *beyond.shape)))


def log_total(ratio: Ratio, fields: Any, *arguments: Any) -> Any:
    """Logarithm of 1 and the terms' sum, as a PyTensor expression.

    Parameters
    ----------
    ratio
        One of those above.
    fields
        Lowest counts first, and third `beyond_of` the cells, if there are intervals: data, or an array;
        shape (field, time, unit).
    *arguments
        What the ratio needs beside the count.
    """
    import pytensor.tensor as pt

    longest = int(np.max(values_of(fields)[2:], initial=0))  # a number, as JAX compiles no lengths that data decide
    if longest == 0:
        return pt.zeros_like(fields[0])
    each = np.arange(1, longest + 1)[:, None, None]
    logarithms = pt.cumsum(ratio(pt, fields[0] + each, *arguments), axis=0)
    logarithms = pt.where(each <= fields[2], logarithms, _NOTHING)
    return pt.logsumexp(pt.concatenate([pt.zeros_like(fields[:1]), logarithms]), axis=0)


def events_beyond(count: float, beyond: float, expected: float, a: float) -> tuple[float, float, float]:
    """Logarithm of 1 and the terms' sum of events, and its slopes in the expected number's logarithm and in a.

    For numba.
    """
    whole = 1.0 / (1.0 + a * expected)
    term, total, farthest, in_a, in_log, in_scatter = 1.0, 1.0, 0.0, 0.0, 0.0, 0.0
    for j in range(1, int(beyond) + 1):
        k = count + j
        term *= expected * whole / k * (1.0 + a * (k - 1.0))
        in_a += (k - 1.0) / (1.0 + a * (k - 1.0)) - expected * whole
        total += term
        in_log += term / total * (j * whole - in_log)  # means so far: sums would overflow
        in_scatter += term / total * (in_a - in_scatter)
        if term > _LARGE:
            farthest, total, term = farthest + log(term), total / term, 1.0
    return farthest + log(total), in_log, in_scatter


def shares_beyond(
    count: float, beyond: float, size: float, share: float, other: float, a: float
) -> tuple[float, float, float]:
    """Logarithm of 1 and the terms' sum of counts out of a size, and its slopes in the share's log odds and in a.

    For numba.
    """
    term, total, farthest, in_a, in_odds, in_log, in_scatter = 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(1, int(beyond) + 1):
        k = count + j
        one, two = 1.0 / (share + a * (k - 1.0)), 1.0 / (other + a * (size - k))
        term *= (size - k + 1.0) / k * two / one
        in_odds += share * other * (one + two)
        in_a += (k - 1.0) * one - (size - k) * two
        total += term
        in_log += term / total * (in_odds - in_log)
        in_scatter += term / total * (in_a - in_scatter)
        if term > _LARGE:
            farthest, total, term = farthest + log(term), total / term, 1.0
    return farthest + log(total), in_log, in_scatter


def add_totals(density: Array, cells: Cells, ratio: Ratio, *arguments: Any) -> Array:
    """Log likelihood of intervals, from that of their lowest values; draws may come first in both."""
    low, high = cells.bounds
    bounded = high > low
    if not bounded.any():
        return density
    some = [np.broadcast_to(each, density.shape)[..., bounded] for each in arguments]
    low, beyond = low[bounded], (high - low)[bounded]
    total, term = np.zeros(some[0].shape), np.zeros(some[0].shape)
    for j in range(1, int(beyond.max()) + 1):
        term = term + ratio(np, low + j, *some)
        total = np.logaddexp(total, np.where(j <= beyond, term, _NOTHING))
    density = density.copy()
    density[..., bounded] += total
    return density


def within(information: Array, cells: Cells, ratio: Ratio, *arguments: Any) -> tuple[Array, Array]:
    """How far a count is above the lowest that it may be, on average, and what is left of its information.

    With these, the slope of an interval's log density is that of its lowest value plus the mean, and its information
    that of a count that is known less the variance within the interval, where nothing scatters beyond chance; shape
    (unit, time) each.
    """
    low, high = cells.bounds
    beyond = high - low
    above = np.arange(beyond.max() + 1)[:, None, None]
    exponents = np.zeros((above.size, *low.shape))
    for j in range(1, above.size):
        exponents[j] = np.where(j <= beyond, exponents[j - 1] + ratio(np, low + j, *arguments), _NOTHING)
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


HELPERS = (events_beyond, shares_beyond)
