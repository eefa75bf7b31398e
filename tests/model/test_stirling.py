"""Stirling's remainder and rising factorials against scipy, and against sums where scipy loses its digits."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from scipy.special import gammaln, psi

from primum.model.families.stirling import deficit, remainder, remainder_of, rising, rising_of

PLACES = [1e-250, 1e-8, 0.01, 0.7, 1.0, 5.5, 9.999, 10.0, 10.5, 60.0, 900.0]


@pytest.mark.parametrize("x", PLACES)
def test_remainder_is_scipy_s_log_gamma_and_digamma_less_the_main_part(x: float) -> None:
    value, slope = remainder(x)
    main = (x - 0.5) * np.log(x) - x + 0.5 * np.log(2 * np.pi)
    # what is subtracted is rounded
    assert value == pytest.approx(gammaln(x) - main, rel=1e-13, abs=1e-15 * max(1, abs(main)))
    assert slope == pytest.approx(psi(x) - np.log(x) + 0.5 / x, rel=1e-13, abs=2e-15)


@pytest.mark.parametrize("x", [1e3, 1e8, 1e20])
def test_remainder_of_large_numbers_is_the_first_of_its_series(x: float) -> None:
    value, slope = remainder(x)
    assert value == pytest.approx(1 / (12 * x), rel=1e-7)
    assert slope == pytest.approx(-1 / (12 * x**2), rel=1e-7)


def test_arrays_have_the_same_remainder() -> None:
    expected = [remainder(x)[0] for x in PLACES]
    np.testing.assert_allclose(remainder_of(np, np.array(PLACES)), expected, rtol=1e-13, atol=1e-13)
    symbolic = remainder_of(pt, pt.as_tensor(np.array(PLACES))).eval(mode="FAST_COMPILE")
    np.testing.assert_allclose(symbolic, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("ratio", [1e-20, 1e-9, 1e-3, 0.08, 1.0, 7.0, 1e6])
@pytest.mark.parametrize("count", [0, 1, 2, 9, 350])
def test_rising_factorial_and_its_derivative_are_sums(count: int, ratio: float) -> None:
    k = np.arange(count)
    value, slope = rising(float(count), ratio)
    # where the sum is next to nothing, it is the difference of numbers of the size of the count
    error = 1e-14 * count
    assert value == pytest.approx(np.log1p(ratio * k).sum(), rel=1e-13, abs=error)
    assert rising_of(np, float(count), ratio) == pytest.approx(value, rel=1e-13, abs=error)
    assert slope == pytest.approx((k / (1 + ratio * k)).sum(), rel=1e-12, abs=1e-12 / max(1.0, ratio))
    if count == 0:
        assert (value, slope) == (0.0, 0.0)


def test_deficit_is_the_same_on_both_sides_of_where_it_changes() -> None:
    for x in (0.0, 1e-300, 0.0099999, 0.01, 0.5, 1e200):
        exact = 0.5 if x < 1e-200 else (1 - np.log1p(x) / x) / x
        # the exact form loses two digits at 0.01
        assert deficit(x, float(np.log1p(x))) == pytest.approx(exact, rel=1e-13)
