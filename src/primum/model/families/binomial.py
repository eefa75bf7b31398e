"""Binomial counts with a logit link."""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammaln, logit

from primum.model.cells import Array, Cells
from primum.model.families.family import Standard
from primum.model.families.intervals import (
    add_totals,
    beyond_of,
    informed,
    log_total,
    ratio_of_shares,
    shares_beyond,
    within,
)  # fmt: skip
from primum.spec.families import FamilyName

FARTHEST = 600.0  # log odds of shares that are still above 0


class Binomial:
    """A count out of a denominator; overdispersion is left to the shocks."""

    name: FamilyName = "binomial"
    link = "logit"
    noise = False
    scaled = False

    def standard(self, cells: Cells) -> Standard:
        """Centre on the pooled share of unexposed cells, half a count added to each side."""
        value = cells.value[cells.unexposed].sum()
        total = cells.denominator[cells.unexposed].sum()
        return Standard(float(logit((value + 0.5) / (total + 1))), 1.0)

    def working(self, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """Empirical logits and their precisions; of intervals, those of the middle, and less."""
        share = (cells.value + 0.5) / (cells.denominator + 1)
        return logit(share) - standard.centre, informed(cells.denominator * share * (1 - share), cells)

    def linearised(self, eta: Array, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """A count is so far from what is expected, relative to the variance of chance."""
        share, size = expit(standard.centre + eta), np.where(cells.observed, cells.denominator, 1.0)
        other = expit(-standard.centre - eta)
        above, known = within(size * share * other, cells, ratio_of_shares, size, share, other, 0.0)
        gap = np.where(cells.observed, cells.bounds[0] + above - size * share, 0.0)
        return eta + gap / known, np.where(cells.observed, known, 0.0)

    def rise(self, cells: Cells, standard: Standard) -> tuple[Array, float]:
        """There is no sigma."""
        return np.zeros(cells.value.shape), 1.0

    def fields(self, cells: Cells, standard: Standard) -> Array:
        """Counts and denominators, both 0 where missing; of intervals the lowest count, and how many are beyond it."""
        return np.concatenate([np.stack([cells.bounds[0], cells.denominator]), beyond_of(cells)])

    def log_density(self, eta: Any, sigma: Any, fields: Any, standard: Any) -> Any:
        """Log density up to the binomial coefficient."""
        import pytensor.tensor as pt

        logits = standard[0] + eta
        density = fields[0] * logits - fields[1] * pt.softplus(logits)
        return density + log_total(ratio_of_shares, fields, fields[1], pt.sigmoid(logits), pt.sigmoid(-logits), 0.0)

    @staticmethod
    def slopes(eta: Array, sigma: float, fields: Array, standard: Array, slope: Array) -> tuple[float, float]:
        """Log density of cells and its derivatives."""
        density = 0.0
        for j in range(eta.size):  # apart, since nothing waits for an exponential here
            slope[j] = exp(-abs(standard[0] + eta[j]))
        for j in range(eta.size):
            logits, tail = standard[0] + eta[j], slope[j]
            share = (1.0 if logits >= 0 else tail) / (1.0 + tail)
            density += fields[0, j] * logits - fields[1, j] * (max(logits, 0.0) + log(1.0 + tail))
            slope[j] = fields[0, j] - fields[1, j] * share
        if fields.shape[0] > 2:  # some counts are intervals: `primum.model.families.intervals`
            for j in range(eta.size):
                if fields[2, j] > 0:
                    logits = min(max(standard[0] + eta[j], -FARTHEST), FARTHEST)
                    tail = exp(-abs(logits))
                    large, small = 1.0 / (1.0 + tail), tail / (1.0 + tail)
                    share, other = (large, small) if logits >= 0 else (small, large)
                    more, in_eta, _ = shares_beyond(fields[0, j], fields[2, j], fields[1, j], share, other, 0.0)
                    density += more
                    slope[j] += in_eta
        return density, 0.0

    def mean(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Expected share."""
        return np.asarray(expit(standard.centre + eta))

    def draw(
        self, rng: np.random.Generator, eta: Array, sigma: Array, cells: Cells, standard: Standard
    ) -> NDArray[Any]:
        """Replicated counts."""
        return rng.binomial(cells.denominator.astype(np.int64), self.mean(eta, sigma, cells, standard))

    def log_likelihood(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Binomial log probability."""
        value, total = cells.bounds[0], cells.denominator
        logits = standard.centre + eta
        coefficient = gammaln(total + 1) - gammaln(value + 1) - gammaln(total - value + 1)
        density = coefficient + value * logits - total * np.logaddexp(0.0, logits)
        density = add_totals(density, cells, ratio_of_shares, total, expit(logits), expit(-logits), 0.0)
        return np.where(cells.observed, density, np.nan)

    def level(self, cells: Cells) -> Array:
        """Observed shares."""
        with np.errstate(invalid="ignore"):
            return np.where(cells.observed, cells.value / cells.denominator, np.nan)
