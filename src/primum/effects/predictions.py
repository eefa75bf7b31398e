"""Predictions: what an outcome is expected to be in the pilots with the exposure there was, and with none.

All estimands are functions of it. Both arms are of the same cell, drift and shocks included, so that
only the effect differs between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zlib import crc32

import numpy as np
import xarray as xr

from primum.fit import Fit
from primum.model import Cells, cells_of
from primum.model.cells import Array, Mask
from primum.model.families import Family, Standard, family_of
from primum.panel import Panel
from primum.spec import Outcome, Spec

SAMPLE = ("chain", "draw")
CELL = ("pilot", "time")
DIMS = (*SAMPLE, *CELL)


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of one outcome; make one with `primum.predictions`.

    Attributes
    ----------
    outcome
        The outcome.
    with_exposure, without
        What is expected under the exposure there was, and with none, in the pilots; dims (chain, draw, pilot,
        time). A share for counts out of a denominator and for ordered categories (above the boundary that the
        outcome names), events for each unit of the denominator, and otherwise
        in the unit of the values: means, or medians of lognormal and binned durations. Coordinate ``label``
        (pilot) holds readable names.
    usable
        Cells that estimands may use; dims (pilot, time). All of them, but for realised effects.
    moderators
        What is known of pilots, in its own units; dims (moderator, pilot).
    posterior, cells, family, standard
        What predictions were made from: draws, and the outcome's arrays, family and scale.
    seed
        The specification's.
    """

    outcome: Outcome
    with_exposure: xr.DataArray
    without: xr.DataArray
    usable: xr.DataArray
    moderators: xr.DataArray
    posterior: xr.Dataset
    cells: Cells
    family: Family
    standard: Standard
    seed: int

    @cached_property
    def effect(self) -> xr.DataArray:
        """Effect in every cell, in the unit of the outcome's effect; dims (chain, draw, pilot, time)."""
        return self.with_exposure.copy(
            deep=False, data=self.outcome.factor * (self.with_exposure.values - self.without.values)
        )

    @cached_property
    def exposure(self) -> xr.DataArray:
        """Exposure between 0 and 1; dims (pilot, time)."""
        return self.of_cells(self.cells.exposure)

    @cached_property
    def denominator(self) -> xr.DataArray:
        """Denominators, 0 where not observed, 1 where the outcome has none; dims (pilot, time)."""
        return self.of_cells(self.cells.denominator)

    @cached_property
    def exposed(self) -> xr.DataArray:
        """Usable cells with some exposure; dims (pilot, time)."""
        return self.usable.copy(deep=False, data=self.usable.values & (self.exposure.values > 0))

    @cached_property
    def full(self) -> xr.DataArray:
        """Usable cells under full exposure; dims (pilot, time)."""
        return self.usable.copy(deep=False, data=self.usable.values & (self.exposure.values == 1))

    @cached_property
    def start(self) -> xr.DataArray:
        """Period in which exposure starts; dims (pilot)."""
        return xr.DataArray(self.cells.start, {"pilot": self.usable["pilot"].values}, ["pilot"])

    @cached_property
    def event(self) -> xr.DataArray:
        """Periods since the start, negative before it; dims (pilot, time)."""
        return self.usable.copy(deep=False, data=self.cells.time - self.cells.start[:, None])

    @cached_property
    def eta(self) -> xr.DataArray:
        """Linear predictor under the exposure there was; dims (chain, draw, pilot, time)."""
        eta = np.asarray(self.posterior["eta"][:, :, self.cells.pilots], dtype=float)
        return self.with_exposure.copy(deep=False, data=eta)

    def of_cells(self, values: Array | Mask) -> xr.DataArray:
        """The pilots' part of an array of all units' cells, shape (unit, time); dims (pilot, time)."""
        return self.usable.copy(deep=False, data=values[self.cells.pilots])

    def expected(self, eta: Any) -> Any:
        """What is expected in the pilots for a linear predictor, whose last dims are pilot and time."""
        return self.family.mean(eta, np.ones(1), self.cells, self.standard)

    def rng(self, use: str) -> np.random.Generator:
        """Random numbers that depend on the seed, the outcome and this use alone."""
        return np.random.default_rng([self.seed, crc32(use.encode()), crc32(self.outcome.name.encode())])


def predictions(fit: Fit, outcome: str) -> Predictions:
    """Predictions of one outcome with and without exposure, which estimands are functions of.

    Parameters
    ----------
    fit
        The fit.
    outcome
        Name of the outcome.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.testing import tiny_fit
    >>> found = pr.predictions(tiny_fit(), "kinship")
    >>> dict(found.effect.sizes)
    {'chain': 4, 'draw': 250, 'pilot': 3, 'time': 8}
    >>> round(float(found.effect.where(found.full).mean()), 1)
    -10.5
    """
    return predict_pilots(fit.posterior(outcome), fit.spec, fit.panel, fit.spec.outcome(outcome))


def predict_pilots(posterior: xr.Dataset, spec: Spec, panel: Panel, outcome: Outcome) -> Predictions:
    """Predictions of one outcome from its draws.

    Parameters
    ----------
    posterior
        Draws of eta (chain, draw, unit, time), tau_unit (chain, draw, pilot) and, where the effect
        has terms, gamma (chain, draw, term).
    spec, panel, outcome
        The evaluation.
    """
    family, cells = family_of(outcome.family), cells_of(panel.dataset, outcome)
    standard, sigma = family.standard(cells), np.ones(1)
    eta = np.asarray(posterior["eta"][:, :, cells.pilots], dtype=float)
    names = {"pilot": panel.dataset["unit"].values[cells.pilots], "time": cells.time}
    named = {
        "chain": posterior["chain"].values, "draw": posterior["draw"].values, **names,
        "label": ("pilot", panel.labels[cells.pilots]),
    }  # fmt: skip
    known = list(outcome.effect.moderators)
    values = [panel.dataset[f"moderator_{name}"].values[cells.pilots] for name in known]
    return Predictions(
        outcome=outcome,
        with_exposure=xr.DataArray(family.mean(eta, sigma, cells, standard), named, DIMS),
        without=xr.DataArray(family.mean(eta - linear_effect(posterior, cells), sigma, cells, standard), named, DIMS),
        usable=xr.DataArray(np.ones((cells.pilots.size, cells.time.size), dtype=bool), names, CELL),
        moderators=xr.DataArray(
            np.reshape(values, (len(known), cells.pilots.size)),
            {"moderator": known, "pilot": names["pilot"]},
            ["moderator", "pilot"],
        ),
        posterior=posterior,
        cells=cells,
        family=family,
        standard=standard,
        seed=spec.seed,
    )


def linear_effect(posterior: xr.Dataset, cells: Cells) -> Array:
    """Effect on the linear predictor in every cell of the pilots; shape (chain, draw, pilot, time)."""
    tau = np.asarray(posterior["tau_unit"])[..., None] * cells.exposure[cells.pilots]
    if cells.terms is not None:
        tau = tau + np.tensordot(np.asarray(posterior["gamma"]), cells.terms.design, axes=1)
    return np.asarray(tau)
