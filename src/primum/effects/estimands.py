"""Estimands: differences between expected outcomes with and without exposure, on arrays.

Each compares predictions for the same cell, drift and shocks included, with the exposure it had
and with none, so that only the effect differs.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from primum.fit.replicate import deviates
from primum.model import Cells
from primum.model.cells import Array, Mask
from primum.model.families import Family, Standard


def cell_effects(posterior: xr.Dataset, family: Family, cells: Cells, standard: Standard, factor: float) -> Array:
    """Effect in every cell of the pilots.

    Parameters
    ----------
    posterior
        Draws of eta (chain, draw, unit, time), tau_unit (chain, draw, pilot) and, where the effect
        has terms, gamma (chain, draw, term).
    family, cells, standard
        The outcome's family, arrays and scale.
    factor
        What turns a difference of expected values into the unit of the effect.

    Returns
    -------
    ndarray
        Shape (chain, draw, pilot, time); 0 where there is no exposure.
    """
    with_exposure = np.asarray(posterior["eta"], dtype=float)[:, :, cells.pilots]
    tau = np.asarray(posterior["tau_unit"])[..., None] * cells.exposure[cells.pilots]
    if cells.terms is not None:
        tau = tau + np.tensordot(np.asarray(posterior["gamma"]), cells.terms.design, axes=1)
    sigma = np.ones(1)
    expected = family.mean(with_exposure, sigma, cells, standard)
    without = family.mean(with_exposure - tau, sigma, cells, standard)
    return factor * (expected - without)


def target_weights(cells: Cells, target: Literal["areas", "denominators"]) -> Array:
    """Weights of the pilots' cells in the SATT, 0 but under full exposure; shape (pilot, time).

    Parameters
    ----------
    cells
        The outcome's arrays.
    target
        "areas": 1 each. "denominators": a cell's denominator, and 0 where it is not observed.
    """
    full = cells.exposure[cells.pilots] == 1
    return np.asarray(full * (cells.denominator[cells.pilots] if target == "denominators" else 1.0))


def satt(effect: Array, weight: Array | Mask) -> Array:
    """Sample average effect on the treated: the mean over fully exposed unit-periods.

    Parameters
    ----------
    effect
        From `cell_effects`; shape (chain, draw, pilot, time).
    weight
        From `target_weights`; shape (pilot, time).

    Returns
    -------
    ndarray
        Shape (chain, draw).
    """
    return np.asarray((effect * weight).sum(axis=(-2, -1)) / weight.sum())


def per_unit(effect: Array, full: Mask) -> Array:
    """Effect in each pilot: the mean over its own fully exposed periods; shape (chain, draw, pilot)."""
    return np.asarray((effect * full).sum(axis=-1) / full.sum(axis=-1))


def by_event_time(effect: Array, exposure: Array, event: NDArray[np.int64]) -> tuple[NDArray[np.int64], Array]:
    """Effect by periods since exposure started, the mean over the pilots that were observed so long.

    Parameters
    ----------
    effect
        From `cell_effects`; shape (chain, draw, pilot, time).
    exposure
        Of the pilots; shape (pilot, time). Cells without exposure have no effect and are left out.
    event
        Periods since a pilot's start; shape (pilot, time).

    Returns
    -------
    times, effects
        Event times, shape (event,), and shape (chain, draw, event).
    """
    times = np.unique(event[exposure > 0])
    here = [(event == time) & (exposure > 0) for time in times]
    return times, np.stack([satt(effect, each) for each in here], axis=-1)


def by_cohort(effect: Array, full: Mask, start: NDArray[np.int64]) -> tuple[NDArray[np.int64], Array]:
    """Effect by the period in which pilots started, the mean over their fully exposed unit-periods.

    Parameters
    ----------
    effect
        From `cell_effects`; shape (chain, draw, pilot, time).
    full
        Whether a cell is fully exposed; shape (pilot, time).
    start
        Shape (pilot,).

    Returns
    -------
    cohorts, effects
        Starts, shape (cohort,), and shape (chain, draw, cohort).
    """
    cohorts = np.unique(start)
    return cohorts, np.stack([satt(effect, full & (start == each)[:, None]) for each in cohorts], axis=-1)


def new_unit(
    posterior: xr.Dataset,
    family: Family,
    cells: Cells,
    standard: Standard,
    factor: float,
    rng: np.random.Generator,
) -> Array:
    """Effect of full exposure in a new unit, in the last period of the panel.

    Its level, drift, shock and effect are drawn from what the model has learned of units that
    are not pilots, so the draws carry both the uncertainty and the spread between units. Where the
    effect has terms, it is that of a new cohort, at the pilots' average event time and moderators.

    Returns
    -------
    ndarray
        Shape (chain, draw).
    """

    def draws(name: str) -> Array:
        return np.asarray(posterior[name])

    basis = cells.basis
    last = basis.vectors[:, -1] ** 2
    shock = draws("s") ** 2 if "s" in posterior else np.zeros(draws("q").shape)
    scale = np.exp(2 * draws("omega") * rng.normal(size=shock.shape)) if cells.varied else 1.0
    spread = last[0] * cells.time.size * draws("sigma_alpha") ** 2 + scale * (
        draws("q") ** 2 * float(last[1:] @ basis.variance) + shock
    )
    eta = draws("mu") + draws("lambda")[..., -1] + np.sqrt(spread) * rng.normal(size=spread.shape)
    tau = draws("tau") + draws("sigma_tau") * deviates(cells, rng, spread.shape)
    if "sigma_cohort" in posterior:
        tau = tau + draws("sigma_cohort") * rng.normal(size=spread.shape)
    sigma = np.ones(1)
    return factor * (family.mean(eta + tau, sigma, cells, standard) - family.mean(eta, sigma, cells, standard))
