"""harm: from effects to probabilities, sentences and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from primum.checks import PredictiveCheck, predictive_checks
from primum.effects import Effects, OutcomeEffects
from primum.fit import Gate
from primum.fit.gate import together
from primum.harm.decisions import WITHHELD, Decision, advice, overall
from primum.harm.doubts import caveat, doubts
from primum.harm.losses import losses
from primum.harm.probabilities import Probabilities, probabilities
from primum.harm.sentences import refusal, sentence
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
    checks: tuple[PredictiveCheck, ...]
    sentence: str
    decision: Decision

    @property
    def doubts(self) -> list[str]:
        """What the model does not reproduce, and what that means for the findings."""
        return doubts(self.checks)


@dataclass(frozen=True)
class Harm:
    """What can be said of an evaluation; make one with `primum.harm`."""

    spec: Spec
    outcomes: Mapping[str, OutcomeHarm]

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
        """Probabilities and their Monte Carlo errors; index (outcome, estimand)."""
        import pandas as pd

        rows = {}
        for name, each in self.outcomes.items():
            for estimand, found in (("satt", each.pilots), ("new_unit", each.new_unit)):
                rows[name, estimand] = _row(found)
        return pd.DataFrame(rows).T.rename_axis(["outcome", "estimand"])

    def __str__(self) -> str:
        return "\n\n".join(each.sentence for each in self.outcomes.values())

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
    return Harm(spec, found)


def _outcome_harm(effects: OutcomeEffects, checks: tuple[PredictiveCheck, ...], thresholds: Decisions) -> OutcomeHarm:
    outcome, gate = effects.outcome, effects.gate
    if gate.verdict == "FAIL":
        return OutcomeHarm(outcome, gate, None, None, checks, refusal(outcome, gate.reasons), WITHHELD)
    pilots = probabilities(np.asarray(effects.draws["satt"]), outcome.sign, outcome.sesoi)
    new_unit = probabilities(np.asarray(effects.draws["new_unit"]), outcome.sign, outcome.sesoi)
    words = f"{sentence(outcome, effects.table.loc['satt'].to_dict(), pilots)} {caveat(checks)}".rstrip()
    satt, new = (np.asarray(effects.draws[name]) for name in ("satt", "new_unit"))
    expected = losses(satt, new, outcome.sign, outcome.sesoi, thresholds.costs)
    decision = advice(pilots, new_unit, expected, thresholds)
    return OutcomeHarm(outcome, gate, pilots, new_unit, checks, words, decision)


def _row(found: Probabilities | None) -> dict[str, float]:
    row = {}
    for name in ("harm", "harm_beyond_sesoi", "negligible", "benefit_beyond_sesoi"):
        each = None if found is None else getattr(found, name)
        row[f"p_{name}"] = np.nan if each is None else each.value
        row[f"p_{name}_mcse"] = np.nan if each is None else each.mcse
    return row
