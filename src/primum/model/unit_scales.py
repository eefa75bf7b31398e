r"""Scales of units: by what the drifts and shocks of each are multiplied.

Scale of unit i is :math:`e^{\omega\zeta_i}` with :math:`\zeta_i \sim N(0, 1)`, so that a unit whose history is odd
counts for less. What the unit's own path says of its logarithm l is roughly known beforehand: at the reference scales
of `primum.model.reference`, component k of its path departs from what units share by :math:`r_k`, with variance
:math:`v_k e^{2l} + 1/w`, v being drift's and shocks' together. With :math:`\rho_k` the share of the first part, score
and information (Fisher) of l are

.. math::
    g = \sum_k \rho_k\left(\frac{r_k^2}{v_k e^{2l} + 1/w} - o\right), \quad P = 2 o \sum_k \rho_k^2,

o being the share of periods with a record, as gaps are filled with the mean of the rest; level and, in pilots, what is
in line with exposure are left out (P is then rough). At l, the most plausible given an SD of all logarithms that is
learned with it, the path says of l what a normal response with precision P and linear part m = P l + g would, and
:math:`\zeta` is sampled through the map that the pilots' effects have (`primum.model.build`):

.. math:: A_i = \frac{1}{1 + \omega^2 P_i}, \quad \zeta_i = A_i\omega m_i + \sqrt{A_i}\, x_i.

Sampled as :math:`\zeta` itself, every unit's scale hangs on omega: of eight simulated panels two asked for a review,
with half the effective draws. As everywhere, P and m shape the geometry and nothing else.

**Heavy tails.** A unit with a path unlike all others would have to be many SDs of normal logarithms away, and takes
omega, the scales of all, and through them the answer, some way with it. Squares of scales that are one over a gamma
variable,

.. math:: e^{-2l} \sim \mathrm{Gamma}(\nu/2, \nu/2), \quad \nu = 4,
    \quad p(l) \propto \exp(-\nu l - \tfrac{\nu}{2} e^{-2l}),

make a unit's whole path, drift and shocks together, a multivariate t (Lange, Little and Taylor, 1989), to which it
costs little to be far away; the mean of the squares is finite, 2, where that of normal logarithms with a heavy tail
would not be. They are sampled by the same map, in which :math:`\omega` is the SD of l, a constant: how much units
differ is learned of each by itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import polygamma

from primum.model.cells import Array, Cells
from primum.model.hyper import told

_STEPS, _LARGEST, _SMALLEST = 30, 6.0, 0.05


def told_of_scales(
    away: Array, exposure: Array, moving: Array, noise: Array, seen: Array, omega: float, tail: float = 0.0
) -> tuple[Array, Array]:
    """What units' paths say of the logarithms of their scales, and the most plausible ones.

    Parameters
    ----------
    away
        Components of working responses after the level, from what units share; shape (unit, component).
    exposure
        Exposure in the same coordinates; shape (unit, component).
    moving
        Variances of drift and shocks at scale 1; shape (unit, component).
    noise
        Variance of working responses beside that; shape (unit,).
    seen
        Share of components that records tell; shape (unit,).
    omega
        Where to begin with the SD of logarithms of scales, such as the scale of its prior.
    tail
        One over the degrees of freedom of squares of scales; 0 where logarithms are normal.

    Returns
    -------
    told, log_scale
        Precision and linear part of the logarithms, shape (2, unit); and these, shape (unit,).

    Examples
    --------
    >>> away = np.array([[1.0, -1.0], [3.0, -3.0]])
    >>> _, log_scale = told_of_scales(away, np.zeros((2, 2)), np.ones((2, 2)), np.full(2, 0.1), np.ones(2), 0.5)
    >>> bool(log_scale[1] > log_scale[0])
    True
    """
    log_scale = np.zeros(len(away))
    for _ in range(_STEPS):  # of Newton for each scale, and of expectation and maximisation for omega
        score, information = _said(log_scale, away, exposure, moving, noise, seen)
        slope, curve = log_scale / omega**2, np.full(len(away), 1 / omega**2)
        if tail:
            slope, curve = (1 - np.exp(-2 * log_scale)) / tail, 2 * np.exp(-2 * log_scale) / tail
        # where the prior pulls hard the density is more curved than information says, by twice as much
        step = (score - slope) / (information + curve + 2 * np.maximum(slope, 0.0))
        log_scale = np.clip(log_scale + np.clip(step, -0.5, 0.5), -_LARGEST, _LARGEST)
        omega = max(float(np.sqrt((log_scale**2 + 1 / (information + 1 / omega**2)).mean())), _SMALLEST)
    score, information = _said(log_scale, away, exposure, moving, noise, seen)
    # a record may be so far off that the slope is of no use
    linear = np.clip(information * log_scale + score, -_LARGEST * information, _LARGEST * information)
    return np.stack([information, linear]), log_scale


def _said(
    log_scale: Array, away: Array, exposure: Array, moving: Array, noise: Array, seen: Array
) -> tuple[Array, Array]:
    """Score and information of the logarithms of units' scales; shape (unit,) each."""
    scaled = moving * np.exp(2 * log_scale)[:, None]
    total = scaled + noise[:, None]
    # generalised least squares: an effect explains what is in line with exposure, and that much less is left to scatter
    known = (exposure**2 / total).sum(axis=1, keepdims=True)
    line = exposure / np.sqrt(np.where(known > 0, known, 1.0))
    rest = away - line * (line * away / total).sum(axis=1, keepdims=True)
    share, free = scaled / total, seen[:, None] * (1 - line**2 / total)
    return (share * (rest**2 / total - free)).sum(axis=1), 2 * (share**2 * free).sum(axis=1)


def unit_scales(cells: Cells, omega: Any, said: tuple[Any, Any]) -> tuple[Any, Any]:
    """Log density of the units' coordinates, and squares of their scales in the model's order; shape (unit,).

    Parameters
    ----------
    cells
        The outcome's arrays.
    omega
        SD of the logarithms, or what they are sampled in where they are not normal.
    said
        Precision and linear part of `told_of_scales`, in the model's order; shape (unit,) each.
    """
    import pymc as pm
    import pytensor.tensor as pt

    zeta, density = told(omega, *said, pm.Flat("x_unit", dims="ordered"))
    if cells.scale_tail:
        log_scale = omega * zeta
        density += (0.5 * zeta**2 - (log_scale + 0.5 * pt.exp(-2 * log_scale)) / cells.scale_tail).sum()
    scale = pt.exp(omega * zeta)
    pm.Deterministic("unit_scale", scale[np.argsort(cells.order)], dims="unit")
    return density, scale**2


def spread_of_logs(tail: float) -> float:
    """SD of logarithms of scales whose squares are one over a gamma variable."""
    return float(0.5 * np.sqrt(polygamma(1, 0.5 / tail)))


def mean_square(cells: Cells, omega: Array) -> Array | float:
    """Mean over new units of the squares of their scales; of the shape of omega, which may be empty."""
    if not cells.varied:
        return 1.0
    return 1 / (1 - 2 * cells.scale_tail) if cells.scale_tail else np.exp(2 * omega**2)


def new_squares(cells: Cells, omega: Array, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Squares of scales of new units.

    Parameters
    ----------
    cells
        The outcome's arrays.
    omega
        SD of logarithms, which broadcasts with shape.
    rng
        Source of randomness.
    shape
        Of what is drawn.
    """
    if not cells.varied:
        return np.ones(shape)
    if cells.scale_tail:
        half = 0.5 / cells.scale_tail
        return half / rng.gamma(half, size=shape)
    return np.asarray(np.exp(2 * omega * rng.normal(size=shape)))
