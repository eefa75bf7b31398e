r"""Log gamma functions without what cancels, for families whose noise may go to nothing.

Stirling's formula leaves a remainder, after Binet,

.. math::
    R(x) = \log\Gamma(x) - (x - 1/2)\log x + x - \log(2\pi)/2
         = \frac{1}{12 x} - \frac{1}{360 x^3} + \frac{1}{1260 x^5} - \dots

which is small and smooth where the whole is large: differences of log gamma functions of large
arguments are written with it, so that no digits are lost. Below 10 it follows from that of x + 10 by
the recurrence of the gamma function.
"""

from __future__ import annotations

from math import log, log1p
from typing import Any

_SHIFT = 10  # from there on six terms of the series are exact to rounding
_TERMS = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_SLOPES = (-1 / 12, 3 / 360, -5 / 1260, 7 / 1680, -9 / 1188, 11 * 691 / 360360)
_PAIRS = (60.0, 1308.0, 12176.0, 40320.0, 0.0)  # x (x + 1) ... (x + 9), as a polynomial in x (x + 9)
_SMALL = 0.01


def remainder(x: float) -> tuple[float, float]:
    """R(x) and its derivative, for x above 0; for numba.

    Examples
    --------
    >>> from math import lgamma, pi
    >>> abs(remainder(3.0)[0] - (lgamma(3.0) - 2.5 * log(3.0) + 3.0 - 0.5 * log(2 * pi))) < 1e-14
    True
    """
    y = x if x >= _SHIFT else x + _SHIFT
    inverse = 1.0 / y
    square, value, slope = inverse * inverse, 0.0, 0.0
    for k in range(5, -1, -1):
        value = value * square + _TERMS[k]
        slope = slope * square + _SLOPES[k]
    value, slope = value * inverse, slope * square
    if x < _SHIFT:
        pair, product, change = x * (x + 9.0), 1.0, 0.0
        for k in range(5):
            change = change * pair + product
            product = product * pair + _PAIRS[k]
        ahead = log1p(_SHIFT / x)
        value += (x - 0.5) * ahead - _SHIFT - log(product * inverse**10)
        slope += ahead - (x - 0.5) * _SHIFT * inverse / x + _SHIFT * inverse - change * (2.0 * x + 9.0) / product
    return value, slope


def deficit(x: float, logarithm: float) -> float:
    """``(x - log1p(x)) / x**2``, given x, 0 or more, and log1p(x); for numba.

    Examples
    --------
    >>> deficit(0.0, 0.0)
    0.5
    """
    if x >= _SMALL:
        return (1.0 - logarithm / x) / x
    value = 0.0
    for k in range(9, 1, -1):
        value = 1.0 / k - x * value
    return value


def rising(count: float, ratio: float) -> tuple[float, float]:
    r"""Logarithm of a rising factorial, :math:`\sum_{k < y} \log(1 + r k)`, and its derivative in r; for numba.

    Both are smooth down to a ratio r of nothing, and cost the same however large the count y.

    Examples
    --------
    >>> abs(rising(3.0, 0.5)[0] - (log(1.5) + log(2.0))) < 1e-14
    True
    """
    start, x = 1.0 / ratio, ratio * count
    logarithm = log1p(x)
    first, first_slope = remainder(start)
    last, last_slope = remainder(start + count)
    value = (start + count - 0.5) * logarithm - count + last - first
    slope = count * count * deficit(x, logarithm) - 0.5 * count / (1.0 + x)
    return value, slope + start * (start * (first_slope - last_slope))


def remainder_of(maths: Any, x: Any) -> Any:
    """R(x) of arrays, by the functions of numpy or of PyTensor.

    Parameters
    ----------
    maths
        `numpy` or `pytensor.tensor`.
    x
        Above 0.
    """
    inverse = 1.0 / (x + _SHIFT)
    value: Any = 0.0
    for term in reversed(_TERMS):
        value = value * inverse**2 + term
    product: Any = 1.0
    for constant in _PAIRS:
        product = product * (x * (x + 9.0)) + constant
    ahead = maths.log1p(_SHIFT / x)
    return value * inverse + (x - 0.5) * ahead - _SHIFT - maths.log(product * inverse**_SHIFT)


def rising_of(maths: Any, count: Any, ratio: Any) -> Any:
    """The logarithm of `rising` of arrays, by the functions of numpy or of PyTensor."""
    start = 1.0 / ratio
    change = remainder_of(maths, start + count) - remainder_of(maths, start)
    return (start + count - 0.5) * maths.log1p(ratio * count) - count + change


HELPERS = (remainder, deficit, rising)
