"""What one outcome's model is given, as arrays: cells, geometry, basis and priors.

Nothing here is compiled in. Two outcomes of one family differ in these arrays alone, shapes
included, so one piece of machine code serves them all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from primum.model.cells import Cells
from primum.model.families import Family
from primum.model.layout import SCALARS
from primum.spec import Priors

DIMS: dict[str, tuple[str, ...]] = {
    "priors": ("prior", "setting"),
    "standard": ("setting",),
    "fields": ("field", "time", "unit"),
    "response": ("time", "unit"),
    "mean_weight": ("unit",),
    "missing_unit": ("missing",),
    "missing_time": ("missing",),
    "pilot_unit": ("pilot",),
    "exposure": ("pilot", "time"),
    "pilot_exposure": ("pilot", "component"),
    "pilot_response": ("pilot", "component"),
    "basis": ("component", "time"),
    "drift_variance": ("drift",),
}
_MIN_WEIGHT = 1e-3


def arrays_of(cells: Cells, family: Family, priors: Priors) -> dict[str, NDArray[Any]]:
    """Arrays of one outcome's model, by name, with the dims of `DIMS`.

    Parameters
    ----------
    cells
        The outcome's cells.
    family
        Its family.
    priors
        Its priors.

    Returns
    -------
    dict
        Cells are held with units side by side, as the kernel walks through them. ``missing_unit``
        and ``missing_time`` are the places of missing cells, unit by unit. The pilots' exposure is
        there by period, and with their response in the coordinates of the basis.
    """
    standard = family.standard(cells)
    response, weight = family.working(cells, standard)
    basis = cells.basis
    pilots = cells.pilots
    seen = np.maximum(cells.observed.sum(axis=1), 1)
    mean_weight = np.maximum(weight.sum(axis=1) / seen, _MIN_WEIGHT)
    # a missing cell tells the geometry nothing: it gets its unit's mean
    mean_response = (response * cells.observed).sum(axis=1, keepdims=True) / seen[:, None]
    filled = np.where(cells.observed, response, mean_response)
    missing_unit, missing_time = np.nonzero(~cells.observed)
    by_name = dict(priors.items())
    return {
        "priors": np.array([[by_name[name].location, by_name[name].scale] for name in (*SCALARS, "lambda_t")]),
        "standard": np.array([standard.centre, standard.spread]),
        "fields": np.ascontiguousarray(family.fields(cells, standard).transpose(0, 2, 1)),
        "response": np.ascontiguousarray(response.T),
        "mean_weight": mean_weight,
        "missing_unit": missing_unit.astype(np.int32),
        "missing_time": missing_time.astype(np.int32),
        "pilot_unit": pilots.astype(np.int32),
        "exposure": cells.exposure[pilots],
        "pilot_exposure": cells.exposure[pilots] @ basis.vectors.T,
        "pilot_response": filled[pilots] @ basis.vectors.T,
        "basis": basis.vectors,
        "drift_variance": basis.variance,
    }
