"""From a panel to matches: comparators that were like each pilot before its exposure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from primum.errors import MatchError
from primum.match.assemble import assembled
from primum.match.choose import choose
from primum.match.compare import within
from primum.match.group import Group, compared, exact_values
from primum.match.join import NONE, Covariates
from primum.match.matches import Matches
from primum.match.words import missing_in_pilots, notes_of, why_alone
from primum.panel import Panel
from primum.panel.base import OUTCOME, base_weights
from primum.spec import Spec
from primum.spec.matching import Matching

Array = NDArray[np.float64]
SUBJECT = "the matching"


def match(spec: Spec, panel: Panel, matching: Matching | None = None, covariates: Covariates | None = None) -> Matches:
    """Match comparators to pilots on what both were like before the pilot's exposure.

    Units are compared on each outcome's level and trend over the pilot's own pre-period, which ends
    before its exposure or embedding window starts, on the scale of the model's linear predictor, and on
    covariates. Nothing from later periods is looked at. A comparator that lacks a variable (fewer than
    two observed cells, a missing covariate) cannot be matched, and the notes name it.

    Parameters
    ----------
    spec
        The specification, whose outcomes say how cells are read.
    panel
        The panel.
    matching
        How; the five nearest by Mahalanobis distance where absent.
    covariates
        Of `primum.covariates`.

    Raises
    ------
    MatchError
        With every problem found: settings that contradict each other, unknown names, variables that do
        not differ, pilots that lack a variable, and pilots without a comparator.

    Examples
    --------
    >>> import primum as pr
    >>> spec, panel = pr.demo_spec(), pr.simulate(seed=1).panel
    >>> matches = pr.match(spec, panel, pr.Matching(neighbours=2, outcomes=("kinship",)))
    >>> matches.sets[["pilot", "comparator", "weight"]].head(2).values.tolist()
    [[1.0, 118.0, 0.5], [1.0, 127.0, 0.5]]
    >>> weighted = panel.with_base_weights(matches.sets)
    """
    matching, covariates = matching or Matching(), covariates or NONE
    groups, problems = compared(spec, panel, matching, covariates)
    problems += missing_in_pilots(panel, groups, matching.exact if groups else (), covariates)
    if problems:
        raise MatchError(SUBJECT, list(dict.fromkeys(problems)))
    weights, alone = zip(*(_weights(panel, group, matching, covariates) for group in groups), strict=True)
    reasons = [reason for each in alone for reason in each]
    if reasons and matching.unmatched == "error":
        raise MatchError(SUBJECT, reasons)
    notes = [*covariates.notes, *notes_of(panel, groups, matching, covariates), *reasons]
    return assembled(panel, groups, weights, matching, notes)


def _weights(panel: Panel, group: Group, matching: Matching, covariates: Covariates) -> tuple[Array, list[str]]:
    """Base weights, 0 for pilots without a comparator, and why they have none."""
    equal_in = [exact_values(covariates, name) for name in matching.exact]
    left = [within(each, matching, equal_in) for each in group.comparisons]
    steps = {words: group.stacked([each[words] for each in left]) for words in left[0]}
    allowed = list(steps.values())[-1]
    names = np.asarray(panel.dataset["unit"])[~panel.pilots]
    chosen = choose(np.where(allowed, group.distance, np.inf), matching, names)
    alone = np.flatnonzero(chosen.sum(axis=1) == 0).tolist()
    return chosen, [why_alone(panel, group, steps, pilot, matching) for pilot in alone]


def match_sets(
    spec: Spec, panel: Panel, sets: Any, covariates: Covariates | None = None, matching: Matching | None = None
) -> Matches:
    """The user's own matched sets, with their base weights and balance.

    Parameters
    ----------
    spec
        The specification.
    panel
        The panel.
    sets
        A data frame with columns pilot and comparator, one row a pair; with weight, where a pilot's
        comparators do not count alike, and with outcome, where outcomes have comparators of their own.
    covariates
        Of `primum.covariates`; compared as well.
    matching
        What distances are taken over: `outcomes`, `distance` and `shrink` are used.

    Raises
    ------
    PanelError
        With every problem in the table.
    MatchError
        If variables cannot be compared.

    Examples
    --------
    >>> import pandas as pd
    >>> import primum as pr
    >>> spec, panel = pr.demo_spec(), pr.simulate(units=30, pilots=2, seed=1).panel
    >>> sets = pd.DataFrame({"pilot": [1, 1, 2, 2], "comparator": [3, 4, 4, 9]})
    >>> pr.match_sets(spec, panel, sets).balance.pilots["effective"].tolist()
    [2.0, 2.0]
    """
    frame = nw.from_native(sets, eager_only=True)
    if "weight" not in frame.columns:
        frame = frame.with_columns(nw.lit(1.0).alias("weight"))
    outcomes = [outcome.name for outcome in spec.outcomes]
    base = base_weights(frame.to_native(), np.asarray(panel.dataset["unit"]), panel.pilots, outcomes)
    per_outcome = OUTCOME in frame.columns
    matching = replace(matching or Matching(), per_outcome=per_outcome)
    if per_outcome:
        matching = replace(matching, outcomes=tuple(base["base_outcome"].values.tolist()))
    covariates = covariates or NONE
    groups, problems = compared(spec, panel, matching, covariates)
    if problems:
        raise MatchError(SUBJECT, list(dict.fromkeys(problems)))
    given = base.values if per_outcome else base.values[None]
    notes = [*covariates.notes, *notes_of(panel, groups, matching, covariates)]
    return assembled(panel, groups, list(given[..., ~panel.pilots]), matching, notes)
