"""Probabilities between two numbers beside integrals of densities, and slopes beside differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from scipy import stats
from scipy.integrate import quad

from primum.model.families import tails

END = tails.END
FAR = [(-0.5, 0.7), (0.3, 0.3001), (4.0, END), (-END, -4.0), (38.0, 38.5), (-60.0, -45.0), (45.0, END), (-END, END)]


def exact(law: Any, low: float, high: float) -> float:
    """The density's integral, relative to where it is highest."""
    peak = np.clip(0.0, low, high)
    first, last = (end if abs(end) < END else float(np.inf * np.sign(end)) for end in (low, high))
    inside, _ = quad(lambda x: np.exp(law.logpdf(x) - law.logpdf(peak)), first, last, epsabs=0, epsrel=1e-12, limit=200)
    return float(np.log(inside) + law.logpdf(peak))


@pytest.mark.parametrize(("low", "high"), FAR)
def test_a_normal_probability_between_has_its_digits_however_far_out(low: float, high: float) -> None:
    graph = tails.log_between_of(*(pt.as_tensor(np.asarray(end)) for end in (low, high))).eval(mode="FAST_COMPILE")
    for found in (tails.log_between(np.array(low), np.array(high)), graph):
        # an interval of a ten-thousandth loses four digits of sixteen
        assert float(found) == pytest.approx(exact(stats.norm(), low, high), rel=1e-10, abs=1e-13)


@pytest.mark.parametrize(("low", "high"), FAR)
def test_so_has_that_of_another_law(low: float, high: float) -> None:
    found = tails.log_between_of_law(stats.t(4), np.array(low), np.array(high))
    assert float(found) == pytest.approx(exact(stats.t(4), low, high), rel=1e-8, abs=1e-13)


def test_far_out_the_tail_has_its_digits_and_its_complement_none() -> None:
    # of a t with four degrees of freedom, 3 / x^4 in the tail
    found = tails.log_between_of_law(stats.t(4), np.array([1e6, -np.inf]), np.array([np.inf, -1e6]))
    np.testing.assert_allclose(found, np.log(3e-24), rtol=1e-10)


def test_of_what_underflows_there_is_a_finite_logarithm() -> None:
    assert np.isfinite(tails.log_between_of_law(stats.norm(), np.array(60.0), np.array(61.0)))
