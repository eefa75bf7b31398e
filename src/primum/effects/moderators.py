"""How the effect moves with what is known of pilots."""

from __future__ import annotations

import numpy as np
import xarray as xr

from primum.effects.averages import over_cells, target_weights
from primum.effects.estimand import Estimand
from primum.effects.predictions import SAMPLE, Predictions
from primum.model.cells import Array


def moderated(predictions: Predictions) -> bool:
    """The effect has moderators."""
    return predictions.moderators.sizes["moderator"] > 0


def moderator_slope(predictions: Predictions) -> xr.DataArray:
    r"""Change of the average effect for 1 more of a moderator; dims (chain, draw, moderator).

    What is expected under exposure with the moderator half an SD (over the pilots) higher than it is, less that
    with it half an SD lower, per unit of the moderator, averaged as the SATT is. What there would be without
    exposure is the same in both and cancels. For an identity link it is the coefficient itself,
    :math:`\gamma_m` times the scale of the outcome over the moderator's SD.
    """
    coefficients = moderator_coefficients(predictions)
    names, sd = predictions.moderators["moderator"].values, predictions.moderators.values.std(axis=1)
    weight, half = target_weights(predictions), 0.5 * predictions.exposure.values
    slopes = np.empty(coefficients.shape)
    for m in range(names.size):
        step = coefficients[..., m, None, None] * half
        up, down = (predictions.expected(predictions.eta.values + sign * step) for sign in (1, -1))
        slopes[..., m] = predictions.outcome.factor * over_cells(up - down, weight) / sd[m]
    return xr.DataArray(slopes, {"moderator": names}, (*SAMPLE, "moderator"))


def moderator_coefficients(predictions: Predictions) -> Array:
    """Coefficients on the linear predictor for one SD over the pilots; shape (chain, draw, moderator)."""
    terms = predictions.cells.terms
    assert terms is not None
    at = np.flatnonzero([group == "moderator" for group in terms.groups])
    return np.asarray(predictions.posterior["gamma"], dtype=float)[..., at]


MODERATOR_SLOPE = Estimand(
    "moderator_slope", moderator_slope, "Change of the effect for 1 more of {place}", "pilots' fully exposed periods",
    "difference of differences, for a rise of one SD around what each pilot has", unit="{unit} for 1 of the moderator",
    applies=moderated, compares=False,
)  # fmt: skip
