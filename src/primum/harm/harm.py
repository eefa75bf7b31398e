"""harm: from effects to probabilities, sentences and decisions."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from primum.checks import PredictiveCheck, predictive_checks
from primum.effects import Effects, OutcomeEffects
from primum.fit import Gate
from primum.fit.gate import evenly, sampled, together
from primum.harm.across import Across, across
from primum.harm.after import Chosen, choose
from primum.harm.basis import Basis, basis
from primum.harm.decisions import WITHHELD, Decision, advice, least_loss, overall
from primum.harm.doubts import caveat, doubts
from primum.harm.exceedance import Exceedance, exceedance
from primum.harm.groups import Group, groups
from primum.harm.losses import Losses, added, losses
from primum.harm.probabilities import Estimate, Probabilities, probabilities
from primum.harm.sentences import (
    across_refusal,
    across_sentence,
    averaged_over,
    chosen_after,
    computed,
    elsewhere,
    headline,
    how_large,
    imputed,
    refusal,
    sentence,
)
from primum.harm.tipping import Tip, tipping_points
from primum.spec import Outcome, ScaleName, Spec

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
    effect
        The average effect in the pilots, a row of the effects' table.
    basis
        What that is an average over.
    pilots, new_unit
        Probabilities for the average effect in the pilots and for the effect in a new unit;
        None where the gate failed.
    exceedance
        How large harm may be, of ``satt`` and ``new_unit``; empty where the gate failed.
    groups
        Probabilities by pilot, by time since the start and by cohort.
    checks
        Whether the model reproduces the data; confidence in the evidence, apart from how likely harm is.
    decision
        Verdicts of the two decisions, on this outcome alone.
    losses
        Expected losses of the choices; None where the gate failed.
    tips
        The smallest changes that would change these verdicts.
    scale
        Words that stand beside probabilities.
    after
        What of harm was chosen after fitting; the outcome's label says that something was.
    imputed
        How much missing values add to the uncertainty, in words; empty where there is one panel.
    jointly
        Whether all outcomes were fitted jointly.
    """

    outcome: Outcome
    gate: Gate
    effect: Mapping[Hashable, float]
    basis: Basis
    pilots: Probabilities | None
    new_unit: Probabilities | None
    exceedance: Mapping[str, Exceedance]
    groups: tuple[Group, ...]
    checks: tuple[PredictiveCheck, ...]
    decision: Decision
    losses: Losses | None
    tips: tuple[Tip, ...]
    scale: ScaleName
    after: tuple[str, ...]
    imputed: str
    jointly: bool

    @property
    def doubts(self) -> list[str]:
        """What the model does not reproduce, and what that means for the findings."""
        return doubts(self.checks)

    @property
    def headline(self) -> str:
        """The finding in one line, or that there is none."""
        if self.pilots is None:
            return f"{self.outcome.label}: no statement can be made"
        return headline(self.outcome, self.pilots, self.scale, self.gate, doubted=bool(self.doubts))

    @property
    def sentence(self) -> str:
        """The finding in two or three sentences, with a caveat where the model does not reproduce the data.

        Where the gate failed, why there is none and what to do.
        """
        if self.pilots is None:
            return refusal(self.outcome, self.gate.reasons)
        return f"{sentence(self.outcome, self.effect, self.pilots, self.scale)} {caveat(self.checks)}".rstrip()

    @property
    def paragraph(self) -> str:
        """The finding with all that a reader should know of it."""
        if self.pilots is None or self.new_unit is None:
            return self.sentence
        parts = [
            sentence(self.outcome, self.effect, self.pilots, self.scale),
            averaged_over(self.basis, self.outcome),
            how_large(self.outcome, float(self.effect["sd"]), self.exceedance["satt"]),
            elsewhere(self.outcome, self.new_unit, self.scale, self.basis),
            self.imputed,
            computed(self.gate),
            caveat(self.checks) or "The model reproduces the features of the data that were checked.",
            *(f"{each[0].upper()}{each[1:]}." for each in self.doubts),
            "All outcomes are fitted jointly." if self.jointly else "Each outcome is fitted apart from the others.",
            chosen_after(self.after),
        ]
        return " ".join(filter(None, parts))


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
        """The two decisions over all important outcomes; withheld where the gate failed for any of them."""
        found = [each for each in self.outcomes.values() if each.outcome.important]
        expected = self.losses
        if self.spec.decisions.rule == "thresholds" or expected is None:
            return overall({each.outcome.name: each.decision for each in found})
        return least_loss(expected)

    @property
    def losses(self) -> Losses | None:
        """Expected losses over all important outcomes together; None where the gate failed for any of them."""
        each = [one.losses for one in self.outcomes.values() if one.outcome.important]
        known = [found for found in each if found is not None]
        return added(known, jointly=self.spec.joint) if len(known) == len(each) else None

    @property
    def tips(self) -> pd.DataFrame:
        """The smallest changes that would change the verdicts on an outcome; index (outcome, question, what).

        Columns: now and at, what is set and what it would have to be; verdict, the other one. Empty where no
        change that was tried changes it: `primum.harm.tipping`.
        """
        import pandas as pd

        columns = ["outcome", "question", "what", "now", "at", "verdict"]
        rows = [
            (name, tip.question, tip.what, tip.now, tip.at, tip.verdict)
            for name, each in self.outcomes.items()
            for tip in each.tips
        ]
        return pd.DataFrame(rows, columns=columns).set_index(columns[:3])

    @property
    def table(self) -> pd.DataFrame:
        """Probabilities, expected harm and the mean of the worst 5%, with Monte Carlo errors.

        Index (outcome, estimand); amounts are in the outcome's unit.
        """
        import pandas as pd

        rows = {}
        for name, each in self.outcomes.items():
            for estimand, found in (("satt", each.pilots), ("new_unit", each.new_unit)):
                amounts = _amounts(each.exceedance.get(estimand))
                rows[name, estimand] = {**_row(found), **amounts, "chosen_after_fitting": bool(each.after)}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["outcome", "estimand"])

    @property
    def groups(self) -> pd.DataFrame:
        """Probabilities by pilot, event time and cohort, with Monte Carlo errors; index (outcome, by, name)."""
        import pandas as pd

        rows = {
            (name, group.by, group.name): {
                "label": group.label,
                **_row(group.found),
                "chosen_after_fitting": bool(each.after),
            }
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
        return across_sentence(self.across, self.spec.words.scale, self.doubted)

    @property
    def sentences(self) -> list[str]:
        """The finding on every outcome, and on all of them together."""
        return [*(each.sentence for each in self.outcomes.values()), *filter(None, [self.across_sentence])]

    def __str__(self) -> str:
        return "\n\n".join(self.sentences)

    __repr__ = __str__


def harm(effects: Effects, *, after: Mapping[str, Mapping[str, Any]] | None = None) -> Harm:
    """Probabilities of harm, sentences and decisions for every outcome.

    Parameters
    ----------
    effects
        From `primum.effects`.
    after
        What counts as harm, where it is chosen now and not in the specification, such as
        ``{"kinship": {"sesoi": 5.0, "harm": "up"}}``. Whatever is said of such an outcome says
        "chosen after fitting".

    Returns
    -------
    Harm
        An outcome whose gate failed has its reason in place of a sentence. One whose data the model
        does not reproduce has a caveat in its sentence, and its `doubts`.

    Raises
    ------
    SpecError
        If `after` names outcomes or keys that there are not, or has values that a specification may not have.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.testing import tiny_fit
    >>> found = pr.harm(pr.effects(tiny_fit()))["kinship"].pilots
    >>> beyond = found.harm_beyond_sesoi.value + found.negligible.value + found.benefit_beyond_sesoi.value
    >>> round(beyond, 12)
    1.0
    >>> pr.harm(pr.effects(tiny_fit()), after={"kinship": {"sesoi": 25.0}})["kinship"].headline
    'Kinship care (harm chosen after fitting): the probability of harm by more than 25 percentage points is less than
    1% (exceptionally unlikely)'
    """
    chosen = choose(effects.spec, after or {})
    found = {
        name: _outcome_harm(each, chosen[name], basis(effects.fit.panel, each.outcome), effects)
        for name, each in effects.outcomes.items()
    }
    usable = all(each.pilots is not None for each in found.values())
    fewest = min(each.draws.sizes["draw"] for each in effects.outcomes.values())
    satt = [sampled(evenly(each.draws, fewest)["satt"]) for each in effects.outcomes.values()]
    late = any(each.after for each in found.values())
    outcomes = [each.outcome for each in found.values()]
    jointly = effects.spec.joint
    counted = across(satt, outcomes, chosen_after_fitting=late, jointly=jointly) if usable else None
    return Harm(effects.spec, found, counted)


def _outcome_harm(measured: OutcomeEffects, chosen: Chosen, over: Basis, effects: Effects) -> OutcomeHarm:
    outcome, spec = chosen.outcome, effects.spec
    parts = groups(measured.draws, outcome.sign, outcome.sesoi)
    found = OutcomeHarm(
        outcome=outcome,
        gate=measured.gate,
        effect=measured.table.loc["satt"].to_dict(),
        basis=over,
        pilots=None,
        new_unit=None,
        exceedance={},
        groups=tuple(replace(each, found=None) for each in parts),
        checks=predictive_checks(effects.fit, outcome.name),
        decision=WITHHELD,
        losses=None,
        tips=(),
        scale=spec.words.scale,
        after=chosen.after,
        imputed=imputed(measured.imputations, len(measured.imputation_names)),
        jointly=spec.joint,
    )
    if measured.gate.verdict == "FAIL":
        return found
    sign, sesoi, rules = outcome.sign, outcome.sesoi, spec.decisions
    satt, new = (sampled(measured.draws[name]) for name in ("satt", "new_unit"))
    pilots, new_unit = (probabilities(each, sign, sesoi) for each in (satt, new))
    expected = losses(satt, new, sign, sesoi, rules.costs)
    tau = sampled(effects.fit.posterior(outcome.name)["tau"])
    return replace(
        found,
        pilots=pilots,
        new_unit=new_unit,
        exceedance={"satt": exceedance(satt, sign), "new_unit": exceedance(new, sign)},
        groups=parts,
        decision=advice(pilots, new_unit, expected, rules),
        losses=expected,
        tips=tuple(tipping_points(satt, new, tau, sign, sesoi, rules, outcome.all_priors().tau)),
    )


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
