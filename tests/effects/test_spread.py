"""Spread of effects between pilots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from primum.effects.averages import unit_effect
from primum.effects.spread import SHARE_HARMED, SHARE_HARMED_BEYOND, UNIT_SD
from tests.effects.made import made


def test_spread_is_that_of_the_effects_in_the_pilots() -> None:
    found = made("binomial", pilots=4)
    effects = [unit_effect(found).values[..., pilot] for pilot in range(4)]
    mean = sum(effects) / 4
    sd = np.sqrt(sum((each - mean) ** 2 for each in effects) / 3)
    np.testing.assert_allclose(UNIT_SD.of(found), sd, rtol=1e-12)


def test_the_harmful_direction_is_the_outcome_s() -> None:
    up = made("binomial", pilots=4)
    down = replace(up, outcome=replace(up.outcome, harm="down"))
    effects = unit_effect(up).values
    assert up.outcome.sesoi == 2.0
    for found, sign in ((up, 1), (down, -1)):
        harmed, beyond = ([sum(sign * e > size for e in row) * 25 for row in effects.reshape(-1, 4)] for size in (0, 2))
        np.testing.assert_array_equal(SHARE_HARMED.of(found).values.ravel(), harmed)
        np.testing.assert_array_equal(SHARE_HARMED_BEYOND.of(found).values.ravel(), beyond)
    np.testing.assert_array_equal(SHARE_HARMED.of(up) + SHARE_HARMED.of(down), np.full((2, 5), 100.0))


def test_one_pilot_has_no_spread() -> None:
    one = made("binomial", units=6, pilots=1)
    assert not any(each.applies(one) for each in (UNIT_SD, SHARE_HARMED, SHARE_HARMED_BEYOND))
