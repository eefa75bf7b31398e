"""Whether a panel can answer the question: pilots, comparators, and periods before and after."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from primum.panel.covariates import covariate_problems
from primum.panel.rows import list_some
from primum.spec import Layout
from primum.spec.layout import Measure

MIN_PRE_PERIODS = 2
MIN_COMPARATORS = 2


def design_problems(dataset: xr.Dataset, layout: Layout) -> list[str]:
    """What keeps a panel from being evaluated.

    Parameters
    ----------
    dataset
        A panel's dataset, dims (unit, time).
    layout
        How it was read.
    """
    exposure = np.asarray(dataset["exposure"])
    left_out = np.asarray(dataset["left_out"])
    names = np.asarray(dataset["unit"])
    pilot = (exposure > 0).any(axis=1) | left_out.any(axis=1)
    untouched = (exposure == 0) & ~left_out
    columns = layout.columns
    problems = []
    if not pilot.any():
        problems.append(
            f"no unit is exposed in any period from {int(dataset['time'][0])} to {int(dataset['time'][-1])}; "
            f"check column '{columns.start or columns.pilot or columns.exposure}' and the periods used"
        )
    if (~pilot).sum() < MIN_COMPARATORS:
        problems.append(
            f"the number of comparators (units never exposed in these periods) is {int((~pilot).sum())}; "
            f"add units without the programme, as at least {MIN_COMPARATORS} are needed"
        )
    always = pilot & ~untouched.any(axis=1)
    problems += _name(always, names, "exposed in every period; add earlier periods or leave the unit out")
    before = untouched.sum(axis=1)
    problems += _name(
        pilot & ~always & (before < MIN_PRE_PERIODS),
        names,
        f"fewer than {MIN_PRE_PERIODS} periods before exposure; add earlier periods or leave the unit out",
    )
    problems += _name(
        pilot & ~(exposure == 1).any(axis=1),
        names,
        "never fully exposed (exposure 1) in these periods; add later periods, bring full exposure forward "
        "or leave the unit out",
    )
    if not problems:
        for measure in layout.measures:
            problems += _observed_problems(dataset, measure.name, pilot, untouched, names)
            problems += _constant_problems(dataset, measure)
        for measure in layout.measures:
            problems += covariate_problems(dataset, measure.covariates) if measure.covariates else []
    return list(dict.fromkeys(problems))  # outcomes may share covariates


def usable(dataset: xr.Dataset, outcome: str) -> NDArray[np.bool_]:
    """Cells that say something of an outcome: a value, an interval or bins, a denominator above 0, not left out.

    Bins (or categories) that are empty in part say something only if their total is known, and records still open in
    the first bin say nothing. Shape (unit, time).
    """
    value, below, each = dataset[outcome], f"{outcome}_denominator", f"{outcome}_bin"
    if each in value.dims:
        known = value.notnull().all(each)
        if below in dataset:
            known |= value.notnull().any(each) & dataset[below].notnull()
        said = value.sum(each)
        if f"{outcome}_open" in dataset:
            said = said + dataset[f"{outcome}_open"][..., 1:].sum(each)
        return np.asarray(known & (said > 0) & ~dataset["left_out"])
    found = (value.notnull() | intervals(dataset, outcome)) & ~dataset["left_out"]
    if below in dataset:
        found &= dataset[below] > 0
    return np.asarray(found)


def intervals(dataset: xr.Dataset, outcome: str) -> NDArray[np.bool_]:
    """Cells of an outcome whose value is not known, but an interval in which it lies; shape (unit, time).

    Of a mean one bound is enough.
    """
    found = np.zeros(dataset["exposure"].shape, dtype=bool)
    for bound in ("low", "high"):
        name = f"{outcome}_{bound}"
        if name in dataset:
            found |= np.asarray(dataset[outcome].isnull() & dataset[name].notnull())
    return found


def _name(wrong: NDArray[np.bool_], names: NDArray[np.generic], text: str) -> list[str]:
    pilots = "pilot" if wrong.sum() == 1 else "pilots"
    return [f"{pilots} {list_some(names[wrong].tolist())}: {text}"] if wrong.any() else []


def _observed_problems(
    dataset: xr.Dataset,
    outcome: str,
    pilot: NDArray[np.bool_],
    untouched: NDArray[np.bool_],
    names: NDArray[np.generic],
) -> list[str]:
    observed = usable(dataset, outcome)
    full = np.asarray(dataset["exposure"]) == 1
    mend = "fill its cells, or leave the unit out"
    few = pilot & ((observed & untouched).sum(axis=1) < MIN_PRE_PERIODS)
    problems = _name(
        few, names, f"{outcome} is observed in fewer than {MIN_PRE_PERIODS} periods before exposure; {mend}"
    )
    # its effect would be extrapolated from partial exposure, or from other pilots, and look like any other
    none = pilot & ~(observed & full).any(axis=1)
    problems += _name(none, names, f"{outcome} is never observed under full exposure; {mend}")
    if (observed[~pilot].sum(axis=1) > 1).sum() < MIN_COMPARATORS:
        problems.append(
            f"{outcome} is observed more than once in fewer than {MIN_COMPARATORS} comparators; "
            "fill its cells, or leave the outcome out"
        )
    return problems


def _never_moves(value: NDArray[np.float64], observed: NDArray[np.bool_]) -> bool:
    """Whether no unit has two values, of those that are observed; shape (unit, time) both."""
    highest = np.where(observed, value, -np.inf).max(axis=1)
    lowest = np.where(observed, value, np.inf).min(axis=1)
    return bool((highest <= lowest).all())


def _constant_problems(dataset: xr.Dataset, measure: Measure) -> list[str]:
    """An outcome that never varies, of which no chain finds how far units differ."""
    if measure.split:
        return []
    observed, below = usable(dataset, measure.name), f"{measure.name}_denominator"
    value = np.asarray(dataset[measure.name])[observed]  # NaN, which differs from everything, where it is an interval
    if not value.size:
        return []
    whole = np.asarray(dataset[below])[observed] if measure.kind == "count" and below in dataset else None
    if not (value == 0).all() and whole is not None and (value == whole).all():
        what = "the whole denominator"
    elif (value == (value[0] if measure.kind in {"real", "positive"} else 0)).all():
        what = f"{value[0]:g}"
    elif measure.kind in {"real", "positive"} and _never_moves(np.asarray(dataset[measure.name]), observed):
        return [
            f"{measure.name} is the same in every period of each unit, which says nothing of how units move; "
            f"check column '{measure.value}', or leave the outcome out"
        ]
    else:
        return []
    return [
        f"{measure.name} is {what} wherever it is observed, which says nothing of how units differ; "
        f"check column '{measure.value}', or leave the outcome out"
    ]
