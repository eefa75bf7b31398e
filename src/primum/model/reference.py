r"""Reference scales: roughly how large levels, drifts, shocks and noise are, before anything is sampled.

They fix the factors of `primum.model.transport`, and so shape the geometry of the sampler and nothing
else. With working responses z, mean working weights w and the basis B, a comparator's
:math:`[B z_i]_k` departs from what it shares with the others by :math:`N(0, v_k + \sigma^2 / w_i)`
(`primum.model.build`); what is sought is the mode of that density times the priors, in the
logarithms of the scales.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from primum.model.cells import Array
from primum.model.drift import Basis


class Scales(NamedTuple):
    """Scales of a model's paths and noise, on the scale of the linear predictor."""

    sigma_alpha: float
    q: float
    s: float
    sigma: float
    sigma_slope: float

    def variances(self, basis: Basis, drift: float = 1.0, squares: Array | float = 1.0) -> Array:
        """Of a path's components; `drift` multiplies scales of drift and trends, roots of `squares` shocks too.

        Shape (component,), or that of `squares` beside it.
        """
        level, moves = np.zeros(basis.vectors.shape[0]), np.zeros(basis.vectors.shape[0])
        level[0] = basis.vectors.shape[0] * self.sigma_alpha**2
        moves[1:] = basis.scales(drift * self.q, drift * self.sigma_slope) ** 2 * basis.variance
        return np.asarray(level + (moves + self.s**2) * squares)


def reference_scales(components: Array, weight: Array, basis: Basis, priors: Scales, constants: Scales) -> Scales:
    """Most plausible scales, given components of comparators' working responses.

    Parameters
    ----------
    components
        Shape (comparator, component).
    weight
        Mean working weights at sigma = 1; shape (comparator,).
    basis
        Coordinates of paths.
    priors
        Scales of the half-normal priors; NaN for a scale that is not sampled.
    constants
        Values of those that are not.
    """
    scale, fixed = np.array(priors), np.array(constants)
    free = np.isfinite(scale)

    def scales_at(logs: Array) -> Scales:
        return Scales(*np.where(free, scale * np.exp(logs), fixed))

    def unlikely(logs: Array) -> float:
        found = scales_at(logs)
        total = found.variances(basis) + found.sigma**2 / weight[:, None]
        centre = (components / total).sum(axis=0) / (1 / total).sum(axis=0)
        misfit = (np.log(total) + (components - centre) ** 2 / total).sum()
        return float(0.5 * misfit + (0.5 * np.exp(2 * logs) - logs)[free].sum())

    return scales_at(minimize(unlikely, np.full(len(priors), -1.0), method="L-BFGS-B").x)


class Sizes(NamedTuple):
    """How large shocks roughly are in each period, and what is known of that.

    Attributes
    ----------
    size
        Their scale; shape (time,).
    weight, response
        Precision and linear part of what comparators say of the logarithm of the scale; shape (time,) each.
    """

    size: Array
    weight: Array
    response: Array


def reference_sizes(away: Array, paths: Array, noise: Array, sd: float, s: float, spread: float) -> Sizes:
    """Most plausible sizes of shocks by period, at a usual scale that is given.

    Parameters
    ----------
    away
        How far comparators' working responses lie from their mean in each period; shape (comparator, time).
    paths
        Covariance of paths without shocks; shape (time, time).
    noise
        Mean variance of noise in each period; shape (time,).
    sd, s
        Usual SD of shocks, and their scale.
    spread
        SD of the sizes' logarithms, a normal's.
    """
    count, found = len(away), away.T @ away

    def unlikely(logs: Array) -> tuple[float, Array]:
        shocks = (sd * np.exp(logs)) ** 2
        inverse = np.linalg.inv(paths + np.diag(shocks + noise))
        misfit = np.sum(inverse * found) - count * np.linalg.slogdet(inverse)[1]
        slope = (count * np.diag(inverse) - np.diag(inverse @ found @ inverse)) * shocks
        return float(0.5 * misfit + 0.5 * (logs / spread) @ (logs / spread)), slope + logs / spread**2

    logs = minimize(unlikely, np.zeros(len(paths)), jac=True, method="L-BFGS-B").x
    shocks = (sd * np.exp(logs)) ** 2
    # expected information in a normal's variance, n / 2 times its inverse's square, for the logarithm of its root
    weight = 2 * count * (shocks * np.diag(np.linalg.inv(paths + np.diag(shocks + noise)))) ** 2
    return Sizes(s * np.exp(logs), weight, weight * (np.log(s) + logs) + logs / spread**2)
