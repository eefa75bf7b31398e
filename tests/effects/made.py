"""Predictions from made-up draws of tiny panels of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from primum.effects.predictions import SAMPLE, Predictions, predict_pilots
from primum.model import cells_of
from primum.panel import Panel
from primum.spec import Spec
from primum.spec.families import FamilyName
from tests.model.panels import evaluation

SHAPE = (2, 5)
SCALARS = ("mu", "sigma_alpha", "q", "s", "tau", "sigma_tau", "sigma", "omega", "sigma_slope", "sigma_region")


def made(family: FamilyName, **table: Any) -> Predictions:
    """Three pilots of twelve units, unless said otherwise; the second is half exposed in 2013."""
    spec, panel = evaluation(family, **table)
    return predicted(spec, panel)


def predicted(spec: Spec, panel: Panel) -> Predictions:
    """Predictions of the first outcome from draws that are made up."""
    outcome = spec.outcomes[0]
    cells = cells_of(panel.dataset, outcome)
    rng, (units, periods) = np.random.default_rng(1), cells.value.shape
    variables = {
        "eta": ((*SAMPLE, "unit", "time"), rng.normal(size=(*SHAPE, units, periods)).astype(np.float32)),
        "tau_unit": ((*SAMPLE, "pilot"), rng.normal(size=(*SHAPE, cells.pilots.size))),
        "lambda": ((*SAMPLE, "time"), rng.normal(size=(*SHAPE, periods))),
        **{name: (SAMPLE, rng.uniform(0.1, 0.4, SHAPE)) for name in SCALARS},
    }
    if cells.regions is not None:
        shape = (*SHAPE, len(cells.regions.names), periods)
        variables["lambda_region"] = ((*SAMPLE, "region", "time"), rng.normal(size=shape))
    if cells.terms is not None:
        variables["gamma"] = ((*SAMPLE, "term"), rng.normal(size=(*SHAPE, len(cells.terms.names))))
        variables["sigma_cohort"] = (SAMPLE, rng.uniform(0.1, 0.4, SHAPE))
    coords = {name: np.arange(size) for name, size in zip(SAMPLE, SHAPE, strict=True)}
    posterior = xr.Dataset(variables, {**coords, "unit": panel.dataset["unit"].values})
    return predict_pilots(posterior, spec, panel, outcome)


def cells_with(predictions: Predictions) -> list[tuple[int, int]]:
    """Places (pilot, period) of fully exposed cells, found one by one."""
    exposure = predictions.cells.exposure[predictions.cells.pilots]
    return [(i, t) for i in range(exposure.shape[0]) for t in range(exposure.shape[1]) if exposure[i, t] == 1]
