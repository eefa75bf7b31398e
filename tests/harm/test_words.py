from __future__ import annotations

import math

import pytest

from primum.harm.words import MINUS, decimals, number, percent


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
    ("value", "expected"),
    [
        (0.0, "less than 1%"),
        (0.0099, "less than 1%"),
        (0.01, "1%"),
        (0.345, "34%"),
        (0.5, "50%"),
        (0.99, "99%"),
        (0.9901, "more than 99%"),
        (1.0, "more than 99%"),
    ],
)
def test_percentages_never_claim_certainty(value: float, expected: str) -> None:
    assert percent(value) == expected
