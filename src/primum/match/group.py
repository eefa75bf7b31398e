"""Groups of outcomes that share comparators, each compared cohort by cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from primum.match.cohorts import cohorts_of
from primum.match.compare import Comparison, compare
from primum.match.join import Covariates
from primum.panel import Panel
from primum.panel.rows import list_some
from primum.spec import Spec
from primum.spec.matching import Matching

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Group:
    """Outcomes that share comparators.

    Attributes
    ----------
    outcome
        The one outcome, or None where comparators are shared over all.
    comparisons
        One a cohort, earliest first.
    """

    outcome: str | None
    comparisons: Sequence[Comparison]

    @cached_property
    def distance(self) -> Array:
        """NaN for comparators that lack a variable; shape (pilot, comparator), pilots as in the panel."""
        return self.stacked([each.distance for each in self.comparisons])

    def stacked(self, parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Rows of all cohorts' pilots in the panel's order."""
        return np.concatenate(parts)[np.argsort(self._rows)]

    def split(self, weights: Array) -> list[Array]:
        """Rows of each cohort's pilots; the inverse of `stacked`."""
        sizes = np.cumsum([each.cohort.pilots.size for each in self.comparisons])[:-1]
        return np.split(weights[np.argsort(np.argsort(self._rows))], sizes)

    @property
    def _rows(self) -> NDArray[np.int64]:
        return np.concatenate([each.cohort.pilots for each in self.comparisons])


def compared(spec: Spec, panel: Panel, matching: Matching, covariates: Covariates) -> tuple[list[Group], list[str]]:
    """Every group compared, and every problem with what is asked for."""
    problems = matching.problems()
    if not any(isinstance(names, str) for names in (matching.exact, matching.outcomes)):
        problems += _unknown(spec, matching, covariates)
    if problems:
        return [], problems
    fixed = {name: values for name, values in covariates.fixed.items() if name not in matching.exact}
    covariates = replace(covariates, fixed=fixed)
    outcomes = [spec.outcome(name) for name in matching.outcomes or [outcome.name for outcome in spec.outcomes]]
    wanted = [(each.name, [each]) for each in outcomes] if matching.per_outcome else [(None, outcomes)]
    cohorts, groups = cohorts_of(panel), []
    for name, members in wanted:
        found = [compare(panel, members, covariates, cohort, matching) for cohort in cohorts]
        problems += [problem for each in found if isinstance(each, list) for problem in each]
        groups.append(Group(name, [each for each in found if isinstance(each, Comparison)]))
    names = {variable.name for group in groups for each in group.comparisons for variable in each.matched_on}
    if not problems:
        problems += [
            f"calipers: there is no variable '{name}'; variables are {list_some(sorted(names), 12)}"
            for name in matching.calipers
            if name not in names
        ]
    return groups, problems


def exact_values(covariates: Covariates, name: str) -> NDArray[Any]:
    """Values that a comparator must share, None or NaN where missing; shape (unit,)."""
    return covariates.categories[name] if name in covariates.categories else covariates.fixed[name]


def _unknown(spec: Spec, matching: Matching, covariates: Covariates) -> list[str]:
    outcomes = [outcome.name for outcome in spec.outcomes]
    problems = [
        f"outcomes: there is no outcome '{name}'; there are {outcomes}"
        for name in matching.outcomes or ()
        if name not in outcomes
    ]
    if matching.outcomes == ():
        problems.append(f"outcomes: name at least one of {outcomes}, or leave it out for all")
    known = [*covariates.categories, *covariates.fixed]
    for name in matching.exact:
        if name in covariates.varying:
            problems.append(f"exact: '{name}' has a value a period; give a covariate that units have one of")
        elif name not in known:
            there = f"there are {list_some(known)}" if known else "no covariates were given"
            problems.append(f"exact: there is no covariate '{name}'; {there}")
    return problems
