"""Plain sentences in three lengths, made from the numbers in the tables."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

from primum.fit import Gate
from primum.harm.across import Across, Count
from primum.harm.basis import Basis
from primum.harm.exceedance import WORST, Exceedance
from primum.harm.likelihood import in_words
from primum.harm.probabilities import Probabilities
from primum.harm.words import amount, decimals, number, percent
from primum.spec import Outcome, ScaleName

if TYPE_CHECKING:
    import pandas as pd


def effect_in_words(outcome: Outcome, row: Mapping[Hashable, float]) -> str:
    """Mean and interval of an effect.

    Parameters
    ----------
    outcome
        The outcome.
    row
        Its row of the effects' table: mean, eti95_low, eti95_high, sd, mcse.
    """
    places = decimals(row["sd"], row["mcse"])
    mean, low, high = (number(row[key], places, signed=True) for key in ("mean", "eti95_low", "eti95_high"))
    return f"{mean} {outcome.unit} (95% interval {low} to {high})"


def sentence(outcome: Outcome, row: Mapping[Hashable, float], harm: Probabilities, scale: ScaleName) -> str:
    """What was found for one outcome, in two or three sentences.

    Parameters
    ----------
    outcome
        The outcome; its harmful direction and SESOI were fixed before fitting.
    row
        The row ``satt`` of the effects' table.
    harm
        The probabilities for the SATT.
    scale
        Words that stand beside them.
    """
    direction, opposite = ("rise", "fall") if outcome.harm == "up" else ("fall", "rise")
    size = _size(outcome)
    four = (harm.harm, harm.harm_beyond_sesoi, harm.negligible, harm.benefit_beyond_sesoi)
    any_harm, beyond, negligible, benefit = (in_words(each, scale) for each in four)
    error = max(0.1, 100 * max(each.mcse for each in four))
    over = f"{outcome.average}," if outcome.average else ""
    return (
        f"{outcome.label}: the average effect in the pilots{over} is {effect_in_words(outcome, row)}. "
        f"A {direction} would be harm. The probability of harm is {any_harm}; "
        f"of harm by more than {size}, {beyond}; of an effect of no more than {size} either way, {negligible}; "
        f"of a {opposite} by more than that, {benefit}. Their Monte Carlo error is at most {error:.1f} points."
    )


def refusal(outcome: Outcome, reasons: list[str]) -> str:
    """What is said in place of a sentence when the gate failed."""
    return (
        f"{outcome.label}: no statement can be made, because the computation failed its checks: {'. '.join(reasons)}."
    )


def headline(outcome: Outcome, harm: Probabilities, scale: ScaleName, gate: Gate, *, doubted: bool) -> str:
    """The finding in one line: how likely harm beyond the SESOI is, and whether that is in doubt.

    Parameters
    ----------
    outcome, harm, scale
        As in `sentence`.
    gate
        Verdict on the computation, which has not failed.
    doubted
        Whether the model does not reproduce the data.
    """
    line = (
        f"{outcome.label}: the probability of harm by more than {_size(outcome)} is "
        f"{in_words(harm.harm_beyond_sesoi, scale)}"
    )
    doubts = ["computation to be reviewed"] * (gate.verdict == "REVIEW") + ["low confidence"] * doubted
    return "; ".join([line, *doubts])


def averaged_over(basis: Basis, outcome: Outcome) -> str:
    """What the average effect in the pilots is an average over, and what it was set beside."""
    pilots = "1 pilot" if basis.pilots == 1 else f"{basis.pilots} pilots"
    over = "1 fully exposed period" if basis.averaged == 1 else f"{basis.averaged} fully exposed periods"
    observed = "" if basis.observed == basis.averaged else f", of which {basis.observed} were observed"
    weights = "weighted by denominators" if outcome.target == "denominators" else "each counting the same"
    return (
        f"The average is over {over} of {pilots} in all{observed}, {weights}; it is set beside "
        f"{basis.comparators} comparators, from {basis.first} to {basis.last}."
    )


def how_large(outcome: Outcome, sd: float, found: Exceedance) -> str:
    """How large harm may be on average in the pilots.

    Parameters
    ----------
    outcome
        The outcome.
    sd
        SD of the effect, by which numbers are rounded.
    found
        Expected harm and the mean of the worst draws.
    """
    worst = number(found.shortfall.value, decimals(sd, found.shortfall.mcse), signed=True)
    return (
        f"Expected harm is {amount(found.expected_harm, sd)} {outcome.unit}; "
        f"the mean of the worst {100 * WORST:g}% of draws is {worst}."
    )


def elsewhere(outcome: Outcome, new_unit: Probabilities, scale: ScaleName, basis: Basis) -> str:
    """How likely harm is in an area that might start, and what that rests on where there is but one pilot."""
    alone = " How far effects differ between areas is not seen in one pilot: it is taken from the prior."
    return (
        f"In a new area the probability of harm by more than {_size(outcome)} is "
        f"{in_words(new_unit.harm_beyond_sesoi, scale)}.{alone if basis.pilots == 1 else ''}"
    )


def imputed(shares: pd.DataFrame | None, count: int) -> str:
    """How much missing values add to the uncertainty of the average effect; empty where nothing was imputed so.

    Parameters
    ----------
    shares
        Of `primum.effects.OutcomeEffects.imputations`.
    count
        How many imputations there are.
    """
    if shares is None:
        return ""
    share = float(shares["share_between"]["satt"])
    return (
        f"Missing values were imputed {count} times: {share:.0%} of the variance of the "
        "average effect is between imputations, that is, due to what is missing."
    )


def computed(gate: Gate) -> str:
    """Verdict on a computation that has not failed."""
    if gate.verdict == "PASS":
        return "The computation passed its checks."
    return f"The computation is to be reviewed: {'. '.join(gate.reasons)}."


def chosen_after(after: Sequence[str]) -> str:
    """What of harm was chosen after fitting; empty where nothing was."""
    return f"Chosen after fitting, when the data had been seen: {'; '.join(after)}." if after else ""


def _size(outcome: Outcome) -> str:
    return f"{outcome.sesoi:g} {outcome.unit}"


def across_sentence(across: Across, scale: ScaleName, doubted: Sequence[str]) -> str:
    """How many outcomes are harmed, at all and beyond their SESOIs, and on what that rests.

    Parameters
    ----------
    across
        The probabilities.
    scale
        Words that stand beside them.
    doubted
        Labels of the outcomes whose data the model does not reproduce.
    """
    harm, beyond = (_counted(each, scale, across.jointly) for each in (across.harm, across.harm_beyond_sesoi))
    rests = (
        "Outcomes are fitted jointly, so these figures know how harm on one goes with harm on another."
        if across.jointly
        else "Outcomes are fitted apart, so these figures take their errors as independent; what is said in brackets "
        "holds however harm on one outcome goes with harm on another."
    )
    count = len(across.harm.exactly) - 1
    whole = "Both" if count == 2 else f"All {count}"
    parts = [
        f"{whole} outcomes together, on average in the pilots: the probability {harm}.",
        f"By more than their smallest effects of interest: the probability {beyond}.",
        rests,
    ]
    if doubted:
        parts.append(f"Confidence in them is low, because of {' and '.join(doubted)}.")
    if across.chosen_after_fitting:
        parts.append("For some outcomes, what counts as harm was chosen after fitting.")
    return " ".join(parts)


def _counted(count: Count, scale: ScaleName, jointly: bool) -> str:
    none, some, every = (in_words(each, scale) for each in (count.none, count.some, count.all))
    low, high = count.bounds
    most = "100%" if high.value == 1 else percent(high)
    between = most if percent(low) == most else f"between {percent(low)} and {most}"
    bounds = "" if jointly else f" [{between}]"
    return f"that none is harmed is {none}, that at least one is, {some}{bounds}, and that all are, {every}"


def across_refusal(labels: list[str]) -> str:
    """What is said of all outcomes together when the gate failed for some."""
    return (
        f"All outcomes together: no statement can be made, because the computation failed its checks for "
        f"{', '.join(labels)}, which might be harmed."
    )
