"""effects: from a Fit to tables and draws of effects on the outcome's own scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import xarray as xr

from primum.effects.estimands import (
    by_cohort,
    by_event_time,
    cell_effects,
    new_unit,
    per_unit,
    satt,
    target_weights,
)
from primum.fit import Fit, Gate
from primum.fit.chains import mcse_mean
from primum.fit.gate import MIN_ESS, diagnose, judge, stacked
from primum.model import cells_of
from primum.model.families import family_of
from primum.panel import Panel
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
        satt (chain, draw), new_unit (chain, draw), unit_effect (chain, draw, pilot), with readable
        names in coordinate ``label`` (pilot), event_effect (chain, draw, event), by periods since a
        pilot's start, and cohort_effect (chain, draw, cohort), by the period of the start.
    table
        One row an estimand, named as in ``satt`` and ``unit_effect[304]``; columns mean,
        median, eti95_low, eti95_high, sd, mcse (of the mean), ess_bulk, ess_tail, rhat.
    gate
        Verdict on the fit and on these quantities together.
    """

    outcome: Outcome
    draws: xr.Dataset
    table: pd.DataFrame
    gate: Gate


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

    fit: Fit
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


def effects(fit: Fit) -> Effects:
    """Effects on every outcome's own scale, by comparing predictions with and without exposure.

    Parameters
    ----------
    fit
        The fit.

    Returns
    -------
    Effects
        SATT, the effect in each pilot, by event time and by cohort, and the effect in a new unit.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.testing import tiny_fit
    >>> sorted(pr.effects(tiny_fit())["kinship"].draws.data_vars)
    ['cohort_effect', 'event_effect', 'new_unit', 'satt', 'unit_effect']
    """
    return Effects(
        fit,
        {
            outcome.name: outcome_effects(
                fit.posterior(outcome.name), fit.spec, fit.panel, outcome, fit.gates[outcome.name]
            )
            for outcome in fit.spec.outcomes
        },
    )


def outcome_effects(
    posterior: xr.Dataset, spec: Spec, panel: Panel, outcome: Outcome, gate: Gate, min_ess: float = MIN_ESS
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
    """
    family, cells = family_of(outcome.family), cells_of(panel.dataset, outcome)
    standard = family.standard(cells)
    effect = cell_effects(posterior, family, cells, standard, outcome.factor)
    full = cells.exposure[cells.pilots] == 1
    rng = np.random.default_rng([spec.seed, crc32(b"new unit"), crc32(outcome.name.encode())])
    sample, exposure = ("chain", "draw"), cells.exposure[cells.pilots]
    events, event_effect = by_event_time(effect, exposure, cells.time - cells.start[:, None])
    cohorts, cohort_effect = by_cohort(effect, full, cells.start)
    draws = xr.Dataset(
        {
            "satt": (sample, satt(effect, target_weights(cells, outcome.target))),
            "new_unit": (sample, new_unit(posterior, family, cells, standard, outcome.factor, rng)),
            "unit_effect": ((*sample, "pilot"), per_unit(effect, full)),
            "event_effect": ((*sample, "event"), event_effect),
            "cohort_effect": ((*sample, "cohort"), cohort_effect),
        },
        {
            "chain": posterior["chain"],
            "draw": posterior["draw"],
            "pilot": posterior["pilot"],
            "event": events,
            "cohort": cohorts,
            "label": ("pilot", panel.labels[cells.pilots]),
        },
    )
    diagnostics = diagnose(draws.drop_vars("label"))
    table = _summary(draws).set_axis(diagnostics.index).join(diagnostics)
    return OutcomeEffects(outcome, draws, table, gate & judge(diagnostics, min_ess))


def _summary(draws: xr.Dataset) -> pd.DataFrame:
    import pandas as pd

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
        }
    )
