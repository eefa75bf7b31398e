from __future__ import annotations

import itertools
from typing import Any, get_args

import pytest

from primum.harm.decisions import WITHHELD, ConsideringVerdict, Decision, UsingVerdict, decide, overall
from primum.spec import Considering, Decisions, Using

LIMITS = Decisions(using=Using(stop=0.8, watch=0.2), considering=Considering(pause=0.2, adopt=0.5))


@pytest.mark.parametrize(
    ("harm", "verdict"),
    [
        (0.0, "carry on"),
        (0.1999, "carry on"),
        (0.2, "carry on, and watch"),
        (0.7999, "carry on, and watch"),
        (0.8, "stop or rework"),
        (1.0, "stop or rework"),
    ],
)
def test_places_that_use_it_look_at_harm_in_the_pilots(harm: float, verdict: str) -> None:
    # the new unit says the opposite, and must not be asked
    assert decide(harm, 1 - harm, 0.0, LIMITS).using == verdict


@pytest.mark.parametrize(
    ("harm", "benefit", "verdict"),
    [
        (0.0, 0.4999, "no grounds for or against"),
        (0.0, 0.5, "grounds to adopt"),
        (0.1999, 0.8, "grounds to adopt"),
        (0.2, 0.8, "pause for thought"),
        (0.2, 0.0, "pause for thought"),
        (0.1999, 0.0, "no grounds for or against"),
    ],
)
def test_places_that_consider_it_look_at_a_new_unit(harm: float, benefit: float, verdict: str) -> None:
    assert decide(0.9, harm, benefit, LIMITS).considering == verdict


def test_thresholds_are_the_specification_s() -> None:
    decision = decide(
        0.3, 0.3, 0.6, Decisions(using=Using(stop=0.3, watch=0.1), considering=Considering(pause=0.4, adopt=0.6))
    )
    assert decision == Decision("stop or rework", "grounds to adopt")


STAYS = ["carry on", "carry on, and watch", "stop or rework"]
MOVES = ["no grounds for or against", "grounds to adopt", "pause for thought"]


def test_every_verdict_is_known_here() -> None:
    assert {*STAYS, "withheld"} == set(get_args(UsingVerdict))
    assert {*MOVES, "withheld"} == set(get_args(ConsideringVerdict))


@pytest.mark.parametrize(("first", "second"), list(itertools.product(range(3), range(3))))
def test_all_outcomes_together_are_as_cautious_as_the_most_cautious(first: int, second: int) -> None:
    stays: Any = [STAYS[first], STAYS[second]]
    moves: Any = [MOVES[first], MOVES[second]]
    whole = overall({"a": Decision(stays[0], moves[0]), "b": Decision(stays[1], moves[1])})
    assert whole == Decision(STAYS[max(first, second)], MOVES[max(first, second)])  # type: ignore[arg-type]


def test_a_withheld_outcome_withholds_the_whole() -> None:
    fine = Decision("carry on", "grounds to adopt")
    assert overall({"a": fine, "b": WITHHELD}) == WITHHELD
    assert overall({"a": fine}) == fine
