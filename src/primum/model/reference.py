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
