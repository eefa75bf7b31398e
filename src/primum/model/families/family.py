"""What the model asks of a family of outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from primum.model.cells import Array, Cells, Mask
from primum.spec.families import FamilyName


@dataclass(frozen=True)
class Standard:
    """Where the linear predictor is measured from, and in what.

    The link of the expected value is ``centre + spread * eta``, so that priors on `eta` do
    not depend on the outcome's units.
    """

    centre: float
    spread: float


class Family(Protocol):
    """A likelihood with its link, for cells of shape (unit, time).

    Its log density is written twice: `log_density` for the PyMC model, and `slopes`, with
    derivatives, for the compiled kernel; a test compares them. Draws of `eta` and of `sigma`
    carry leading sample dimensions in the numpy methods.
    """

    @property
    def name(self) -> FamilyName:
        """The name a specification gives."""

    @property
    def link(self) -> str:
        """The link, in words."""

    @property
    def noise(self) -> bool:
        """Whether the likelihood has a noise parameter `sigma` of its own."""

    @property
    def scaled(self) -> bool:
        """Whether `sigma` is the scale of the noise, so that working weights go with 1 / sigma^2."""

    def standard(self, cells: Cells) -> Standard:
        """Centre and spread of the linear predictor, from unexposed cells."""

    def working(self, cells: Cells, standard: Standard) -> tuple[Array, Array]:
        """Working response and weight of each cell on the scale of `eta` (weight at sigma = 1 where `scaled`).

        They shape the sampler's geometry and nothing else; both have shape (unit, time).
        """

    def linearised(self, eta: Array, cells: Cells, standard: Standard) -> tuple[Array, Array] | None:
        """Working response and weight of each cell, from slope and information of its log density at a predictor.

        Both have shape (unit, time); None where those of `working` are as good.
        """

    def rise(self, cells: Cells, standard: Standard) -> tuple[Array, float]:
        """How one over a cell's working weight rises with sigma^2, relative to itself, and the sigma^2 it is right at.

        So at another sigma the weight is divided by ``1 + rise * (sigma^2 - there)``; shape (unit, time), and a number.
        """

    def fields(self, cells: Cells, standard: Standard) -> Array:
        """What the log density needs of each cell, such that a missing one adds 0; shape (field, unit, time)."""

    def log_density(self, eta: Any, sigma: Any, fields: Any, standard: Any) -> Any:
        """Log density of every cell up to a constant, as a PyTensor expression of the shape of eta."""

    @staticmethod
    def slopes(eta: Array, sigma: float, fields: Array, standard: Array, slope: Array) -> tuple[float, float]:
        """Log density of some cells together, and its derivative in sigma; numba compiles it.

        Takes eta (cell,) and fields (field, cell), and writes the derivatives in eta, slope (cell,).
        """

    def mean(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Expected value of a cell on the outcome's own scale."""

    def draw(
        self, rng: np.random.Generator, eta: Array, sigma: Array, cells: Cells, standard: Standard
    ) -> NDArray[Any]:
        """Replicated values of cells."""

    def log_likelihood(self, eta: Array, sigma: Array, cells: Cells, standard: Standard) -> Array:
        """Log likelihood of every cell, constants included; NaN where not observed."""

    def level(self, cells: Cells) -> Array:
        """Observed values as people look at them (shares for counts), NaN where not observed."""


def values_of(fields: Any) -> Array:
    """Numbers that fields of the PyMC model are now, which decide how many terms a cell has; none of an expression."""
    if hasattr(fields, "get_value"):
        return np.asarray(fields.get_value(borrow=True))
    return fields if isinstance(fields, np.ndarray) else np.zeros((0, 0, 0))


def learns_noise(family: Family, cells: Cells) -> bool:
    """Whether the model of these cells has a sigma to learn: its family has one, and errors are not known."""
    return family.noise and cells.standard_error is None


def learns_scale(family: Family, cells: Cells) -> bool:
    """Whether that sigma is the scale of all noise."""
    return family.scaled and learns_noise(family, cells)


def follows_scale(family: Family, cells: Cells) -> bool:
    """Whether working weights of whole paths must follow that scale, as where it is learned and shocks are in paths."""
    return learns_scale(family, cells) and not cells.apart


def pseudo_cells(family: Family, cells: Cells) -> Mask:
    """Missing cells that need a pseudo-response, as `primum.model.transport` says; shape (unit, time)."""
    follows = cells.varied and not cells.apart
    return np.asarray(~cells.observed & (follows or follows_scale(family, cells)))


def inside_cells(family: Family, cells: Cells) -> Mask:
    """Means that are known as intervals, and sampled (`primum.model.inside`); shape (unit, time)."""
    return np.asarray(cells.vague & family.scaled)
