"""Means of records: normal, or lognormal for positive and skewed ones such as durations."""

from __future__ import annotations

from math import log
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from primum.model.cells import Array, Cells
from primum.model.families.bounds import add_between, ends_of, middles, moments
from primum.model.families.family import Standard
from primum.model.families.tails import log_between
from primum.spec.families import FamilyName


class Gaussian:
    """A mean, or its logarithm, with normal sampling noise.

    `sigma` is the noise of a cell with the median denominator; that of a cell with `n`
    records is ``sigma * sqrt(median / n)``. Without denominators it is the same in every
    cell and takes the place of the white shock, which it could not be told from. Where standard errors
    are known, these are the noise, and there is no sigma: that of a logarithm is the value's
    divided by the value (the delta method, good while errors are below a third of their values).

    Parameters
    ----------
    name
        "normal", standardised by the mean and SD of unexposed cells, or "lognormal", whose
        logarithm is centred but not scaled.
    """

    noise = True
    scaled = True

    def __init__(self, name: Literal["normal", "lognormal"]) -> None:
        self.name: FamilyName = name
        self.log = name == "lognormal"
        self.link = "log" if self.log else "identity"

    def standard(self, cells: Cells) -> Standard:
        """Mean and, for normal outcomes, SD of unexposed cells."""
        centre, spread = moments(self._linked(cells), cells, log=self.log)
        return Standard(centre, spread if spread > 0 and not self.log else 1.0)

    def working(self, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """Standardised values, and denominators as multiples of their median, or precisions where they are known."""
        response = (self._linked(cells) - standard.centre) / standard.spread
        response = middles(np.where(cells.observed, response, 0.0), cells, standard, log=self.log)
        return response, cells.observed * self._size(cells, standard)

    def linearised(self, eta: Array, cells: Cells, standard: Standard) -> None:
        """The log density is quadratic."""

    def rise(self, cells: Cells, standard: Standard) -> tuple[Array, float]:
        """Sigma is the scale of all noise."""
        return np.ones(cells.value.shape), 1.0

    def fields(self, cells: Cells, standard: Standard) -> Array:
        """Standardised values and their working weights, and whether observed."""
        return np.stack([*self.working(cells, standard), cells.observed])

    def log_density(self, eta: Any, sigma: Any, fields: Any, standard: Any) -> Any:
        """Normal log density of the standardised values."""
        import pytensor.tensor as pt

        return -0.5 * fields[1] * ((fields[0] - eta) / sigma) ** 2 - fields[2] * pt.log(pt.abs(sigma))

    @staticmethod
    def slopes(eta: Array, sigma: float, fields: Array, standard: Array, slope: Array) -> tuple[float, float]:
        """Log density of cells and its derivatives."""
        squares, seen = 0.0, 0.0
        for j in range(eta.size):
            pull = fields[1, j] * (fields[0, j] - eta[j])
            slope[j] = pull / sigma**2
            squares += pull * (fields[0, j] - eta[j])
            seen += fields[2, j]
        return -0.5 * squares / sigma**2 - seen * log(abs(sigma)), squares / sigma**3 - seen / sigma

    def mean(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Expected mean of the records behind a cell."""
        linked = standard.centre + standard.spread * eta
        return np.exp(linked) if self.log else linked

    def draw(
        self, rng: np.random.Generator, eta: Array, sigma: Array, cells: Cells, standard: Standard
    ) -> NDArray[Any]:
        """Replicated means."""
        size = np.where(cells.observed, self._size(cells, standard), 1.0)
        return self.mean(eta + rng.normal(size=eta.shape) * sigma / np.sqrt(size), sigma, cells, standard)

    def log_likelihood(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Log density on the outcome's own scale, the Jacobian of the link included."""
        response, weight = self.working(cells, standard)
        value = np.where(cells.observed, cells.value, 1.0)
        scale = sigma / np.sqrt(np.where(cells.observed, weight, 1.0))
        jacobian = -np.log(standard.spread) - (np.log(value) if self.log else 0.0)
        density = -0.5 * ((response - eta) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi) + jacobian
        density = add_between(density, eta, scale, cells, ends_of(cells, standard, log=self.log), _log_between)
        return np.where(cells.observed, density, np.nan)

    def level(self, cells: Cells) -> Array:
        """Observed means."""
        return np.where(cells.observed, cells.value, np.nan)

    def _linked(self, cells: Cells) -> Array:
        return np.log(np.where(cells.observed, cells.value, 1.0)) if self.log else cells.value

    def _size(self, cells: Cells, standard: Standard) -> Array:
        """How much a cell's noise is divided by, squared."""
        if cells.standard_error is None:
            return relative_size(cells)
        unit = np.where(cells.observed, cells.value, 1.0) if self.log else standard.spread
        return np.asarray((unit / cells.standard_error) ** 2)


def _log_between(low: Array, high: Array, scale: Array) -> Array:
    return log_between(low / scale, high / scale)


def relative_size(cells: Cells) -> Array:
    """Denominators as multiples of the median observed one; shape (unit, time)."""
    return np.asarray(cells.denominator / np.median(cells.denominator[cells.observed]))
