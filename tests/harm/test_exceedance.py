"""How large harm may be: closed forms within Monte Carlo error, and enumerated draws exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import lfilter
from scipy.stats import norm

from primum.harm import Estimate, exceedance, expected_harm, expected_shortfall
from primum.harm.probabilities import probabilities

MEAN, SD = 0.7, 2.0
# of some 200 comparisons with fixed seeds none should stray by more: P(|z| > 4.5) is 7e-6
ERRORS = 4.5


def normal(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(MEAN, SD, size=(4, 1000))


def near(found: Estimate, exact: float) -> bool:
    return abs(found.value - exact) < ERRORS * found.mcse


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sign", [1, -1])
def test_normal_draws_agree_with_closed_forms(seed: int, sign: int) -> None:
    found = exceedance(normal(seed), sign)
    exact = norm.sf(sign * found.at, sign * MEAN, SD)
    assert np.all(np.abs(found.probability - exact) < ERRORS * found.mcse)
    centre = sign * MEAN
    assert near(found.expected_harm, centre * norm.cdf(centre / SD) + SD * norm.pdf(centre / SD))
    assert near(found.shortfall, sign * (centre + SD * norm.pdf(norm.isf(0.05)) / 0.05))


@pytest.mark.parametrize("level", [0.01, 0.2, 0.5, 1.0])
def test_the_worst_share_is_an_argument(level: float) -> None:
    tail = 0.0 if level == 1 else SD * norm.pdf(norm.isf(level)) / level
    assert near(expected_shortfall(normal(7), 1, level), MEAN + tail)


@pytest.mark.parametrize("level", [0.0, -0.1, 1.5, np.nan])
def test_a_level_that_is_no_share_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level must be above 0 and at most 1"):
        expected_shortfall(normal(1), 1, level)


def test_a_few_draws_by_hand() -> None:
    draws = np.array([[-5.0, -2.0, 0.0, 1.0], [2.0, 3.0, 4.0, 10.0]])
    found = exceedance(draws, 1, at=np.array([-6.0, 0.0, 3.0, 10.0]))
    assert found.probability.tolist() == [1.0, 5 / 8, 2 / 8, 0.0]
    assert found.expected_harm.value == 20 / 8
    assert exceedance(draws, -1, at=np.array([-6.0, 0.0, 3.0])).probability.tolist() == [0.0, 2 / 8, 5 / 8]
    assert expected_harm(draws, -1).value == 7 / 8
    assert expected_shortfall(draws, 1, 0.25).value == 7.0
    assert expected_shortfall(draws, -1, 0.25).value == -3.5
    # the worst draw, and half of the one before it
    assert expected_shortfall(draws, 1, 1.5 / 8).value == pytest.approx((10 + 0.5 * 4) / 1.5, rel=1e-12)


@given(arrays(float, (2, 10), elements=st.floats(-1e3, 1e3)), st.integers(1, 20), st.sampled_from([1, -1]))
def test_shortfall_is_the_mean_of_the_worst(draws: np.ndarray, count: int, sign: int) -> None:
    worst = np.sort(sign * draws.ravel())[-count:].mean()
    # q and the mean of what exceeds it are added up after division by a level of 0.05 or more
    assert expected_shortfall(draws, sign, count / 20).value == pytest.approx(sign * worst, abs=1e-9)


@given(arrays(float, (2, 10), elements=st.floats(-1e3, 1e3)))
def test_curve_falls_towards_worse_and_mirrors(draws: np.ndarray) -> None:
    up, down = exceedance(draws, 1), exceedance(-draws, -1, at=-exceedance(draws, 1).at)
    assert np.all(np.diff(up.probability) <= 0)
    np.testing.assert_array_equal(up.probability, down.probability)
    assert up.expected_harm == down.expected_harm
    assert up.shortfall.value == -down.shortfall.value
    assert np.all(up.mcse > 0)


def test_curve_passes_through_the_probabilities() -> None:
    draws = normal(4)
    found, known = exceedance(draws, 1, at=np.array([0.0, 1.5])), probabilities(draws, 1, 1.5)
    assert found.probability.tolist() == [known.harm.value, known.harm_beyond_sesoi.value]
    assert found.mcse.tolist() == [known.harm.mcse, known.harm_beyond_sesoi.mcse]
    assert found.table["p_worse"].to_dict() == {0.0: known.harm.value, 1.5: known.harm_beyond_sesoi.value}


def test_default_grid_spans_the_draws() -> None:
    found = exceedance(normal(5), 1)
    assert found.at.size == 101
    assert (found.probability[0], found.probability[-1]) == pytest.approx((0.999, 0.001), abs=1 / 4000)


def test_errors_cover_the_scatter_between_runs() -> None:
    """Chains with autocorrelation, where the error of independent draws would be 2.4 times too small."""
    rng = np.random.default_rng(3)
    runs, correlation = 200, 0.7
    noise = rng.normal(size=(runs, 4, 500)) * np.sqrt(1 - correlation**2)
    noise[..., 0] /= np.sqrt(1 - correlation**2)
    chains = lfilter([1.0], [1.0, -correlation], noise, axis=-1)
    for measure in (expected_harm, expected_shortfall):
        found = [measure(each, 1) for each in chains]
        # an SD of 200 runs is known to five percent
        assert np.mean([each.mcse for each in found]) == pytest.approx(np.std([each.value for each in found]), rel=0.2)


def test_no_harm_in_any_draw_is_not_said_to_be_exact() -> None:
    draws = np.random.default_rng(6).normal(-50, 1, size=(4, 1000))
    found = expected_harm(draws, 1)
    assert found.value == 0.0
    # half a draw of some 4,000 that holds one SD: sqrt(0.5) / 4000
    assert found.mcse == pytest.approx(np.sqrt(0.5) / 4000, rel=0.2)
