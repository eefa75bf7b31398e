"""Poisson counts of events with a log link, out of an exposure such as a population or person-years."""

from __future__ import annotations

from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from primum.model.cells import Array, Cells
from primum.model.families.family import Standard
from primum.model.families.intervals import (
    add_totals,
    beyond_of,
    events_beyond,
    informed,
    log_total,
    ratio_of_events,
    within,
)  # fmt: skip
from primum.spec.families import FamilyName

MAX_RATE = 1e15  # numpy draws Poisson counts up to about 9e18


class Poisson:
    """A count of events; an area's population or time at risk is its denominator.

    Overdispersion is left to the shocks, which make counts Poisson-lognormal.
    """

    name: FamilyName = "poisson"
    link = "log"
    noise = False
    scaled = False

    def standard(self, cells: Cells) -> Standard:
        """Centre on the pooled rate of unexposed cells, half an event added."""
        value = cells.value[cells.unexposed].sum()
        total = cells.denominator[cells.unexposed].sum()
        return Standard(float(np.log((value + 0.5) / total)), 1.0)

    def working(self, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """Logarithms of empirical rates and their precisions; of intervals, those of the middle, and less."""
        events = cells.value + 0.5
        total = np.where(cells.observed, cells.denominator, 1.0)
        return np.log(events / total) - standard.centre, informed(np.where(cells.observed, events, 0.0), cells)

    def linearised(self, eta: Array, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """A count is so far from what is expected, relative to that."""
        expected = np.where(cells.observed, cells.denominator, 1.0) * np.exp(standard.centre + eta)
        above, known = within(expected, cells, ratio_of_events, expected, 0.0)
        return eta + (cells.bounds[0] + above - expected) / known, np.where(cells.observed, known, 0.0)

    def rise(self, cells: Cells, standard: Standard) -> tuple[Array, float]:
        """There is no sigma."""
        return np.zeros(cells.value.shape), 1.0

    def fields(self, cells: Cells, standard: Standard) -> Array:
        """Counts, and counts expected at the centre, both 0 where missing; of intervals as for binomial counts."""
        expected = cells.denominator * np.exp(standard.centre)
        return np.concatenate([np.stack([cells.bounds[0], expected]), beyond_of(cells)])

    def log_density(self, eta: Any, sigma: Any, fields: Any, standard: Any) -> Any:
        """Log density up to a constant a cell."""
        import pytensor.tensor as pt

        expected = fields[1] * pt.exp(eta)
        return fields[0] * eta - expected + log_total(ratio_of_events, fields, expected, 0.0)

    @staticmethod
    def slopes(eta: Array, sigma: float, fields: Array, standard: Array, slope: Array) -> tuple[float, float]:
        """Log density of cells and its derivatives."""
        density = 0.0
        for j in range(eta.size):
            # a missing cell expects nothing, however far its eta
            expected = fields[1, j] * exp(min(eta[j], 700.0)) if fields[1, j] > 0 else 0.0
            density += fields[0, j] * eta[j] - expected
            slope[j] = fields[0, j] - expected
        if fields.shape[0] > 2:  # some counts are intervals: `primum.model.families.intervals`
            for j in range(eta.size):
                if fields[2, j] > 0:
                    expected = fields[1, j] * exp(min(eta[j], 600.0))
                    more, in_eta, _ = events_beyond(fields[0, j], fields[2, j], expected, 0.0)
                    density += more
                    slope[j] += in_eta
        return density, 0.0

    def mean(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Expected rate, events for each unit of the denominator."""
        return np.asarray(np.exp(standard.centre + eta))

    def draw(
        self, rng: np.random.Generator, eta: Array, sigma: Array, cells: Cells, standard: Standard
    ) -> NDArray[Any]:
        """Replicated counts."""
        return rng.poisson(np.minimum(cells.denominator * self.mean(eta, sigma, cells, standard), MAX_RATE))

    def log_likelihood(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Poisson log probability."""
        rate = standard.centre + eta + np.log(np.where(cells.observed, cells.denominator, 1.0))
        density = cells.bounds[0] * rate - np.exp(rate) - gammaln(cells.bounds[0] + 1)
        density = add_totals(density, cells, ratio_of_events, np.exp(rate), 0.0)
        return np.where(cells.observed, density, np.nan)

    def level(self, cells: Cells) -> Array:
        """Observed rates."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(cells.observed, cells.value / cells.denominator, np.nan)
