"""What one outcome's model is given, as arrays: cells, geometry, basis and priors.

Nothing here is compiled in. Two outcomes of one family differ in these arrays alone, shapes
included, so one piece of machine code serves them all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from primum.model.cells import Cells, Weighting
from primum.model.families import Family
from primum.model.layout import SCALARS
from primum.spec import Prior, Priors

DIMS: dict[str, tuple[str, ...]] = {
    "priors": ("prior", "setting"),
    "constants": ("scalar",),
    "standard": ("setting",),
    "fields": ("field", "time", "ordered"),
    "response": ("time", "ordered"),
    "mean_weight": ("ordered",),
    "missing_unit": ("missing",),
    "missing_time": ("missing",),
    "exposure": ("pilot", "time"),
    "pilot_exposure": ("pilot", "component"),
    "pilot_response": ("pilot", "component"),
    "basis": ("component", "time"),
    "drift_variance": ("drift",),
    "pair_pilot": ("pair",),
    "pair_donor": ("pair",),
    "pair_base": ("pair",),
    "weighting": ("setting",),
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
        Cells are held with units side by side, comparators before pilots (`Cells.order`), as the
        kernel walks through them. ``missing_unit`` and ``missing_time`` are the places of missing
        cells, unit by unit. The pilots' exposure is there by period, and with their response in
        the coordinates of the basis. ``constants`` are scalars that are not sampled. A pair is a
        pilot and a comparator with a base weight above 0, of which ``pair_base`` is the logarithm;
        ``weighting`` holds the SDs of what a log weight shares between pilots and of what it does not.
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
    order = cells.order
    missing_unit, missing_time = np.nonzero(~cells.observed[order])
    pair_pilot, pair_donor, pair_base, weighting = _pairs(cells.weighting)
    by_name = dict(priors.items())
    return {
        "priors": np.array([_setting(by_name[name]) for name in (*SCALARS, "lambda_t")]),
        "constants": np.array([_constant(name, cells) for name in SCALARS]),
        "standard": np.array([standard.centre, standard.spread]),
        "fields": np.ascontiguousarray(family.fields(cells, standard)[:, order].transpose(0, 2, 1)),
        "response": np.ascontiguousarray(response[order].T),
        "mean_weight": mean_weight[order],
        "missing_unit": missing_unit.astype(np.int32),
        "missing_time": missing_time.astype(np.int32),
        "exposure": cells.exposure[pilots],
        "pilot_exposure": cells.exposure[pilots] @ basis.vectors.T,
        "pilot_response": filled[pilots] @ basis.vectors.T,
        "basis": basis.vectors,
        "drift_variance": basis.variance,
        "pair_pilot": pair_pilot,
        "pair_donor": pair_donor,
        "pair_base": pair_base,
        "weighting": weighting,
    }


def _setting(prior: Prior) -> tuple[float, float]:
    return prior.shapes if prior.distribution == "beta" else (prior.location, prior.scale)


def _constant(name: str, cells: Cells) -> float:
    """Value of a scalar where it is not sampled."""
    if name == "kappa" and cells.weighting is not None and cells.weighting.kappa is not None:
        return cells.weighting.kappa
    return 1.0 if name in {"sigma", "kappa"} else 0.0


def _pairs(weighting: Weighting | None) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    base = np.zeros((0, 0)) if weighting is None else weighting.base
    pilot, donor = np.nonzero(base)
    scale, shared = (0.0, 0.0) if weighting is None else (weighting.scale, weighting.shared)
    split = scale * np.sqrt([shared, 1 - shared])
    return pilot.astype(np.int32), donor.astype(np.int32), np.log(base[pilot, donor]), split
