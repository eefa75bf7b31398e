"""estimate: from predictions to draws of estimands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from primum.effects.estimand import Estimand
from primum.effects.predictions import SAMPLE, Predictions
from primum.errors import InputError

_TAKEN = frozenset({*SAMPLE, "pilot", "label", "event", "cohort", "period", "before", "exposed_period", "moderator"})


def estimate(predictions: Predictions, estimands: Sequence[Estimand]) -> xr.Dataset:
    """Draws of estimands, one variable each, with what it is about in its attributes.

    Parameters
    ----------
    predictions
        Of one outcome.
    estimands
        Those to compute, where they apply.

    Raises
    ------
    InputError
        With every estimand that cannot be computed, gives no draws, or has coordinates that another contradicts.
    """
    outcome, like = predictions.outcome, predictions.with_exposure
    places = {name: like[name].values for name in (*SAMPLE, "pilot")}
    variables, problems = {}, []
    for each in estimands:
        if not each.applies(predictions):
            continue
        try:
            found = each.of(predictions)
        except InputError as error:
            problems += [f"{each.name}: {problem}" for problem in error.problems]
            continue
        except Exception as error:
            error.add_note(f"in the function of estimand {each.name}, on outcome {outcome.name}")
            raise
        wrong = _wrong(each.name, found, like)
        if wrong:
            problems.append(f"{each.name} {wrong}")
            continue
        values = found.variable.transpose(*SAMPLE, ...)
        variables[each.name] = (values.dims, values.values, each.described(outcome))
        for dim in map(str, values.dims[2:]):
            own = found[dim].values
            if not np.array_equal(places.setdefault(dim, own), own):
                problems.append(f"{each.name} has other {dim}s than other estimands have; rename that dim in it")
    if problems:
        raise InputError(f"the estimands of {outcome.name}", problems)
    return xr.Dataset(variables, {**places, "label": ("pilot", like["label"].values)})


def _wrong(name: str, found: object, like: xr.DataArray) -> str:
    """Why something cannot be draws of an estimand of that name; empty where it can."""
    if name in _TAKEN:
        return f"is the name of a coordinate; there are {', '.join(sorted(_TAKEN))}, so rename it"
    if not isinstance(found, xr.DataArray) or set(SAMPLE) - set(found.dims):
        return "gives no array with dims chain and draw; keep these two in what it returns"
    if any(not np.array_equal(found[dim].values, like[dim].values) for dim in SAMPLE if dim in found.coords) or any(
        found.sizes[dim] != like.sizes[dim] for dim in SAMPLE
    ):
        return "has other chains or draws than the fit; keep all of them, in their order"
    if found.dtype.kind not in "biuf":
        return f"gives values of type {found.dtype}; give numbers"
    lost = int((~np.isfinite(found.values)).sum())
    return f"is not a finite number in {lost:,} of {found.size:,} draws; mend its function" if lost else ""
