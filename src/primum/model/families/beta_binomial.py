r"""Beta-binomial counts with a logit link: binomial counts whose share scatters from cell to cell.

A cell's share is a beta variable with mean p and shapes p / a and (1 - p) / a, with
:math:`a = \sigma^2`: two of its trials have correlation :math:`\rho = 1 / (1 + 1/a) = \sigma^2 / (1 + \sigma^2)`,
which is every correlation from 0 to 1, and :math:`\sigma^2` itself, nearly, where it is small. With y of n,

.. math::
    p(y) \propto \frac{\prod_{k < y} (p + a k) \prod_{k < n - y} (1 - p + a k)}{\prod_{k < n} (1 + a k)}

whose logarithm goes over into that of a binomial count, smoothly in :math:`\sigma` with either sign.
"""

from __future__ import annotations

from math import exp, log1p
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammaln

from primum.model.cells import Array, Cells
from primum.model.families.binomial import FARTHEST, Binomial
from primum.model.families.family import Standard
from primum.model.families.intervals import add_totals, log_total, ratio_of_shares, shares_beyond
from primum.model.families.overdispersion import LEAST, excess
from primum.model.families.stirling import rising, rising_of
from primum.spec.families import FamilyName

_LEAST_SHARE = 1e-260


class BetaBinomial(Binomial):
    """A count out of a denominator; overdispersion takes the place of the white shock."""

    name: FamilyName = "beta_binomial"
    noise = True

    def working(self, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """Empirical logits, and their precisions at a rough sigma."""
        response, weight = super().working(cells, standard)
        more, rho = _excess(response, weight, cells)
        return response, weight / (1 + more * rho)

    def linearised(self, eta: Array, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """As for binomial counts, with precisions at the same rough sigma."""
        response, weight = super().linearised(eta, cells, standard)
        more, rho = _excess(*super().working(cells, standard), cells)
        return response, weight / (1 + more * rho)

    def rise(self, cells: Cells, standard: Standard) -> tuple[Array, float]:
        """Each trial beyond the first adds sigma^2, about, of the variance of chance."""
        more, rho = _excess(*super().working(cells, standard), cells)
        return more / (1 + more * rho), rho

    def log_density(self, eta: Any, sigma: Any, fields: Any, standard: Any) -> Any:
        """Log density up to a constant a cell."""
        import pytensor.tensor as pt

        logits = pt.clip(standard[0] + eta, -FARTHEST, FARTHEST)
        shares = pt.sigmoid(logits), pt.sigmoid(-logits)
        density = _log_density(pt, logits, sigma, fields[0], fields[1])
        return density + log_total(ratio_of_shares, fields, fields[1], *shares, sigma**2 + LEAST)

    @staticmethod
    def slopes(eta: Array, sigma: float, fields: Array, standard: Array, slope: Array) -> tuple[float, float]:
        """Log density of cells and its derivatives."""
        a, density, in_a = sigma**2 + LEAST, 0.0, 0.0
        for j in range(eta.size):
            logits = min(max(standard[0] + eta[j], -FARTHEST), FARTHEST)
            count, rest, tail = fields[0, j], fields[1, j] - fields[0, j], exp(-abs(logits))
            large, small = 1.0 / (1.0 + tail), tail / (1.0 + tail)
            share, other = (large, small) if logits >= 0 else (small, large)
            some, in_some = rising(count, a / share)
            others, in_others = rising(rest, a / other)
            whole, in_whole = rising(fields[1, j], a)
            density += count * min(logits, 0.0) - rest * max(logits, 0.0) - fields[1, j] * log1p(tail)
            density += some + others - whole
            in_a += in_some / share + in_others / other - in_whole
            slope[j] = other * (count - a / share * in_some) - share * (rest - a / other * in_others)
            if fields.shape[0] > 2 and fields[2, j] > 0:
                more, in_odds, in_more = shares_beyond(count, fields[2, j], fields[1, j], share, other, a)
                density += more
                slope[j] += in_odds
                in_a += in_more
        return density, 2.0 * sigma * in_a

    def draw(
        self, rng: np.random.Generator, eta: Array, sigma: Array, cells: Cells, standard: Standard
    ) -> NDArray[Any]:
        """Replicated counts."""
        a, logits = sigma**2 + LEAST, standard.centre + eta
        share, other = (np.maximum(expit(each), _LEAST_SHARE) / a for each in (logits, -logits))
        return rng.binomial(cells.denominator.astype(np.int64), rng.beta(share, other))

    def log_likelihood(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Beta-binomial log probability."""
        value, total, logits = cells.bounds[0], cells.denominator, standard.centre + eta
        coefficient = gammaln(total + 1) - gammaln(value + 1) - gammaln(total - value + 1)
        density = coefficient + _log_density(np, logits, sigma, value, total)
        density = add_totals(density, cells, ratio_of_shares, total, expit(logits), expit(-logits), sigma**2 + LEAST)
        return np.where(cells.observed, density, np.nan)


def _log_density(maths: Any, logits: Any, sigma: Any, value: Any, total: Any) -> Any:
    a, logits = sigma**2 + LEAST, maths.clip(logits, -FARTHEST, FARTHEST)
    odds, against = maths.exp(logits), maths.exp(-logits)
    counted = rising_of(maths, value, a * (1 + against)) - value * maths.log1p(against)
    others = rising_of(maths, total - value, a * (1 + odds)) - (total - value) * maths.log1p(odds)
    # of a missing cell, graphs that were simplified leave rounding errors
    return maths.where(total > 0, counted + others - rising_of(maths, total, a), 0.0)


def _excess(response: Array, weight: Array, cells: Cells) -> tuple[Array, float]:
    """Trials of a cell beyond its first, and roughly their correlation."""
    total = np.where(cells.observed, cells.denominator, 1.0)
    chance = 1 / np.where(cells.observed, weight, 1.0)
    return total - 1, min(excess(response, chance, total * chance, cells.unexposed), 0.5)
