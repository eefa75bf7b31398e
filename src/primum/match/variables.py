"""Variables that pilots and comparators are compared on: levels, trends, covariates and single periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from primum.match.cohorts import Cohort
from primum.match.join import Covariates
from primum.match.paths import paths_of
from primum.panel import Panel
from primum.spec import Outcome

Array = NDArray[np.float64]
Kind = Literal["level", "trend", "covariate", "period"]


@dataclass(frozen=True)
class Variable:
    """One variable of a cohort's pilots and comparators.

    Attributes
    ----------
    name
        Such as "kinship level", "kinship 2013" or the covariate's own.
    kind
        Levels, trends and covariates enter the distance; single periods are shown in the balance alone.
    value
        NaN where missing; shape (unit,).
    noise
        Sampling variance, 0 where there is none; shape (unit,).
    centre, scale
        Mean and SD of comparators that have a value.
    """

    name: str
    kind: Kind
    value: Array
    noise: Array
    centre: float
    scale: float

    @property
    def standardised(self) -> Array:
        """Values in comparators' standard deviations from their mean; shape (unit,)."""
        return (self.value - self.centre) / self.scale


def variables_of(panel: Panel, outcomes: Sequence[Outcome], covariates: Covariates, cohort: Cohort) -> list[Variable]:
    """All variables of a cohort: of each outcome, then covariates, then single periods.

    A covariate with a value a period is averaged over the cohort's pre-period.
    """
    time = np.asarray(panel.dataset["time"])
    found, periods = [], []

    def variable(name: str, kind: Kind, value: Array, noise: Array | None = None) -> Variable:
        known = value[cohort.others][np.isfinite(value[cohort.others])]
        spread = float(known.std(ddof=1)) if known.size > 1 else np.nan
        centre = float(known.mean()) if known.size else np.nan
        return Variable(name, kind, value, np.zeros_like(value) if noise is None else noise, centre, spread)

    for outcome in outcomes:
        paths = paths_of(panel, outcome, cohort)
        found.append(variable(f"{outcome.name} level", "level", paths.level, paths.level_noise))
        found.append(variable(f"{outcome.name} trend", "trend", paths.trend, paths.trend_noise))
        periods += [
            variable(f"{outcome.name} {time[t]}", "period", paths.response[:, t]) for t in np.flatnonzero(cohort.before)
        ]
    found += [variable(name, "covariate", value) for name, value in covariates.fixed.items()]
    for name, cells in covariates.varying.items():
        early = cells[:, cohort.before]
        counts = np.isfinite(early).sum(axis=1)
        with np.errstate(invalid="ignore"):
            found.append(variable(name, "covariate", np.nansum(early, axis=1) / counts))
    return [*found, *periods]
