r"""Noise of small areas: how much of a level or a trend before exposure is chance.

The level and the trend of unit i, with k standing for either, are estimates :math:`x_{ik}` with a
sampling variance :math:`n_{ik}`. True values are taken to scatter between units with variance
:math:`b_k`, estimated from comparators by the method of moments (DerSimonian and Laird, 1986). Given
the estimate, a true value has

.. math::
    m_{ik} = \mu_k + r_{ik} (x_{ik} - \mu_k), \quad V_{ik} = r_{ik} n_{ik}, \quad r_{ik} = b_k / (b_k + n_{ik})

and the distance between units is that *expected between their true values*: noisy units are drawn to the
mean, and pay for their uncertainty V. Otherwise the comparators nearest to a small pilot would be those
whose chance errors resemble its own. A trend whose differences are no more than chance counts for nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Array = NDArray[np.float64]


def cell_variance(squares: Array, sampling: Array, *, known: bool) -> Array:
    """Variance of a cell around its unit's line: a shock, the same in every cell, and sampling.

    Parameters
    ----------
    squares
        Squared residuals from units' lines, made unbiased, NaN where there are none; shape (unit, time).
    sampling
        Sampling variances, NaN where not observed; shape (unit, time).
    known
        Whether these are variances (counts), or proportional to them (means).

    Returns
    -------
    ndarray
        Shape (unit, time), NaN where not observed; sampling alone where nothing is left around lines.

    Examples
    --------
    >>> cell_variance(np.array([[0.5, 0.5]]), np.array([[0.1, 0.3]]), known=True).round(2)
    array([[0.45, 0.65]])
    """
    some = np.isfinite(squares) & np.isfinite(sampling)
    if not some.any():
        return sampling if known else 0 * sampling
    rest, noise = squares[some], sampling[some]
    weight = (1 + noise / noise.mean()) ** -2  # cells with few records say little of shocks
    if known:
        return max(0.0, float(np.average(rest - noise, weights=weight))) + sampling
    root = np.sqrt(weight)
    (shock, scale), _ = nnls(np.stack([root, root * noise], axis=1), root * rest)
    return np.asarray(shock + scale * sampling)


def between_variance(value: Array, noise: Array) -> tuple[float, float]:
    """Mean and variance of true values behind noisy ones, by the method of moments.

    Parameters
    ----------
    value, noise
        Estimates and their sampling variances, all above 0; shape (unit,).

    Examples
    --------
    >>> between_variance(np.array([1.0, 2.0, 3.0]), np.full(3, 0.25))
    (2.0, 0.75)
    """
    weight = 1 / noise
    mean = np.average(value, weights=weight)
    spare = weight.sum() - (weight**2).sum() / weight.sum()
    between = max(0.0, float((weight @ (value - mean) ** 2 - (value.size - 1)) / spare)) if value.size > 1 else 0.0
    return float(np.average(value, weights=1 / (noise + between))), between


def shrunk(value: Array, noise: Array, reference: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Expected true values and their variances.

    Parameters
    ----------
    value, noise
        Estimates and their sampling variances, 0 where they are exact; shape (unit,).
    reference
        Units from which the spread of true values is learned; shape (unit,).

    Examples
    --------
    >>> shrunk(np.array([1.0, 2.0, 3.0]), np.full(3, 0.25), np.full(3, True))
    (array([1.25, 2.  , 2.75]), array([0.1875, 0.1875, 0.1875]))
    """
    if not (noise[reference] > 0).all():
        return value, np.zeros_like(value)
    mean, between = between_variance(value[reference], noise[reference])
    share = between / (between + noise)
    return mean + share * (value - mean), share * noise
