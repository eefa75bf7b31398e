"""Means of records with heavy-tailed noise."""

from __future__ import annotations

from math import log, log1p
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import gammaln

from primum.model.cells import Array, Cells
from primum.model.families.bounds import add_between, ends_of, middles, moments
from primum.model.families.family import Standard
from primum.model.families.gaussian import relative_size
from primum.model.families.tails import log_between_of_law
from primum.spec.families import FamilyName

FREEDOM = 4.0


class StudentT:
    """A mean whose sampling noise is Student's t with 4 degrees of freedom.

    Now and then a mean is far off, through an artefact of recording say, and such a cell should not
    carry the answer. With 4 degrees of freedom a cell more than 5 scales off counts for less the farther
    it is, and the variance is still finite; data of this size can hardly tell 3 from 6.

    `sigma` is the scale of the noise of a cell with the median denominator; that of a cell with
    `n` records is ``sigma * sqrt(median / n)``. Without denominators it is the same in every cell and
    takes the place of the white shock. Beside shocks it is sampled as a mixture of normals (`primum.model.shocks`),
    unless outcomes are fitted jointly; densities here are those of the t.
    """

    name: FamilyName = "student_t"
    link = "identity"
    noise = True
    scaled = True

    def standard(self, cells: Cells) -> Standard:
        """Median of unexposed cells, and their median distance from it as a normal's SD: neither minds outliers.

        Where some are intervals, a normal's mean and SD.
        """
        if cells.vague.any():
            return Standard(*moments(cells.value, cells, log=False))
        values = cells.value[cells.unexposed]
        centre = float(np.median(values))
        spread = 1.4826 * float(np.median(np.abs(values - centre))) or float(values.std())
        return Standard(centre, spread if spread > 0 else 1.0)

    def working(self, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """Standardised values, and what a cell says of its mean.

        Of a t that is (v + 1) / (v + 3) of a normal's; where it is a mixture of normals, what one of size 1 says.
        """
        response = np.where(cells.observed, (cells.value - standard.centre) / standard.spread, 0.0)
        response = middles(response, cells, standard, log=False)
        share = 1.0 if cells.mixed else (FREEDOM + 1) / (FREEDOM + 3)
        return response, share * cells.observed * relative_size(cells)

    def linearised(self, eta: Array, cells: Cells, standard: Standard) -> None:
        """Residuals say how far it is from quadratic, and nothing is known of these yet."""

    def rise(self, cells: Cells, standard: Standard) -> tuple[Array, float]:
        """Sigma is the scale of all noise."""
        return np.ones(cells.value.shape), 1.0

    def fields(self, cells: Cells, standard: Standard) -> Array:
        """Standardised values, relative denominators, 0 where missing, and whether observed."""
        response, _ = self.working(cells, standard)
        return np.stack([response, cells.observed * relative_size(cells), cells.observed])

    def log_density(self, eta: Any, sigma: Any, fields: Any, standard: Any) -> Any:
        """Log density of the standardised values up to a constant."""
        import pytensor.tensor as pt

        squares = fields[1] * ((fields[0] - eta) / sigma) ** 2 / FREEDOM
        return -0.5 * (FREEDOM + 1) * pt.log1p(squares) - fields[2] * pt.log(pt.abs(sigma))

    @staticmethod
    def slopes(eta: Array, sigma: float, fields: Array, standard: Array, slope: Array) -> tuple[float, float]:
        """Log density of cells and its derivatives."""
        density, pulls, seen, scale = 0.0, 0.0, 0.0, FREEDOM * sigma**2
        for j in range(eta.size):
            gap = fields[0, j] - eta[j]
            squares = fields[1, j] * gap**2 / scale
            slope[j] = (FREEDOM + 1) * fields[1, j] * gap / (scale * (1.0 + squares))
            density -= 0.5 * (FREEDOM + 1) * log1p(squares)
            pulls += slope[j] * gap
            seen += fields[2, j]
        return density - seen * log(abs(sigma)), (pulls - seen) / sigma

    def mean(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Expected mean of the records behind a cell."""
        return standard.centre + standard.spread * eta

    def draw(
        self, rng: np.random.Generator, eta: Array, sigma: Array, cells: Cells, standard: Standard
    ) -> NDArray[Any]:
        """Replicated means."""
        size = np.where(cells.observed, relative_size(cells), 1.0)
        return self.mean(eta + rng.standard_t(FREEDOM, eta.shape) * sigma / np.sqrt(size), sigma, cells, standard)

    def log_likelihood(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Log density on the outcome's own scale."""
        response, size, _ = self.fields(cells, standard)
        scale = sigma / np.sqrt(np.where(cells.observed, size, 1.0))
        constant = gammaln((FREEDOM + 1) / 2) - gammaln(FREEDOM / 2) - 0.5 * np.log(FREEDOM * np.pi)
        squares = ((response - eta) / scale) ** 2 / FREEDOM
        density = constant - np.log(standard.spread * scale) - 0.5 * (FREEDOM + 1) * np.log1p(squares)
        density = add_between(density, eta, scale, cells, ends_of(cells, standard, log=False), _log_between)
        return np.where(cells.observed, density, np.nan)

    def level(self, cells: Cells) -> Array:
        """Observed means."""
        return np.where(cells.observed, cells.value, np.nan)


def _log_between(low: Array, high: Array, scale: Array) -> Array:
    return log_between_of_law(stats.t(FREEDOM), low / scale, high / scale)
