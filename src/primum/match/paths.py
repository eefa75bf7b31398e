"""Paths before exposure, on the scale of the model's linear predictor, and their levels and trends."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from primum.match.cohorts import Cohort
from primum.match.noise import cell_variance
from primum.model import cells_of
from primum.model.families import family_of
from primum.panel import Panel
from primum.spec import Outcome
from primum.spec.weights import Weights

Array = NDArray[np.float64]
MIN_CELLS = 2  # for a line


@dataclass(frozen=True)
class Paths:
    """One outcome of one cohort before exposure.

    Attributes
    ----------
    response
        Working response less comparators' mean in each period, NaN where not observed; shape (unit, time).
    level, trend
        Height in the middle of the pre-period, and slope a period, of each unit's line; NaN with fewer
        than two observed cells; shape (unit,).
    level_noise, trend_noise
        Their variances; shape (unit,).
    """

    response: Array
    level: Array
    trend: Array
    level_noise: Array
    trend_noise: Array


def paths_of(panel: Panel, outcome: Outcome, cohort: Cohort) -> Paths:
    """Paths of a cohort's pilots and of comparators; nothing else of the panel is looked at.

    Counts become empirical logits or log rates, means their (log) values, as for the model's
    geometry. Lines are fitted by weighted least squares to the cells that are observed; the weights
    are one over the shock's and the cell's sampling variance.
    """
    response, sampling, known = _working(panel, outcome, cohort)
    seen = np.isfinite(response)
    counts = seen[cohort.others].sum(axis=0)
    with np.errstate(invalid="ignore"):
        response = response - np.nansum(response[cohort.others], axis=0) / counts
    time = np.asarray(panel.dataset["time"], dtype=float)
    centred = time - time[cohort.before].mean()
    equal = seen.astype(float)
    level, trend, *_ = lines(response, equal, centred)
    spare = np.where(seen.sum(axis=1) > MIN_CELLS, seen.sum(axis=1) - MIN_CELLS, np.nan)
    residual = response - level[:, None] - trend[:, None] * centred
    squares = residual**2 * (seen.sum(axis=1) / spare)[:, None]
    squares[cohort.pilots] = np.nan  # pilots are too few to learn noise from, and theirs may differ
    variance = cell_variance(squares, sampling, known=known)
    noisy = bool((variance[seen] > 0).all())
    found = lines(response, np.where(seen, 1 / variance, 0.0) if noisy else equal, centred)
    level, trend, level_noise, trend_noise = found
    return Paths(response, level, trend, level_noise * noisy, trend_noise * noisy)


def lines(response: Array, weight: Array, time: Array) -> tuple[Array, Array, Array, Array]:
    """Heights at time 0 and slopes of weighted least-squares lines, and their variances.

    Parameters
    ----------
    response
        Shape (unit, time), NaN where the weight is 0.
    weight
        One over the variance of each cell, 0 where not observed; shape (unit, time).
    time
        Shape (time,).

    Examples
    --------
    >>> lines(np.array([[1.0, 3.0, np.nan]]), np.array([[1.0, 1.0, 0.0]]), np.array([-1.0, 0.0, 1.0]))
    (array([3.]), array([2.]), array([1.]), array([2.]))
    """
    value = np.where(weight > 0, response, 0.0)
    total, first, second = (weight @ time**power for power in range(3))
    height, moment = (weight * value).sum(axis=1), (weight * value) @ time
    enough = (weight > 0).sum(axis=1) >= MIN_CELLS
    determinant = np.where(enough, total * second - first**2, np.nan)
    level = (second * height - first * moment) / determinant
    trend = (total * moment - first * height) / determinant
    return level, trend, second / determinant, total / determinant


def _working(panel: Panel, outcome: Outcome, cohort: Cohort) -> tuple[Array, Array, bool]:
    """Working response and sampling variance, NaN where not observed, and whether the latter is absolute."""
    # base weights are what is looked for, so the outcome must not ask the panel for any
    cells = cells_of(panel.dataset, replace(outcome, weights=Weights()))
    used = np.zeros(cells.observed.shape, dtype=bool)
    used[np.ix_(cohort.members, np.flatnonzero(cohort.before))] = True
    observed = cells.observed & used
    masked = replace(
        cells,
        value=np.where(observed, cells.value, 0.0),
        denominator=np.where(observed, cells.denominator, 0.0),
        observed=observed,
    )
    family = family_of(outcome.family)
    response, weight = family.working(masked, family.standard(masked))
    known = not family.scaled or cells.standard_error is not None
    with np.errstate(divide="ignore"):
        return np.where(observed, response, np.nan), np.where(observed, 1 / weight, np.nan), known
