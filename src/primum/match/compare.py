"""Comparing a cohort's pilots with every comparator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from primum.match.cohorts import Cohort, Mask
from primum.match.distance import distances, inverse_metric, scaled
from primum.match.join import Covariates
from primum.match.variables import Variable, variables_of
from primum.panel import Panel
from primum.panel.rows import list_some
from primum.spec import Outcome
from primum.spec.matching import Matching

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Comparison:
    """One cohort's pilots beside comparators.

    Attributes
    ----------
    cohort
        Whose pilots.
    variables
        What they are compared on; those of kind "period" are not in the distance.
    value, noise
        Values that the distance is taken of, in SDs, and their variances; shape (unit, variable).
    distance
        NaN for comparators that lack a variable; shape (pilot, comparator).
    """

    cohort: Cohort
    variables: Sequence[Variable]
    value: Array
    noise: Array
    distance: Array

    @property
    def matched_on(self) -> list[Variable]:
        """Variables in the distance, in the order of `value`."""
        return matched_on(self.variables)

    @property
    def signal(self) -> Array:
        """Share of comparators' variance that is not noise, 1 where there is none; shape (variable,)."""
        noise = np.stack([variable.noise / variable.scale**2 for variable in self.matched_on], axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(noise > 0, self.noise / noise, 1.0)
        return np.asarray(np.nanmean(share[self.cohort.others], axis=0))


def matched_on(variables: Sequence[Variable]) -> list[Variable]:
    """Variables that enter the distance."""
    return [variable for variable in variables if variable.kind != "period"]


def compare(
    panel: Panel, outcomes: Sequence[Outcome], covariates: Covariates, cohort: Cohort, matching: Matching
) -> Comparison | list[str]:
    """Compare a cohort's pilots with comparators, or say why that cannot be done."""
    variables = variables_of(panel, outcomes, covariates, cohort)
    used = matched_on(variables)
    problems = _problems(panel, used, cohort, matching)
    if problems:
        return problems
    value, noise = scaled(used, cohort, shrink=matching.shrink)
    inverse = inverse_metric(used, cohort, matching.distance)
    return Comparison(cohort, variables, value, noise, distances(value, noise, inverse, cohort))


def _problems(panel: Panel, variables: Sequence[Variable], cohort: Cohort, matching: Matching) -> list[str]:
    problems = [
        f"'{variable.name}' does not differ between comparators; leave it out"
        for variable in variables
        if not variable.scale > 0
    ]
    complete = np.all([np.isfinite(variable.value[cohort.others]) for variable in variables], axis=0).sum()
    if matching.distance == "mahalanobis" and complete <= len(variables):
        problems.append(
            f"a Mahalanobis distance over {len(variables)} variables needs more comparators than that with all of "
            f'them, and there are {complete}; use distance "euclidean", or fewer outcomes or covariates'
        )
    return problems


def within(comparison: Comparison, matching: Matching, equal_in: Sequence[NDArray[Any]]) -> dict[str, Mask]:
    """Which comparators each condition leaves to each pilot, one after the other; shape (pilot, comparator).

    Parameters
    ----------
    comparison
        The comparison.
    matching
        The conditions.
    equal_in
        Values that must be equal, one array of shape (unit,) for each name in `matching.exact`.
    """
    pilots, others = comparison.cohort.pilots, comparison.cohort.others
    left = {"have all variables": np.isfinite(comparison.distance)}
    same = np.ones(comparison.distance.shape, dtype=bool)
    for values in equal_in:
        same &= values[pilots][:, None] == values[others][None]  # nothing equals a missing value of a comparator
    if equal_in:
        left[f"equal it in {list_some(matching.exact)}"] = same
    names = [variable.name for variable in comparison.matched_on]
    for name, size in matching.calipers.items():
        one = comparison.value[:, names.index(name)] if name in names else None
        if one is not None:
            left[f"lie within {size:g} SD in {name}"] = np.abs(one[pilots][:, None] - one[others][None]) <= size
    if matching.caliper is not None:
        left[f"lie within a distance of {matching.caliper:g}"] = comparison.distance <= matching.caliper
    kept = np.ones(comparison.distance.shape, dtype=bool)
    return {words: (kept := kept & mask) for words, mask in left.items()}
