"""Probabilities between two numbers, of normal and other variables, to all digits.

A probability between is the difference of the two tails on its side of 0, so nothing cancels however far out it lies.
"""

from __future__ import annotations

from math import erfc, exp, log, log1p, pi, sqrt
from typing import Any

import numpy as np
from scipy.special import log_ndtr

from primum.model.cells import Array

END = 1e100  # as good as infinity, and its square is a number
SQRT_HALF, PEAK, LOG_PEAK = sqrt(0.5), 1 / sqrt(2 * pi), -0.5 * log(2 * pi)
_TINY = 1e-290  # of a probability below it there are no digits to trust
_FAR = 30.0  # from here on a normal's tail is its asymptotic series, to 14 digits


def log_between(low: Array, high: Array) -> Array:
    """Log probability that a standard normal lies between two numbers, low < high.

    Examples
    --------
    >>> log_between(np.array([-1.96, 40.0]), np.array([1.96, np.inf])).round(2).tolist()
    [-0.05, -804.61]
    """
    above = low + high > 0
    far, near = log_ndtr(np.where(above, -high, low)), log_ndtr(np.where(above, -low, high))
    return np.asarray(near + np.log1p(-np.exp(far - near)))


def log_between_of_law(law: Any, low: Array, high: Array) -> Array:
    """Log probability that a variable lies between two numbers, low < high, by scipy's tails.

    Examples
    --------
    >>> from scipy import stats
    >>> log_between_of_law(stats.t(4), np.array([-2.776, 1e6]), np.array([2.776, np.inf])).round(2).tolist()
    [-0.05, -54.16]
    """
    below = law.cdf(low)
    inside = np.where(below > 0.5, law.sf(low) - law.sf(high), law.cdf(high) - below)
    return np.asarray(np.log(np.maximum(inside, _TINY)))


def log_between_of(low: Any, high: Any) -> Any:
    """The logarithm of a standard normal's probability between two numbers as a PyTensor expression."""
    import pytensor.tensor as pt

    above = low + high > 0
    near, far = log_tail(pt.where(above, low, -high)), log_tail(pt.where(above, high, -low))
    return near + pt.log1p(-pt.exp(far - near))


def log_tail(x: Any) -> Any:
    """Logarithm of a normal's upper tail as a PyTensor expression, in three parts of which one moves at a time.

    No formula is precise everywhere, and JAX differentiates also what `where` leaves out (`primum.model.build`).
    """
    import pytensor.tensor as pt

    below, middle, far = pt.minimum(x, 3.0), pt.clip(x, 3.0, _FAR), pt.maximum(x, _FAR)
    start = erfc(3.0 * SQRT_HALF)
    return (
        pt.log1p(-0.5 * pt.erfc(-below * SQRT_HALF))
        + pt.log(pt.erfc(middle * SQRT_HALF) / start)
        + _log_series(far)
        - _log_series(pt.as_tensor(np.float64(_FAR)))
    )


def _log_series(x: Any) -> Any:
    import pytensor.tensor as pt

    y = 1 / x**2
    series = 1 - y * (1 - y * (3 - y * (15 - y * (105 - y * (945 - y * 10395)))))
    return -0.5 * x**2 - pt.log(x) + pt.log(series)


def log_far(x: float) -> float:
    """Logarithm of a normal's tail beyond a number that is large; for numba."""
    y = 1.0 / (x * x)
    series = 1.0 - y * (1.0 - y * (3.0 - y * (15.0 - y * (105.0 - y * (945.0 - y * 10395.0)))))
    return LOG_PEAK - 0.5 * x * x - log(x) + log(series)


def part_between(
    low: float, high: float, tail: float, far_tail: float, peak: float, far_peak: float
) -> tuple[float, float, float]:
    """Logarithm of a normal's probability between, and densities at both ends over it; for numba.

    Given the tails beyond the absolute values of both ends, and the densities there.
    """
    inside = abs(tail - far_tail) if low * high >= 0 else 1.0 - tail - far_tail
    if inside > _TINY:
        over = 1.0 / inside
        return log(inside), peak * over, far_peak * over
    near = log_far(min(abs(low), abs(high)))
    chance = near + log1p(-exp(log_far(max(abs(low), abs(high))) - near))
    return chance, exp(LOG_PEAK - 0.5 * low * low - chance), exp(LOG_PEAK - 0.5 * high * high - chance)


HELPERS = (log_far, part_between)
