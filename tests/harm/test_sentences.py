from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from primum.fit.gate import Finding, Gate, Verdict
from primum.harm import Estimate, Exceedance, Probabilities, Probability
from primum.harm.basis import Basis
from primum.harm.sentences import (
    averaged_over,
    chosen_after,
    effect_in_words,
    elsewhere,
    headline,
    how_large,
    refusal,
    sentence,
)
from primum.harm.words import MINUS
from primum.sources import demo_spec

ROW: Mapping[Hashable, float] = {"mean": 1.234, "eti95_low": -0.456, "eti95_high": 2.987, "sd": 0.9, "mcse": 0.02}
BASIS = Basis(pilots=3, comparators=9, averaged=11, observed=11, first=2010, last=2017)
FOUND = Probabilities(
    harm=Probability(0.914, 0.004),
    harm_beyond_sesoi=Probability(0.203, 0.011),
    negligible=Probability(0.796, 0.011),
    benefit_beyond_sesoi=Probability(0.001, 0.0005),
)


def test_sentence_is_made_of_the_table_s_numbers() -> None:
    text = sentence(demo_spec().outcome("rereferral"), ROW, FOUND, "ipcc")
    assert text == (
        f"Re-referral within 6 months: the average effect in the pilots is +1.2 percentage points "
        f"(95% interval {MINUS}0.5 to +3.0). A rise would be harm. The probability of harm is 91% (very likely); "
        "of harm by more than 2 percentage points, about 20% (unlikely); of an effect of no more than 2 percentage "
        "points either way, about 80% (likely); of a fall by more than that, less than 1% (exceptionally unlikely). "
        "Their Monte Carlo error is at most 1.1 points."
    )


def test_sentence_says_whom_the_average_is_of() -> None:
    spec = demo_spec().change({"outcomes.kinship.target": "denominators"})
    text = sentence(spec.outcome("kinship"), ROW, FOUND, "ipcc")
    assert ": the average effect in the pilots, weighted by denominators, is +1.2 percentage points" in text


def test_direction_of_harm_is_the_outcome_s() -> None:
    text = sentence(demo_spec().outcome("kinship"), ROW, FOUND, "ipcc")
    assert "A fall would be harm." in text
    assert "of harm by more than 3 percentage points" in text
    assert "of a rise by more than that" in text


def test_monte_carlo_error_is_never_said_to_be_nothing() -> None:
    sure = Probabilities(*[Probability(each, 0.0002) for each in (1.0, 1.0, 0.0, 0.0)])
    assert sentence(demo_spec().outcome("kinship"), ROW, sure, "ipcc").endswith("error is at most 0.1 points.")


@pytest.mark.parametrize(
    ("mcse", "expected"),
    [(0.02, f"+1.2 working days (95% interval {MINUS}0.5 to +3.0)"), (0.3, "+1 working days (95% interval 0 to +3)")],
)
def test_effects_are_rounded_by_their_error(mcse: float, expected: str) -> None:
    assert effect_in_words(demo_spec().outcome("assessment"), {**ROW, "mcse": mcse}) == expected


def test_words_are_those_of_the_scale() -> None:
    text = sentence(demo_spec().outcome("kinship"), ROW, FOUND, "phia")
    assert "The probability of harm is 91% (highly likely);" in text
    assert "less than 1% (remote chance)" in text


@pytest.mark.parametrize(
    ("verdict", "doubted", "ending"),
    [
        (None, False, "is about 20% (unlikely)"),
        (None, True, "(unlikely); low confidence"),
        ("REVIEW", False, "(unlikely); computation to be reviewed"),
        ("REVIEW", True, "(unlikely); computation to be reviewed; low confidence"),
    ],
)
def test_headline_is_one_line_on_harm_beyond_the_sesoi(verdict: Verdict | None, doubted: bool, ending: str) -> None:
    gate = Gate(() if verdict is None else (Finding(verdict, "few draws", "run more"),), 1.0, 500.0)
    line = headline(demo_spec().outcome("kinship"), FOUND, "ipcc", gate, doubted=doubted)
    assert line.startswith("Kinship care: the probability of harm by more than 3 percentage points is about 20%")
    assert line.endswith(ending)
    assert "\n" not in line


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            "The average is over 11 fully exposed periods of 3 pilots in all, each counting the same; it is set beside "
            "9 comparators, from 2010 to 2017.",
        ),
        (
            {"pilots": 1, "averaged": 1, "observed": 0},
            "The average is over 1 fully exposed period of 1 pilot in all, of which 0 were observed, each counting the "
            "same; it is set beside 9 comparators, from 2010 to 2017.",
        ),
    ],
)
def test_what_the_average_is_over(changes: dict[str, int], expected: str) -> None:
    assert averaged_over(replace(BASIS, **changes), demo_spec().outcome("kinship")) == expected
    weighted = demo_spec().change({"outcomes.kinship.target": "denominators"}).outcome("kinship")
    assert "weighted by denominators;" in averaged_over(BASIS, weighted)


def test_how_large_harm_may_be_is_rounded_by_its_errors() -> None:
    none = np.zeros(1)
    found = Exceedance(none, none, none, Estimate(0.02, 0.03), Estimate(-12.345, 0.04))
    assert how_large(demo_spec().outcome("kinship"), 2.0, found) == (
        f"Expected harm is less than 0.1 percentage points; the mean of the worst 5% of draws is {MINUS}12.3."
    )


def test_one_pilot_says_nothing_of_how_areas_differ() -> None:
    text = elsewhere(demo_spec().outcome("kinship"), FOUND, "ipcc", BASIS)
    assert text == "In a new area the probability of harm by more than 3 percentage points is about 20% (unlikely)."
    alone = elsewhere(demo_spec().outcome("kinship"), FOUND, "ipcc", replace(BASIS, pilots=1))
    assert alone == f"{text} How far effects differ between areas is not seen in one pilot: it is taken from the prior."


def test_choices_made_after_fitting_are_told() -> None:
    assert chosen_after(()) == ""
    assert chosen_after(("a", "b")) == "Chosen after fitting, when the data had been seen: a; b."


def test_refusal_names_every_reason() -> None:
    outcome = replace(demo_spec().outcome("kinship"), label="Kinship")
    assert refusal(outcome, ["one; do this", "two; do that"]) == (
        "Kinship: no statement can be made, because the computation failed its checks: one; do this. two; do that."
    )
