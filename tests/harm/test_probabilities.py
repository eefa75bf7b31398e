"""Shares of draws and their Monte Carlo errors, which must cover what another run would give."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from primum.harm.probabilities import Probabilities, probabilities

NAMES = ("harm", "harm_beyond_sesoi", "negligible", "benefit_beyond_sesoi")


def values(found: Probabilities) -> list[float]:
    return [getattr(found, name).value for name in NAMES]


def errors(found: Probabilities) -> list[float]:
    return [getattr(found, name).mcse for name in NAMES]


def test_shares_by_hand() -> None:
    draws = np.array([[-5.0, -2.0, -1.0, 0.0, 0.5], [2.0, 2.5, 3.0, 4.0, 10.0]])
    assert values(probabilities(draws, sign=1, sesoi=2.0)) == [0.6, 0.4, 0.5, 0.1]
    assert values(probabilities(draws, sign=-1, sesoi=2.0)) == [0.3, 0.1, 0.5, 0.4]


def test_the_direction_of_harm_mirrors_everything_but_the_negligible() -> None:
    draws = np.random.default_rng(1).normal(0.5, 2, size=(4, 500))
    up, down = probabilities(draws, 1, 1.0), probabilities(draws, -1, 1.0)
    assert up.harm_beyond_sesoi == down.benefit_beyond_sesoi
    assert up.benefit_beyond_sesoi == down.harm_beyond_sesoi
    assert up.negligible == down.negligible
    assert up.harm.value + down.harm.value == 1.0
    # the mirrored draws mirror the answer
    assert probabilities(-draws, -1, 1.0) == up


@pytest.mark.parametrize("seed", range(20))
def test_harm_negligible_and_benefit_share_out_all_draws(seed: int) -> None:
    rng = np.random.default_rng(seed)
    draws = rng.normal(rng.normal(), 3, size=(4, 1000)).round(1)  # rounded, so that some lie on the SESOI
    found = probabilities(draws, 1, 1.5)
    counts = [round(value * draws.size) for value in values(found)[1:]]
    assert sum(counts) == draws.size
    # shares of 4,000 are not exact in binary, and neither is their sum
    assert sum(values(found)[1:]) == pytest.approx(1.0, abs=4 * np.finfo(float).eps)


def test_error_of_independent_draws_is_that_of_a_share() -> None:
    """The effective draws of a share are estimated too, to some ten percent at 4,000 draws."""
    draws = np.random.default_rng(2).normal(size=(4, 1000))
    found = probabilities(draws, 1, 0.5)
    for name in NAMES:
        each = getattr(found, name)
        assert each.mcse == pytest.approx(np.sqrt(each.value * (1 - each.value) / draws.size), rel=0.15)


def test_error_covers_the_scatter_between_runs() -> None:
    """Chains with autocorrelation, where the error of independent draws would be 2.4 times too small."""
    rng = np.random.default_rng(3)
    runs, correlation = 200, 0.7
    noise = rng.normal(size=(runs, 4, 500)) * np.sqrt(1 - correlation**2)
    noise[..., 0] /= np.sqrt(1 - correlation**2)
    chains = lfilter([1.0], [1.0, -correlation], noise, axis=-1)
    found = [probabilities(each, 1, 1.0) for each in chains]
    scatter = np.std([values(each) for each in found], axis=0)
    typical = np.mean([errors(each) for each in found], axis=0)
    # an SD of 200 runs is known to five percent
    np.testing.assert_allclose(typical, scatter, rtol=0.25)


@pytest.mark.parametrize("shift", [-50.0, 50.0])
def test_error_is_never_zero(shift: float) -> None:
    draws = np.random.default_rng(4).normal(shift, 1, size=(4, 1000))
    found = probabilities(draws, 1, 1.0)
    assert set(values(found)) == {0.0, 1.0}
    for error in errors(found):
        # half a draw of some 4,000: sqrt(0.5) / 4000
        assert error == pytest.approx(np.sqrt(0.5) / 4000, rel=0.2)


def test_error_grows_as_draws_that_agree_become_fewer() -> None:
    many, few = (probabilities(np.random.default_rng(5).normal(9, 1, (4, n)), 1, 1.0) for n in (1000, 50))
    assert few.harm.mcse > 10 * many.harm.mcse


@pytest.mark.parametrize("draws", [np.full((4, 100), 3.0), np.array([[1.0, 3.0], [2.0, -1.0]])])
def test_draws_without_an_estimate_of_their_number_count_as_they_are(draws: np.ndarray) -> None:
    found = probabilities(draws, 1, 1.0)
    share, total = found.harm_beyond_sesoi.value, draws.size
    smoothed = (share * total + 0.5) / (total + 1)
    assert found.harm_beyond_sesoi.mcse == pytest.approx(np.sqrt(smoothed * (1 - smoothed) / total), rel=1e-12)


def test_an_effect_on_the_threshold_is_neither_harm_nor_beyond() -> None:
    found = probabilities(np.array([[0.0, 2.0, -2.0, 0.0]]), 1, 2.0)
    assert values(found) == [0.25, 0.0, 1.0, 0.0]
