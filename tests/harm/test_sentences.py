from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

import pytest

from primum.harm.probabilities import Probabilities, Probability
from primum.harm.sentences import effect_in_words, refusal, sentence
from primum.harm.words import MINUS
from primum.sources import demo_spec

ROW: Mapping[Hashable, float] = {"mean": 1.234, "eti95_low": -0.456, "eti95_high": 2.987, "sd": 0.9, "mcse": 0.02}
FOUND = Probabilities(
    harm=Probability(0.914, 0.004),
    harm_beyond_sesoi=Probability(0.203, 0.011),
    negligible=Probability(0.796, 0.011),
    benefit_beyond_sesoi=Probability(0.001, 0.0005),
)


def test_sentence_is_made_of_the_table_s_numbers() -> None:
    text = sentence(demo_spec().outcome("rereferral"), ROW, FOUND)
    assert text == (
        f"Re-referral within 6 months: the average effect in the pilots is +1.2 percentage points "
        f"(95% interval {MINUS}0.5 to +3.0). A rise would be harm. The probability of harm is 91%; "
        "of harm by more than 2 percentage points, 20%; of an effect of no more than 2 percentage points either way, "
        "80%; of a fall by more than that, less than 1% (Monte Carlo error at most 1.1 points)."
    )


def test_sentence_says_whom_the_average_is_of() -> None:
    spec = demo_spec().change({"outcomes.kinship.target": "denominators"})
    text = sentence(spec.outcome("kinship"), ROW, FOUND)
    assert ": the average effect in the pilots, weighted by denominators, is +1.2 percentage points" in text


def test_direction_of_harm_is_the_outcome_s() -> None:
    text = sentence(demo_spec().outcome("kinship"), ROW, FOUND)
    assert "A fall would be harm." in text
    assert "of harm by more than 3 percentage points" in text
    assert "of a rise by more than that" in text


def test_monte_carlo_error_is_never_said_to_be_nothing() -> None:
    sure = Probabilities(*[Probability(each, 0.0002) for each in (1.0, 1.0, 0.0, 0.0)])
    assert sentence(demo_spec().outcome("kinship"), ROW, sure).endswith("(Monte Carlo error at most 0.1 points).")


@pytest.mark.parametrize(
    ("mcse", "expected"),
    [(0.02, f"+1.2 working days (95% interval {MINUS}0.5 to +3.0)"), (0.3, "+1 working days (95% interval 0 to +3)")],
)
def test_effects_are_rounded_by_their_error(mcse: float, expected: str) -> None:
    assert effect_in_words(demo_spec().outcome("assessment"), {**ROW, "mcse": mcse}) == expected


def test_refusal_names_every_reason() -> None:
    outcome = replace(demo_spec().outcome("kinship"), label="Kinship")
    assert refusal(outcome, ["one; do this", "two; do that"]) == (
        "Kinship: no statement can be made, because the computation failed its checks: one; do this. two; do that."
    )
