r"""Placebo effects: how far pilots were from the comparators' path before anything was done.

The model has no effect before exposure, so there is none to estimate there. What can be shown, and what
pre-periods of an event study show, is by how much the pilots departed from the common path: with eta the
linear predictor, lambda the common path (that of the pilot's region, where regions have their own), and
:math:`B_i` the periods before pilot i's start that are observed,

.. math::
    a_i = \frac{1}{|B_i|} \sum_{t \in B_i} (\eta_{it} - \lambda_t), \qquad
    \mathrm{placebo}_{it} = g^{-1}(\eta_{it}) - g^{-1}(\lambda_t + a_i), \quad t \in B_i,

on the outcome's scale, averaged over pilots by time to the start. It is the pilots' drift and shocks, without the
sampling noise of counts and means, measured from their own mean before the start: on the linear predictor a
pilot's sum to 0. With two such periods, then, there is only one number. Unlike in a classical event study, a
departure is not evidence against the model, which expects comparators and pilots to drift; it says how large
departures are that nothing caused, and the intervals of effects have room for such ones. With comparator weights
part of it is what the weighted comparators did.
"""

from __future__ import annotations

import xarray as xr

from primum.effects.averages import by_group, over_periods
from primum.effects.estimand import CELLS, Estimand
from primum.effects.predictions import Predictions
from primum.fit.replicate import paths_of


def placebo_effect(predictions: Predictions) -> xr.DataArray:
    """Pilots' departure from the common path by periods to the start; dims (chain, draw, before)."""
    eta, cells = predictions.eta.values, predictions.cells
    path = paths_of(predictions.posterior, cells, cells.pilots)
    before = cells.unexposed[cells.pilots] & (predictions.event.values < 0)
    alike = path + over_periods(eta - path, before)[..., None]
    departure = predictions.outcome.factor * (predictions.expected(eta) - predictions.expected(alike))
    return by_group(departure, predictions.event.values, before, "before")


PLACEBO = Estimand(
    "placebo_effect", placebo_effect, "Departure {place} periods from the start",
    "pilots' observed periods before the start", "difference from the common path at a pilot's own mean before", CELLS,
    compares=False,
)  # fmt: skip
