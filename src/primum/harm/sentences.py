"""Plain sentences, one an outcome, made from the numbers in the tables."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from primum.harm.across import Across, Count
from primum.harm.probabilities import Probabilities
from primum.harm.words import decimals, number, percent
from primum.spec import Outcome


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


def sentence(outcome: Outcome, row: Mapping[Hashable, float], harm: Probabilities) -> str:
    """What was found for one outcome, in two or three sentences.

    Parameters
    ----------
    outcome
        The outcome; its harmful direction and SESOI were fixed before fitting.
    row
        The row ``satt`` of the effects' table.
    harm
        The probabilities for the SATT.
    """
    direction, opposite = ("rise", "fall") if outcome.harm == "up" else ("fall", "rise")
    size = f"{outcome.sesoi:g} {outcome.unit}"
    four = (harm.harm, harm.harm_beyond_sesoi, harm.negligible, harm.benefit_beyond_sesoi)
    any_harm, beyond, negligible, benefit = (percent(each.value) for each in four)
    error = max(0.1, 100 * max(each.mcse for each in four))
    over = f"{outcome.average}," if outcome.average else ""
    return (
        f"{outcome.label}: the average effect in the pilots{over} is {effect_in_words(outcome, row)}. "
        f"A {direction} would be harm. The probability of harm is {any_harm}; "
        f"of harm by more than {size}, {beyond}; of an effect of no more than {size} either way, {negligible}; "
        f"of a {opposite} by more than that, {benefit} (Monte Carlo error at most {error:.1f} points)."
    )


def refusal(outcome: Outcome, reasons: list[str]) -> str:
    """What is said in place of a sentence when the gate failed."""
    return (
        f"{outcome.label}: no statement can be made, because the computation failed its checks: {'. '.join(reasons)}."
    )


def across_sentence(across: Across) -> str:
    """How many outcomes are harmed, at all and beyond their SESOIs, and on what that rests.

    Parameters
    ----------
    across
        The probabilities.
    """
    number = len(across.harm.exactly) - 1
    low, high = (percent(each) for each in across.harm.bounds)
    return (
        f"All {number} outcomes together, on average in the pilots: the probability {_counted(across.harm)}. "
        f"By more than their smallest effects of interest: the probability {_counted(across.harm_beyond_sesoi)}. "
        "Outcomes are fitted apart, so these figures take their errors as independent; however harm on one outcome "
        f"goes with harm on another, the probability that at least one is harmed lies between {low} and {high}."
    )


def _counted(count: Count) -> str:
    none, some, every = (percent(each.value) for each in (count.none, count.some, count.all))
    return f"that none is harmed is {none}, that at least one is, {some}, and that all are, {every}"


def across_refusal(labels: list[str]) -> str:
    """What is said of all outcomes together when the gate failed for some."""
    return (
        f"All outcomes together: no statement can be made, because the computation failed its checks for "
        f"{', '.join(labels)}, which might be harmed."
    )
