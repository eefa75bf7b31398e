"""Balance: how alike pilots and comparators are, before matching and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from primum.match.compare import Comparison

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Balance:
    """How alike pilots and comparators are; `Matches` holds one.

    Attributes
    ----------
    variables
        One row a variable (and outcome, where each has comparators of its own): columns variable,
        kind ("level", "trend", "covariate" or "period"), pilots (how many have it), and before
        matching (all comparators alike) and after: smd, the mean over pilots of the pilot's value
        less its comparators' weighted mean; gap, the mean of its absolute value, in which pilots'
        differences do not cancel; ratio, pilots' variance over comparators'. Differences are in SDs
        of all comparators, the same before and after.
    pilots
        One row a pilot: label, start, matched, comparators (how many have a weight), effective (one
        over the sum of squared weights) and distance (weighted mean).
    comparators
        One row a comparator with a weight, most used first: label, pilots (how many it serves) and
        weight (summed over pilots). Pilots that have equal weights for want of a match do not count.
    """

    variables: pd.DataFrame
    pilots: pd.DataFrame
    comparators: pd.DataFrame


def variable_balance(comparisons: Sequence[Comparison], weights: Sequence[Array]) -> pd.DataFrame:
    """The table `Balance.variables` of one set of weights.

    Parameters
    ----------
    comparisons
        One a cohort, earliest first.
    weights
        Of each cohort's pilots; shape (pilot, comparator).
    """
    import pandas as pd

    # the last cohort has every period that any has
    order = {variable.name: variable.kind for one in reversed(comparisons) for variable in one.variables}
    rows = []
    for name, kind in order.items():
        parts = [_part(one, weight, name) for one, weight in zip(comparisons, weights, strict=True)]
        pilot, other, weight = (np.concatenate(part) for part in zip(*parts, strict=True))
        rows.append({"variable": name, "kind": kind, **_differences(pilot, other, weight)})
    return pd.DataFrame(rows)


def _part(comparison: Comparison, weight: Array, name: str) -> tuple[Array, Array, Array]:
    """Standardised values of pilots and comparators, NaN where missing, and weights; a row a pilot."""
    chosen = [variable for variable in comparison.variables if variable.name == name]
    shape = comparison.distance.shape
    if not chosen:
        return np.full(shape[0], np.nan), np.full(shape, np.nan), weight
    values = chosen[0].standardised
    others = np.broadcast_to(values[comparison.cohort.others], shape)
    return values[comparison.cohort.pilots], others, weight


def _differences(pilot: Array, other: Array, weight: Array) -> dict[str, float]:
    """Mean differences and variance ratios before and after.

    Weights are spread over the comparators that have the variable; a pilot that lacks it, or whose
    comparators all do, is left out.
    """
    known = np.isfinite(other)
    after = np.where(known, weight, 0.0)
    counted = np.isfinite(pilot) & (after.sum(axis=1) > 0)
    pilot, known, after = pilot[counted], known[counted], after[counted]
    other = np.where(known, other[counted], 0.0)
    found: dict[str, float] = {"pilots": int(counted.sum())}
    spread = float(pilot.var(ddof=1)) if pilot.size > 1 else np.nan
    for when, each in (("before", known.astype(float)), ("after", after)):
        share = each / each.sum(axis=1, keepdims=True)
        difference = pilot - (share * other).sum(axis=1)
        found[f"smd_{when}"] = float(difference.mean()) if pilot.size else np.nan
        found[f"gap_{when}"] = float(np.abs(difference).mean()) if pilot.size else np.nan
        found[f"ratio_{when}"] = spread / _variance(share, other) if pilot.size > 1 else np.nan
    names = ["pilots", *(f"{what}_{when}" for what in ("smd", "gap", "ratio") for when in ("before", "after"))]
    return {name: found[name] for name in names}


def _variance(share: Array, value: Array) -> float:
    """Variance of comparators, each counted by its weight over all pilots, unbiased for frequencies."""
    mean, square = (share * value).sum(axis=1).mean(), (share * value**2).sum(axis=1).mean()
    spare = 1 - (share.mean(axis=0) ** 2).sum()
    return float((square - mean**2) / spare) if spare > 0 else float("nan")
