"""effects: from a Fit to tables and draws of effects on the outcome's own scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from primum.effects.estimand import Estimand
from primum.effects.estimands import ESTIMANDS
from primum.effects.estimate import estimate
from primum.effects.imputed import imputation_shares, judge_imputations
from primum.effects.predictions import predict_pilots
from primum.errors import InputError
from primum.fit import Fit, Gate, Imputed
from primum.fit.chains import mcse_mean
from primum.fit.gate import IMPUTATION, MIN_ESS, diagnose, judge, mixed, names_of, stacked, worst_of
from primum.panel import Name, Panel
from primum.spec import Outcome, Spec

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class OutcomeEffects:
    """Effects on one outcome, in its unit.

    Attributes
    ----------
    outcome
        The outcome.
    draws
        One variable an estimand, dims (chain, draw) and its own, with what it is about in its attributes: satt,
        new_unit, unit_effect (pilot), with readable names in coordinate ``label`` (pilot), event_effect (event), by
        periods since a pilot's start, cohort_effect (cohort), by the period of the start, and the others of
        `primum.estimands.ESTIMANDS` that apply. Chains of several imputations, one after the other, have a
        coordinate ``imputation`` (chain).
    table
        One row a quantity, named as in ``satt`` and ``unit_effect[304]``; columns mean,
        median, eti95_low, eti95_high, sd, mcse (of the mean), ess_bulk, ess_tail, rhat.
    gate
        Verdict on the fit and on these quantities together.
    """

    outcome: Outcome
    draws: xr.Dataset
    table: pd.DataFrame
    gate: Gate

    @property
    def estimands(self) -> pd.DataFrame:
        """What each estimand is about: label, population, scale, weights, unit and uncertainty; one row each."""
        import pandas as pd

        rows = {str(name): values.attrs for name, values in self.draws.data_vars.items()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("estimand")

    @property
    def imputation_names(self) -> list[Name]:
        """Names of the imputations; none where there is one panel."""
        return list(dict.fromkeys(self.draws[IMPUTATION].values.tolist())) if IMPUTATION in self.draws.coords else []

    @property
    def imputations(self) -> pd.DataFrame | None:
        """Within- and between-imputation variance, from `imputation_shares`; None where there is one panel."""
        return imputation_shares(self.draws) if self.imputation_names else None

    def rows(self, estimand: str) -> pd.DataFrame:
        """Rows of the table of one estimand, in the order of its own dim."""
        return self.table.reindex(names_of(self.draws[estimand]))


@dataclass(frozen=True, eq=False)
class Effects:
    """Effects on every outcome; make one with `primum.effects`.

    Attributes
    ----------
    fit
        What they are effects of.
    outcomes
        By name.
    """

    fit: Fit | Imputed
    outcomes: Mapping[str, OutcomeEffects]

    @property
    def spec(self) -> Spec:
        """The specification that was fitted."""
        return self.fit.spec

    def __getitem__(self, outcome: str) -> OutcomeEffects:
        """Effects on one outcome."""
        return self.outcomes[self.spec.outcome(outcome).name]

    @property
    def table(self) -> pd.DataFrame:
        """The tables of all outcomes, one above the other; index (outcome, quantity)."""
        import pandas as pd

        return pd.concat({name: each.table for name, each in self.outcomes.items()}, names=["outcome"])

    def __repr__(self) -> str:
        lines = ["Effects, mean and 95% interval:"]
        for each in self.outcomes.values():
            row = each.table.loc["satt"]
            lines.append(
                f"  {each.outcome.label}: {row['mean']:+.3g} ({row['eti95_low']:+.3g} to {row['eti95_high']:+.3g}) "
                f"{each.outcome.unit}, gate {each.gate.verdict}"
            )
        return "\n".join(lines)


def effects(fit: Fit | Imputed, estimands: Sequence[Estimand] = ()) -> Effects:
    """Effects on every outcome's own scale, by comparing predictions with and without exposure.

    Parameters
    ----------
    fit
        The fit. Effects of several imputations are computed in each, and their draws put together.
    estimands
        Estimands beside `primum.estimands.ESTIMANDS`. One that does not apply to an outcome is left out of it.

    Returns
    -------
    Effects
        SATT, the effect in each pilot, by event time and by cohort, the effect in a new unit, and the others.

    Raises
    ------
    InputError
        If estimands share a name, apply to no outcome, cannot be computed, or do not give draws, one number for
        each chain, draw and place.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.testing import tiny_fit
    >>> late = pr.estimands.average("late", periods=(2016, 2017))
    >>> found = pr.effects(tiny_fit(), [late])["kinship"]
    >>> sorted(found.draws.data_vars)[:5]
    ['cohort_effect', 'count_change', 'count_change_by_period', 'cumulative_effect', 'event_effect']
    >>> found.estimands.loc["late", "population"]
    "pilots' fully exposed periods, 2016 to 2017"
    """
    if isinstance(estimands, Estimand) or not all(isinstance(each, Estimand) for each in estimands):
        raise InputError("the estimands", ["they must be a list of Estimand, such as [pr.estimands.average('late')]"])
    chosen = (*ESTIMANDS, *estimands)
    _check_names(chosen)
    found = {outcome.name: _of_fit(fit, outcome, chosen) for outcome in fit.spec.outcomes}
    nowhere = [each.name for each in estimands if not any(each.name in one.draws for one in found.values())]
    if nowhere:
        raise InputError("the estimands", [f"{name} applies to none of the outcomes; leave it out" for name in nowhere])
    return Effects(fit, found)


def outcome_effects(
    posterior: xr.Dataset,
    spec: Spec,
    panel: Panel,
    outcome: Outcome,
    gate: Gate,
    min_ess: float = MIN_ESS,
    estimands: Sequence[Estimand] = ESTIMANDS,
) -> OutcomeEffects:
    """Effects on one outcome.

    Parameters
    ----------
    posterior
        Its draws; dims (chain, draw, ...).
    spec, panel, outcome
        The evaluation.
    gate
        Verdict on the draws.
    min_ess
        Effective draws that each effect must have.
    estimands
        Those to compute, where they apply.
    """
    predictions = predict_pilots(posterior, spec, panel, outcome)
    draws = estimate(predictions, estimands)
    table = _table(draws)
    return OutcomeEffects(outcome, draws, table, gate & judge(table, min_ess))


def _of_fit(fit: Fit | Imputed, outcome: Outcome, estimands: Sequence[Estimand]) -> OutcomeEffects:
    if isinstance(fit, Imputed):
        return _together({name: _of_fit(each, outcome, estimands) for name, each in fit.fits.items()})
    return outcome_effects(
        fit.posterior(outcome.name), fit.spec, fit.panel, outcome, fit.gates[outcome.name], estimands=estimands
    )


def _together(each: Mapping[Name, OutcomeEffects]) -> OutcomeEffects:
    """Effects in all imputations: their draws are put together, and each is judged by itself."""
    draws = mixed({name: found.draws for name, found in each.items()})
    gate = worst_of({name: found.gate for name, found in each.items()})
    gate &= judge_imputations(imputation_shares(draws), len(each))
    return OutcomeEffects(next(iter(each.values())).outcome, draws, _table(draws), gate)


def _check_names(estimands: Sequence[Estimand]) -> None:
    names = [each.name for each in estimands]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError("the estimands", [f"{name} is the name of more than one; rename yours" for name in twice])


def _table(draws: xr.Dataset) -> pd.DataFrame:
    import pandas as pd

    diagnostics = diagnose(draws.drop_vars("label"))
    stack = stacked(draws)
    values = stack.reshape(len(stack), -1)
    low, median, high = np.quantile(values, [0.025, 0.5, 0.975], axis=1)
    return pd.DataFrame(
        {
            "mean": values.mean(axis=1),
            "median": median,
            "eti95_low": low,
            "eti95_high": high,
            "sd": values.std(axis=1, ddof=1),
            "mcse": mcse_mean(stack),
        },
        index=diagnostics.index,
    ).join(diagnostics)
