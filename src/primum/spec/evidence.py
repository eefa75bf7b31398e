"""Evidence: what earlier evaluations found, as a prior for the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from primum.spec.strict import STRICT, Positive, Text

_GRID = 400
_FARTHEST = 6.0  # scales of the half-normal prior; beyond them it has a billionth of its mass


@dataclass(frozen=True)
class Evidence:
    """Earlier estimates of an average effect, from which a random-effects meta-analysis predicts the next.

    Attributes
    ----------
    estimates, standard_errors
        One an evaluation, on the scale of the linear predictor: log odds ratios for shares, log ratios for
        rates and durations, standardised differences for means.
    reason
        Where they come from.
    robust
        Share of the default prior that is mixed in, so that data may overrule the evidence.
    """

    __pydantic_config__ = STRICT

    estimates: Annotated[tuple[float, ...], Field(min_length=1)]
    standard_errors: Annotated[tuple[Positive, ...], Field(min_length=1)]
    reason: Text
    robust: Annotated[float, Field(ge=0, lt=1)] = 0.2

    def predictive(self, between: float) -> tuple[float, float]:
        """Mean and SD of the average effect in a further evaluation.

        The evaluations' effects are Normal(m, b^2), m has a flat prior and b a half-normal one (Roever and others,
        2021); b is integrated out on a grid.

        Parameters
        ----------
        between
            Scale of the half-normal prior of the SD between evaluations.

        Examples
        --------
        >>> mean, sd = Evidence((-0.2, -0.4), (0.1, 0.1), "two trials").predictive(0.5)
        >>> round(mean, 2), sd > 0.1
        (-0.3, True)
        """
        import numpy as np

        estimate, error = np.array(self.estimates), np.array(self.standard_errors)
        b = (np.arange(_GRID) + 0.5) / _GRID * _FARTHEST * between
        weight = 1 / (error**2 + b[:, None] ** 2)
        variance = 1 / weight.sum(axis=1)
        mean = variance * (weight * estimate).sum(axis=1)
        misfit = (weight * (estimate - mean[:, None]) ** 2).sum(axis=1)
        log = 0.5 * (np.log(weight).sum(axis=1) + np.log(variance) - misfit) - 0.5 * (b / between) ** 2
        share = np.exp(log - log.max())
        share /= share.sum()
        centre = float(share @ mean)
        return centre, float(np.sqrt(share @ (variance + b**2 + (mean - centre) ** 2)))

    def problems(self, path: str) -> list[str]:
        """Estimates without an error, or errors without an estimate."""
        if len(self.estimates) == len(self.standard_errors):
            return []
        counts = f"{len(self.estimates)} estimates and {len(self.standard_errors)} standard errors"
        return [f"{path}: there are {counts}; give one standard error for each estimate"]
