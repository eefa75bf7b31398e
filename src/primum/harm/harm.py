"""harm: from effects to probabilities, sentences and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from primum.checks import PredictiveCheck, predictive_checks
from primum.effects import Effects, OutcomeEffects
from primum.fit import Gate
from primum.fit.gate import together
from primum.harm.across import Across, across
from primum.harm.decisions import WITHHELD, Decision, decide, overall
from primum.harm.doubts import caveat, doubts
from primum.harm.exceedance import Exceedance, exceedance
from primum.harm.groups import Group, groups
from primum.harm.probabilities import Estimate, Probabilities, probabilities
from primum.harm.sentences import across_refusal, across_sentence, refusal, sentence
from primum.spec import Decisions, Outcome, Spec

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class OutcomeHarm:
    """What can be said of one outcome.

    Attributes
    ----------
    outcome
        The outcome.
    gate
        Verdict on the computation; where it is FAIL there are no probabilities.
    pilots, new_unit
        Probabilities for the average effect in the pilots and for the effect in a new unit;
        None where the gate failed.
    exceedance
        How large harm may be, of ``satt`` and ``new_unit``; empty where the gate failed.
    groups
        Probabilities by pilot, by time since the start and by cohort.
    checks
        Whether the model reproduces the data; confidence in the evidence, apart from how likely harm is.
    sentence
        The finding in words, with a caveat where the model does not reproduce the data, or why
        there is none and what to do.
    decision
        Verdicts of the two decisions.
    """

    outcome: Outcome
    gate: Gate
    pilots: Probabilities | None
    new_unit: Probabilities | None
    exceedance: Mapping[str, Exceedance]
    groups: tuple[Group, ...]
    checks: tuple[PredictiveCheck, ...]
    sentence: str
    decision: Decision

    @property
    def doubts(self) -> list[str]:
        """What the model does not reproduce, and what that means for the findings."""
        return doubts(self.checks)


@dataclass(frozen=True)
class Harm:
    """What can be said of an evaluation; make one with `primum.harm`.

    Attributes
    ----------
    spec
        The specification.
    outcomes
        By name.
    across
        How many outcomes are harmed; None where the gate failed for any of them, which might be a harmful one.
    """

    spec: Spec
    outcomes: Mapping[str, OutcomeHarm]
    across: Across | None

    def __getitem__(self, outcome: str) -> OutcomeHarm:
        """What can be said of one outcome."""
        return self.outcomes[self.spec.outcome(outcome).name]

    @property
    def gate(self) -> Gate:
        """Verdict on the computation of all outcomes."""
        return together(each.gate for each in self.outcomes.values())

    @property
    def doubted(self) -> list[str]:
        """Labels of the outcomes whose data the model does not reproduce."""
        return [each.outcome.label for each in self.outcomes.values() if each.doubts]

    @property
    def decision(self) -> Decision:
        """The two decisions over all outcomes."""
        return overall({name: each.decision for name, each in self.outcomes.items()})

    @property
    def table(self) -> pd.DataFrame:
        """Probabilities, expected harm and the mean of the worst 5%, with Monte Carlo errors.

        Index (outcome, estimand); amounts are in the outcome's unit.
        """
        import pandas as pd

        rows = {}
        for name, each in self.outcomes.items():
            for estimand, found in (("satt", each.pilots), ("new_unit", each.new_unit)):
                rows[name, estimand] = {**_row(found), **_amounts(each.exceedance.get(estimand))}
        return pd.DataFrame(rows).T.rename_axis(["outcome", "estimand"])

    @property
    def groups(self) -> pd.DataFrame:
        """Probabilities by pilot, event time and cohort, with Monte Carlo errors; index (outcome, by, name)."""
        import pandas as pd

        rows = {
            (name, group.by, group.name): {"label": group.label, **_row(group.found)}
            for name, each in self.outcomes.items()
            for group in each.groups
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["outcome", "by", "name"])

    @property
    def across_sentence(self) -> str:
        """How many outcomes are harmed, in words, or why that is not said; empty where there is only one outcome."""
        if len(self.outcomes) == 1:
            return ""
        if self.across is None:
            return across_refusal([each.outcome.label for each in self.outcomes.values() if each.pilots is None])
        return across_sentence(self.across)

    @property
    def sentences(self) -> list[str]:
        """The finding on every outcome, and on all of them together."""
        return [*(each.sentence for each in self.outcomes.values()), *filter(None, [self.across_sentence])]

    def __str__(self) -> str:
        return "\n\n".join(self.sentences)

    __repr__ = __str__


def harm(effects: Effects) -> Harm:
    """Probabilities of harm, sentences and decisions for every outcome.

    Parameters
    ----------
    effects
        From `primum.effects`.

    Returns
    -------
    Harm
        An outcome whose gate failed has its reason in place of a sentence. One whose data the model
        does not reproduce has a caveat in its sentence, and its `doubts`.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.testing import tiny_fit
    >>> found = pr.harm(pr.effects(tiny_fit()))["kinship"].pilots
    >>> beyond = found.harm_beyond_sesoi.value + found.negligible.value + found.benefit_beyond_sesoi.value
    >>> round(beyond, 12)
    1.0
    """
    spec = effects.spec
    checks = {name: predictive_checks(effects.fit, name) for name in effects.outcomes}
    found = {name: _outcome_harm(each, checks[name], spec.decisions) for name, each in effects.outcomes.items()}
    usable = all(each.pilots is not None for each in found.values())
    satt = [np.asarray(each.draws["satt"]) for each in effects.outcomes.values()]
    return Harm(spec, found, across(satt, [each.outcome for each in found.values()]) if usable else None)


def _outcome_harm(effects: OutcomeEffects, checks: tuple[PredictiveCheck, ...], thresholds: Decisions) -> OutcomeHarm:
    outcome, gate = effects.outcome, effects.gate
    parts = groups(effects.draws, outcome.sign, outcome.sesoi)
    if gate.verdict == "FAIL":
        parts = tuple(replace(each, found=None) for each in parts)
        return OutcomeHarm(outcome, gate, None, None, {}, parts, checks, refusal(outcome, gate.reasons), WITHHELD)
    draws = {name: np.asarray(effects.draws[name]) for name in ("satt", "new_unit")}
    pilots, new_unit = (probabilities(each, outcome.sign, outcome.sesoi) for each in draws.values())
    curves = {name: exceedance(each, outcome.sign) for name, each in draws.items()}
    words = f"{sentence(outcome, effects.table.loc['satt'].to_dict(), pilots)} {caveat(checks)}".rstrip()
    decision = decide(pilots, new_unit, thresholds.using, thresholds.considering)
    return OutcomeHarm(outcome, gate, pilots, new_unit, curves, parts, checks, words, decision)


def _row(found: Probabilities | None) -> dict[str, float]:
    names = ("harm", "harm_beyond_sesoi", "negligible", "benefit_beyond_sesoi")
    return _columns({f"p_{name}": None if found is None else getattr(found, name) for name in names})


def _amounts(found: Exceedance | None) -> dict[str, float]:
    names = ("expected_harm", "shortfall")
    return _columns({name: None if found is None else getattr(found, name) for name in names})


def _columns(estimates: Mapping[str, Estimate | None]) -> dict[str, float]:
    """A column a value and one its error; NaN where there is none."""
    row = {}
    for name, each in estimates.items():
        row[name] = np.nan if each is None else each.value
        row[f"{name}_mcse"] = np.nan if each is None else each.mcse
    return row
