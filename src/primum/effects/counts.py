"""Counts: how many more of them, or fewer, than there would have been."""

from __future__ import annotations

import numpy as np
import xarray as xr

from primum.effects.estimand import Estimand
from primum.effects.predictions import SAMPLE, Predictions
from primum.model.cells import Array


def counted(predictions: Predictions) -> bool:
    """The outcome is a count out of a denominator, of events, or of records above a boundary."""
    return predictions.outcome.facts.kind in ("count", "categories", "events")


def count_change(predictions: Predictions) -> xr.DataArray:
    """Expected count with exposure less that without, over all exposed cells with a known denominator."""
    return xr.DataArray(_change(predictions).sum(axis=(-2, -1)), dims=SAMPLE)


def count_change_by_period(predictions: Predictions) -> xr.DataArray:
    """The same, by calendar period in which any pilot is exposed."""
    seen = predictions.exposed.values.any(axis=0)
    change = _change(predictions).sum(axis=-2)[..., seen]
    return xr.DataArray(change, {"exposed_period": predictions.cells.time[seen]}, (*SAMPLE, "exposed_period"))


def _change(predictions: Predictions) -> Array:
    known = predictions.denominator.values * predictions.exposed.values
    return np.asarray((predictions.with_exposure.values - predictions.without.values) * known)


_WHERE = "pilots' exposed periods with a known denominator, partial exposure included"

COUNT = Estimand(
    "count_change", count_change, "Change in the count, in all", _WHERE, "difference of expected counts",
    "by denominators", "cases", applies=counted,
)  # fmt: skip
COUNT_BY_PERIOD = Estimand(
    "count_change_by_period", count_change_by_period, "Change in the count in {place}", _WHERE,
    "difference of expected counts", "by denominators", "cases", applies=counted,
)  # fmt: skip
