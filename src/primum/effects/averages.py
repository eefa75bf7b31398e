"""Averages of cells' effects: over all of them, by unit, and by event time, period and cohort."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from primum.effects.estimand import CELLS, Estimand
from primum.effects.predictions import SAMPLE, Predictions
from primum.model.cells import Array, Mask
from primum.spec.outcome import Target


def over_cells(values: Array, weight: Array | Mask) -> Array:
    """Weighted mean of cells.

    Parameters
    ----------
    values
        Shape (chain, draw, pilot, time).
    weight
        Weights or a mask; shape (pilot, time).

    Returns
    -------
    ndarray
        Shape (chain, draw).
    """
    return np.asarray((values * weight).sum(axis=(-2, -1)) / weight.sum())


def over_periods(values: Array, weight: Array | Mask) -> Array:
    """Weighted mean of each pilot's cells; shape (chain, draw, pilot)."""
    return np.asarray((values * weight).sum(axis=-1) / weight.sum(axis=-1))


def by_group(values: Array, group: NDArray[np.int64], mask: Mask, name: str) -> xr.DataArray:
    """Mean of the masked cells of each group; dims (chain, draw, `name`).

    Parameters
    ----------
    values
        Shape (chain, draw, pilot, time).
    group
        Which group a cell is of; shape (pilot, time), or one that broadcasts to it.
    mask
        Cells to use; shape (pilot, time).
    name
        Name of the new dim.
    """
    places = np.unique(np.broadcast_to(group, mask.shape)[mask])
    means = [over_cells(values, mask & (group == place)) for place in places]
    return xr.DataArray(np.stack(means, axis=-1), {name: places}, (*SAMPLE, name))


def satt(predictions: Predictions) -> xr.DataArray:
    """Sample average effect on the treated: the mean over fully exposed unit-periods, by the outcome's target."""
    return xr.DataArray(over_cells(predictions.effect.values, target_weights(predictions)), dims=SAMPLE)


def target_weights(predictions: Predictions) -> Array:
    """Weights of cells in the SATT, 0 but under full exposure; shape (pilot, time)."""
    return satt_weights(predictions.full.values, predictions.denominator.values, predictions.outcome.target)


def satt_weights(full: Mask, denominator: Array, target: Target) -> Array:
    """The same from arrays of the pilots' cells.

    Parameters
    ----------
    full
        Whether a cell is fully exposed; shape (pilot, time).
    denominator
        0 where not observed; shape (pilot, time).
    target
        "areas": a weight of 1 each. "denominators": a cell's denominator.
    """
    return np.asarray(full * (denominator if target == "denominators" else 1.0))


def unit_effect(predictions: Predictions) -> xr.DataArray:
    """Effect in each pilot: the mean over its own fully exposed periods."""
    means = over_periods(predictions.effect.values, predictions.full.values)
    return xr.DataArray(means, {"pilot": predictions.full["pilot"]}, (*SAMPLE, "pilot"))


def event_effect(predictions: Predictions) -> xr.DataArray:
    """Effect by periods since exposure started, the mean over the pilots that were observed so long."""
    return by_group(predictions.effect.values, predictions.event.values, predictions.exposed.values, "event")


def cohort_effect(predictions: Predictions) -> xr.DataArray:
    """Effect by the period in which pilots started, the mean over their fully exposed unit-periods."""
    start = predictions.start.values[:, None]
    return by_group(predictions.effect.values, start, predictions.full.values, "cohort")


def period_effect(predictions: Predictions) -> xr.DataArray:
    """Effect by calendar period, the mean over the pilots that are fully exposed in it."""
    return by_group(predictions.effect.values, predictions.cells.time, predictions.full.values, "period")


def cumulative_effect(predictions: Predictions) -> xr.DataArray:
    """Effects by event time added up from the start on."""
    effect = event_effect(predictions)
    return effect.copy(deep=False, data=effect.values.cumsum(axis=-1))


FULL = "pilots' fully exposed periods"

SATT = Estimand("satt", satt, "Average in the pilots{average}", FULL)
UNIT = Estimand("unit_effect", unit_effect, "{place}", "each pilot's fully exposed periods", weights=CELLS)
EVENT = Estimand(
    "event_effect", event_effect, "{place} periods after the start",
    "pilots that were observed so long, partial exposure included", weights=CELLS,
)  # fmt: skip
COHORT = Estimand(
    "cohort_effect", cohort_effect, "Pilots that started in {place}",
    "fully exposed periods of the pilots that started then", weights=CELLS,
)  # fmt: skip
PERIOD = Estimand(
    "period_effect", period_effect, "In {place}", "pilots that were fully exposed in that period", weights=CELLS
)
CUMULATIVE = Estimand(
    "cumulative_effect", cumulative_effect, "Added up until {place} periods after the start",
    "pilots that were observed so long, partial exposure included", "difference, added up over observed event times",
    CELLS, "{unit}, summed",
)  # fmt: skip
