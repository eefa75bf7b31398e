"""Expected losses against closed forms, and the choices that follow from them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from primum.harm.decisions import Decision, least_loss
from primum.harm.losses import Losses, added, losses
from primum.spec import Costs

COSTS = Costs(continuing=2.0, stopping=1.0, adopting=3.0, waiting=0.5)


def test_losses_of_a_normal_effect_are_those_of_its_truncated_means() -> None:
    rng = np.random.default_rng(1)
    satt, new = 1.5 + 2.0 * rng.normal(size=(4, 5000)), 1.5 + 4.0 * rng.normal(size=(4, 5000))
    found = losses(satt, new, -1, 3.0, COSTS)

    def positive_part(mean: float, sd: float) -> float:
        return float(mean * stats.norm.cdf(mean / sd) + sd * stats.norm.pdf(mean / sd))

    # a fall is harm, so that harm has mean -1.5
    expected = (
        2.0 * positive_part(-1.5, 2.0) / 3, 1.0 * positive_part(1.5, 2.0) / 3,
        3.0 * positive_part(-1.5, 4.0) / 3, 0.5 * positive_part(1.5, 4.0) / 3,
    )  # fmt: skip
    each = (found.carry_on, found.stop, found.adopt, found.wait)
    for value, error, truth in zip(each, found.errors, expected, strict=True):
        assert abs(value - truth) < 4 * error


def test_a_loss_that_no_draw_has_is_nothing() -> None:
    harm = np.array([[1.0, 2.0, 3.0, 4.0]] * 2)
    found = losses(harm, harm, 1, 1.0, Costs())
    assert (found.stop, found.errors[1], found.wait) == (0.0, 0.0, 0.0)
    assert found.carry_on == 2.5
    assert found.errors[0] > 0


def test_losses_add_up_over_outcomes() -> None:
    first, second = Losses(1, 2, 3, 4, (3.0, 0.0, 1.0, 1.0)), Losses(1, 1, 1, 1, (4.0, 2.0, 0.0, 1.0))
    apart, jointly = (added([first, second], jointly=each) for each in (False, True))
    assert apart.each == jointly.each == (2, 3, 4, 5)
    assert apart.errors == pytest.approx((5.0, 2.0, 1.0, 2**0.5))
    assert jointly.errors == (7.0, 2.0, 1.0, 2.0)


@pytest.mark.parametrize(
    ("each", "decision"),
    [
        ((0.4, 0.1, 0.4, 0.1), Decision("stop or rework", "pause for thought")),
        ((0.1, 0.4, 0.1, 0.4), Decision("carry on", "grounds to adopt")),
        ((0.2, 0.2, 0.2, 0.2), Decision("carry on", "pause for thought")),
    ],
)
def test_the_smaller_loss_is_chosen_and_a_tie_changes_nothing(
    each: tuple[float, float, float, float], decision: Decision
) -> None:
    assert least_loss(Losses(*each)) == decision
