r"""Positive means with gamma noise and a log link.

With :math:`m` the relative denominator and :math:`k = m / \sigma^2`, a mean is gamma distributed with
expectation :math:`\mu` and shape k, so its coefficient of variation is :math:`\sigma / \sqrt{m}`. With
d the logarithm of :math:`y / \mu` and R what Stirling's formula leaves (`primum.model.families.stirling`),

.. math::
    \log p = -k (e^d - 1 - d) + \tfrac{1}{2} \log\frac{k}{2\pi} - R(k) - \log y

in which nothing large cancels, however small :math:`\sigma` is.
"""

from __future__ import annotations

from math import expm1, log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from primum.model.cells import Array, Cells
from primum.model.families.bounds import add_between, ends_of, middles, moments
from primum.model.families.family import Standard
from primum.model.families.gaussian import relative_size
from primum.model.families.stirling import remainder, remainder_of
from primum.model.families.tails import log_between_of_law
from primum.spec.families import FamilyName

_FARTHEST = 600.0


class Gamma:
    """A positive mean of records, such as a duration, whose noise goes with its size.

    `sigma` is the coefficient of variation of a cell with the median denominator; that of a cell with
    `n` records is ``sigma * sqrt(median / n)``, which is exact for means of gamma distributed records.
    Effects are on the expected value, not on the median as with a lognormal mean. Without
    denominators sigma is the same in every cell and takes the place of the white shock.
    """

    name: FamilyName = "gamma"
    link = "log"
    noise = True
    scaled = True

    def standard(self, cells: Cells) -> Standard:
        """Mean logarithm of unexposed cells."""
        logarithms = np.log(np.where(cells.observed, cells.value, 1.0))
        return Standard(moments(logarithms, cells, log=True)[0], 1.0)

    def working(self, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """Logarithms, and relative denominators, 0 where missing: what a cell says of log mu at sigma = 1."""
        response = np.log(np.where(cells.observed, cells.value, 1.0)) - standard.centre
        response = middles(np.where(cells.observed, response, 0.0), cells, standard, log=True)
        return response, cells.observed * relative_size(cells)

    def linearised(self, eta: Array, cells: Cells, standard: Standard) -> None:
        """Logarithms of means are close to normal."""

    def rise(self, cells: Cells, standard: Standard) -> tuple[Array, float]:
        """Sigma is the scale of all noise."""
        return np.ones(cells.value.shape), 1.0

    def fields(self, cells: Cells, standard: Standard) -> Array:
        """Logarithms, which are the working response, relative denominators, and whether observed."""
        return np.stack([*self.working(cells, standard), cells.observed])

    def log_density(self, eta: Any, sigma: Any, fields: Any, standard: Any) -> Any:
        """Log density up to a constant a cell."""
        import pytensor.tensor as pt

        # a missing cell has a size, so that its logarithm is finite, and counts for nothing
        return fields[2] * _log_density(pt, fields[0] - eta, (fields[1] + 1 - fields[2]) / sigma**2)

    @staticmethod
    def slopes(eta: Array, sigma: float, fields: Array, standard: Array, slope: Array) -> tuple[float, float]:
        """Log density of cells and its derivatives."""
        density, in_shape = 0.0, 0.0
        for j in range(eta.size):
            if fields[2, j] == 0:
                slope[j] = 0.0
                continue
            shape, gap = fields[1, j] / sigma**2, min(fields[0, j] - eta[j], _FARTHEST)
            more = expm1(gap)
            left, in_left = remainder(shape)
            density += 0.5 * log(shape) - left - shape * (more - gap)
            in_shape += 0.5 - shape * (in_left + more - gap)
            slope[j] = shape * more
        return density, -2.0 * in_shape / sigma

    def mean(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Expected mean of the records behind a cell."""
        return np.asarray(np.exp(standard.centre + eta))

    def draw(
        self, rng: np.random.Generator, eta: Array, sigma: Array, cells: Cells, standard: Standard
    ) -> NDArray[Any]:
        """Replicated means."""
        shape = np.broadcast_to(np.where(cells.observed, relative_size(cells), 1.0) / sigma**2, eta.shape)
        return np.asarray(self.mean(eta, sigma, cells, standard) * rng.gamma(shape) / shape)

    def log_likelihood(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Log density on the outcome's own scale."""
        response, size, _ = self.fields(cells, standard)
        shape = np.where(cells.observed, size, 1.0) / sigma**2
        constant = response + standard.centre + 0.5 * np.log(2 * np.pi)
        density = _log_density(np, response - eta, shape) - constant
        density = add_between(density, eta, shape, cells, ends_of(cells, standard, log=True), _log_between)
        return np.where(cells.observed, density, np.nan)

    def level(self, cells: Cells) -> Array:
        """Observed means."""
        return np.where(cells.observed, cells.value, np.nan)


def _log_between(low: Array, high: Array, shape: Array) -> Array:
    first, last = (np.exp(np.clip(end, -_FARTHEST, _FARTHEST)) for end in (low, high))
    return log_between_of_law(stats.gamma(shape, scale=1 / shape), first, last)


def _log_density(maths: Any, gap: Any, shape: Any) -> Any:
    gap = maths.minimum(gap, _FARTHEST)
    return 0.5 * maths.log(shape) - remainder_of(maths, shape) - shape * (maths.expm1(gap) - gap)
