r"""Negative binomial counts of events with a log link: Poisson counts whose rate scatters from cell to cell.

With :math:`a = \sigma^2`, the variance of a count is :math:`\mu + a \mu^2`: its rate is :math:`\mu` times a
gamma variable with mean 1 and SD :math:`\sigma`. Written with :math:`\log\Gamma(y + 1/a) - \log\Gamma(1/a)`
the density loses all its digits as :math:`\sigma \to 0`; with

.. math::
    \log p = \sum_{k < y} \log(1 + a k) + y \log\mu - (y + 1/a) \log(1 + a\mu) - \log y!

it goes over into that of a Poisson count, smoothly in :math:`\sigma` with either sign.
"""

from __future__ import annotations

from math import exp, log1p
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from primum.model.cells import Array, Cells
from primum.model.families.family import Standard
from primum.model.families.intervals import add_totals, events_beyond, log_total, ratio_of_events
from primum.model.families.overdispersion import LEAST, excess
from primum.model.families.poisson import MAX_RATE, Poisson
from primum.model.families.stirling import deficit, rising, rising_of
from primum.spec.families import FamilyName

_FARTHEST = 600.0  # exp of it is finite, times any count too


class NegativeBinomial(Poisson):
    """A count of events; an area's population or time at risk is its denominator.

    Overdispersion takes the place of the white shock.
    """

    name: FamilyName = "negative_binomial"
    noise = True

    def working(self, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """Logarithms of empirical rates, and their precisions at a rough sigma."""
        response, events = super().working(cells, standard)
        return response, events / (1 + _excess(response, events, cells) * events)

    def linearised(self, eta: Array, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """As for Poisson counts, with precisions at the same rough sigma."""
        response, events = super().linearised(eta, cells, standard)
        return response, events / (1 + _excess(*super().working(cells, standard), cells) * events)

    def rise(self, cells: Cells, standard: Standard) -> tuple[Array, float]:
        """The variance of the logarithm of a count is about 1 / events + sigma^2."""
        response, events = super().working(cells, standard)
        rough = _excess(response, events, cells)
        return events / (1 + rough * events), rough

    def log_density(self, eta: Any, sigma: Any, fields: Any, standard: Any) -> Any:
        """Log density up to a constant a cell."""
        import pytensor.tensor as pt

        expected = fields[1] * pt.exp(pt.minimum(eta, _FARTHEST))
        density = _log_density(pt, eta, sigma, fields[0], fields[1])
        return density + log_total(ratio_of_events, fields, expected, sigma**2 + LEAST)

    @staticmethod
    def slopes(eta: Array, sigma: float, fields: Array, standard: Array, slope: Array) -> tuple[float, float]:
        """Log density of cells and its derivatives."""
        a, density, in_a = sigma**2 + LEAST, 0.0, 0.0
        for j in range(eta.size):
            count, mu = fields[0, j], fields[1, j] * exp(min(eta[j], _FARTHEST))
            x = a * mu
            logarithm = log1p(x)
            scattered, in_scattered = rising(count, a)
            density += scattered + count * eta[j] - (count + 1.0 / a) * logarithm
            slope[j] = (count - mu) / (1.0 + x)
            in_a += in_scattered - count * mu / (1.0 + x) + mu * (mu * (1.0 / (1.0 + x) - deficit(x, logarithm)))
            if fields.shape[0] > 2 and fields[2, j] > 0:
                more, in_eta, in_more = events_beyond(count, fields[2, j], mu, a)
                density += more
                slope[j] += in_eta
                in_a += in_more
        return density, 2.0 * sigma * in_a

    def draw(
        self, rng: np.random.Generator, eta: Array, sigma: Array, cells: Cells, standard: Standard
    ) -> NDArray[Any]:
        """Replicated counts."""
        a = np.broadcast_to(sigma**2 + LEAST, eta.shape)
        rate = cells.denominator * self.mean(eta, sigma, cells, standard) * rng.gamma(1 / a) * a
        return rng.poisson(np.minimum(rate, MAX_RATE))

    def log_likelihood(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Negative binomial log probability."""
        value, expected = self.fields(cells, standard)[:2]
        expected = np.where(cells.observed, expected, 1.0)
        density = _log_density(np, eta, sigma, value, expected) + value * np.log(expected) - gammaln(value + 1)
        rate = expected * np.exp(np.minimum(eta, _FARTHEST))
        density = add_totals(density, cells, ratio_of_events, rate, sigma**2 + LEAST)
        return np.where(cells.observed, density, np.nan)


def _log_density(maths: Any, eta: Any, sigma: Any, value: Any, expected: Any) -> Any:
    a = sigma**2 + LEAST
    mu = expected * maths.exp(maths.minimum(eta, _FARTHEST))
    return rising_of(maths, value, a) + value * eta - (value + 1 / a) * maths.log1p(a * mu)


def _excess(response: Array, events: Array, cells: Cells) -> float:
    """Roughly sigma squared."""
    chance = 1 / np.where(cells.observed, events, 1.0)
    return excess(response, chance, np.ones(chance.shape), cells.unexposed)
