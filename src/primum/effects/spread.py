"""Spread of effects between the pilots, and the share of them that are harmed."""

from __future__ import annotations

import xarray as xr

from primum.effects.averages import unit_effect
from primum.effects.estimand import PILOTS, Estimand
from primum.effects.predictions import SAMPLE, Predictions


def several(predictions: Predictions) -> bool:
    """There is more than one pilot."""
    return predictions.usable.sizes["pilot"] > 1


def unit_sd(predictions: Predictions) -> xr.DataArray:
    """SD between the effects in these pilots."""
    return xr.DataArray(unit_effect(predictions).values.std(axis=-1, ddof=1), dims=SAMPLE)


def share_harmed(predictions: Predictions) -> xr.DataArray:
    """Share of pilots whose effect is in the harmful direction, in %."""
    return _share_above(predictions, 0.0)


def share_harmed_beyond_sesoi(predictions: Predictions) -> xr.DataArray:
    """Share of pilots whose effect is harmful and larger than the SESOI, in %."""
    return _share_above(predictions, predictions.outcome.sesoi)


def _share_above(predictions: Predictions, size: float) -> xr.DataArray:
    harmful = predictions.outcome.sign * unit_effect(predictions).values
    return xr.DataArray(100 * (harmful > size).mean(axis=-1), dims=SAMPLE)


_EACH = "each pilot's fully exposed periods"

UNIT_SD = Estimand(
    "unit_sd", unit_sd, "SD of the effect between pilots", _EACH, "SD of differences", PILOTS, applies=several
)
SHARE_HARMED = Estimand(
    "share_harmed", share_harmed, "Pilots that are harmed", _EACH, "share of differences in the harmful direction",
    PILOTS, "% of pilots", applies=several,
)  # fmt: skip
SHARE_HARMED_BEYOND = Estimand(
    "share_harmed_beyond_sesoi", share_harmed_beyond_sesoi, "Pilots that are harmed beyond the SESOI", _EACH,
    "share of harmful differences beyond the SESOI", PILOTS, "% of pilots", applies=several,
)  # fmt: skip
