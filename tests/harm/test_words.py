from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.harm import Estimate, Probability
from primum.harm.words import MINUS, amount, decimals, number, percent, short_percent


@pytest.mark.parametrize(
    ("sd", "mcse", "expected"),
    [
        (1.3, 0.001, 1),  # two digits of the SD, however small the error
        (0.13, 0.00001, 2),
        (13.0, 0.001, 0),
        (1300.0, 0.001, 0),
        (1.3, 0.02, 1),
        (1.3, 0.099, 1),  # the error is below 0.1: the first decimal stands
        (1.3, 0.11, 0),
        (0.5, 0.004, 2),
        (0.5, 0.011, 1),
        (1.3, 5.0, 0),
        (0.0, 0.1, 0),
        (1.0, 0.0, 0),
        (math.nan, 0.1, 0),
        (0.1, math.nan, 0),
    ],
)
def test_no_digit_below_the_monte_carlo_error(sd: float, mcse: float, expected: int) -> None:
    assert decimals(sd, mcse) == expected


@pytest.mark.parametrize("mcse", [0.0007, 0.003, 0.02, 0.3])
def test_the_error_never_exceeds_the_last_digit_shown(mcse: float) -> None:
    places = decimals(100.0 * mcse, mcse)
    assert places == 0 or mcse <= 10.0**-places


@pytest.mark.parametrize(
    ("value", "places", "signed", "expected"),
    [
        (1.26, 1, True, "+1.3"),
        (1.26, 1, False, "1.3"),
        (-1.26, 1, True, f"{MINUS}1.3"),
        (-0.04, 1, True, "0.0"),  # no sign on what rounds to nothing
        (0.04, 1, True, "0.0"),
        (-12345.6, 0, False, f"{MINUS}12,346"),
        (0.0, 0, True, "0"),
    ],
)
def test_numbers_have_proper_signs(value: float, places: int, signed: bool, expected: str) -> None:
    assert number(value, places, signed=signed) == expected


@pytest.mark.parametrize(
    ("value", "mcse", "expected"),
    [
        (0.0, 0.0007, "less than 1%"),
        (0.004, 0.001, "less than 1%"),
        (0.0099, 0.0007, "1%"),  # another run might say more than 1%
        (0.004, 0.004, "less than 2%"),
        (0.0, 0.007, "less than 2%"),
        (0.01, 0.0007, "1%"),
        (0.345, 0.004, "34%"),
        (0.5, 0.01, "50%"),
        (0.99, 0.0007, "99%"),
        (0.9901, 0.0007, "99%"),
        (0.996, 0.001, "more than 99%"),
        (1.0, 0.0007, "more than 99%"),
        (1.0, 0.007, "more than 98%"),
        (0.634, 0.011, "about 65%"),
        (0.634, 0.05, "about 65%"),
        (0.634, 0.06, "about 60%"),
        (0.02, 0.015, "less than 5%"),
        (0.97, 0.06, "more than 85%"),
    ],
)
def test_percentages_never_claim_certainty_or_digits_below_their_error(
    value: float, mcse: float, expected: str
) -> None:
    assert percent(Probability(value, mcse)) == expected


@given(st.floats(0, 1), st.floats(1e-4, 0.2))
def test_what_is_said_agrees_with_the_probability(value: float, mcse: float) -> None:
    """To half of the last digit shown, which is no smaller than the error; a bound is two errors away."""
    said = percent(Probability(value, mcse))
    shown = int(re.sub(r"\D", "", said))
    assert 0 < shown < 100
    if said.startswith("less"):
        assert 100 * value < shown
        assert shown == 1 or 100 * (value + 2 * mcse) <= shown
    elif said.startswith("more"):
        assert 100 * value > shown
        assert shown == 99 or 100 * (value - 2 * mcse) >= shown
    else:
        step = 1 if 100 * mcse <= 1 else 5 if 100 * mcse <= 5 else 10
        assert abs(100 * value - shown) <= step / 2 + 1e-9
        assert said.startswith("about") == (step > 1)
        assert shown % step == 0


def test_short_percentages_say_the_same() -> None:
    assert [short_percent(Probability(value, 0.02)) for value in (0.0, 0.63, 1.0)] == ["<4%", "~65%", ">96%"]


@pytest.mark.parametrize(
    ("value", "mcse", "sd", "expected"),
    [
        (10.49, 0.09, 2.6, "10.5"),
        (0.0, 0.001, 2.6, "less than 0.1"),
        (0.3, 0.4, 2.6, "less than 2"),
        (7.0, 0.3, 2.6, "7"),
    ],
)
def test_amounts_are_rounded_and_never_nothing(value: float, mcse: float, sd: float, expected: str) -> None:
    assert amount(Estimate(value, mcse), sd) == expected
