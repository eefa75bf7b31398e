r"""Covariates that change over time: what may have moved an outcome beside the programme (design, equation 2).

The linear predictor of unit i in period t has :math:`x_{it}'\beta`, each covariate being centred and scaled over all
units and periods, with :math:`\beta_k \sim N(0, h^2)`. It is part of the location that a unit's own path departs from,
and effects are sampled around what is left of the pilots' records. What moves in some units otherwise than in others
tells :math:`\beta`, and a little what differs between units, as their levels are partially pooled; what moves in all of
them alike may as well be the common path, and tells nothing.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from primum.model.drift import Array
from primum.spec import Outcome


def covariates_of(outcome: Outcome, dataset: xr.Dataset) -> Array:
    """Covariates of an outcome, centred and scaled over the panel; shape (covariate, unit, time)."""
    shape = dataset.sizes["unit"], dataset.sizes["time"]
    values = [np.asarray(dataset[f"covariate_{name}"], dtype=float) for name in outcome.covariates]
    return np.array([(each - each.mean()) / each.std() for each in values]).reshape(-1, *shape)
