from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import gamma, kstest, multivariate_normal

from primum.model import Cells, cells_of
from primum.model.unit_scales import mean_square, new_squares, spread_of_logs, told_of_scales
from tests.model.panels import evaluation

Array = NDArray[np.float64]
MOVING, NOISE = np.array([2.0, 0.7, 0.3, 0.1]), np.array([0.05, 0.4])


def density(log_scale: float, away: Array, exposure: Array, noise: float) -> float:
    """Of a path's components whose effect has a flat prior, at a scale."""
    variance = np.diag(MOVING * np.exp(2 * log_scale) + noise)
    if exposure.any():
        variance = variance + 1e8 * np.outer(exposure, exposure)
    return float(multivariate_normal(np.zeros(4), variance).logpdf(away))


@pytest.mark.parametrize("exposed", [False, True])
def test_log_scales_are_the_most_plausible_where_their_spread_is_too(exposed: bool) -> None:
    away = np.random.default_rng(1).normal(size=(2, 4)) * np.array([[1.0], [3.0]])
    exposure = np.array([[0.0] * 4, [0.5, 1.0, 0.2, 0.1] if exposed else [0.0] * 4])
    told, found = told_of_scales(away, exposure, np.tile(MOVING, (2, 1)), NOISE, np.ones(2), 0.5)
    omega = np.sqrt(np.mean(found**2 + 1 / (told[0] + (told[1] - told[0] * found) / found)))
    for unit in range(2):

        def unlikely(log_scale: float, unit: int = unit) -> float:
            return float(0.5 * (log_scale / omega) ** 2) - density(log_scale, away[unit], exposure[unit], NOISE[unit])

        best = minimize_scalar(unlikely, bounds=(-3.0, 3.0), method="bounded", options={"xatol": 1e-8})
        # the effect's prior of 1e8 in place of a flat one leaves seven digits
        assert found[unit] == pytest.approx(best.x, abs=2e-4)


def test_heavy_tailed_scales_are_the_most_plausible() -> None:
    """Given that one over a square is a gamma variable of shape and rate 2."""
    away = np.random.default_rng(1).normal(size=(2, 4)) * np.array([[1.0], [9.0]])
    _, found = told_of_scales(away, np.zeros((2, 4)), np.tile(MOVING, (2, 1)), NOISE, np.ones(2), 0.4, 0.25)
    for unit in range(2):

        def unlikely(log_scale: float, unit: int = unit) -> float:
            prior = gamma.logpdf(np.exp(-2 * log_scale), 2, scale=0.5) - 2 * log_scale
            return -float(prior) - density(log_scale, away[unit], np.zeros(4), NOISE[unit])

        best = minimize_scalar(unlikely, bounds=(-3.0, 3.0), method="bounded", options={"xatol": 1e-8})
        assert found[unit] == pytest.approx(best.x, abs=1e-6)


def cells_with(variances: str) -> Cells:
    spec, panel = evaluation("binomial", changes={"outcomes.first.variances": variances})
    return cells_of(panel.dataset, spec.outcomes[0])


def test_new_units_have_scales_of_the_model() -> None:
    count, omega = 20_000, np.array([0.5])
    equal, by_unit, heavy = (
        new_squares(cells_with(each), omega, np.random.default_rng(3), (count,))
        for each in ("equal", "by unit", "heavy-tailed")
    )
    assert (equal == 1).all()
    assert kstest(np.log(by_unit) / (2 * 0.5), "norm").pvalue > 0.001  # one seed in a thousand would fail
    assert kstest(1 / heavy, gamma(2, scale=0.5).cdf).pvalue > 0.001
    # a variance of so many logarithms has a relative error of some 1.5%, of which three
    assert spread_of_logs(0.25) ** 2 == pytest.approx(np.var(0.5 * np.log(heavy)), rel=0.045)


def test_mean_squares_are_those_of_new_units() -> None:
    omega = np.array([0.2, 0.5])
    assert mean_square(cells_with("equal"), omega) == 1
    np.testing.assert_allclose(mean_square(cells_with("by unit"), omega), np.exp(2 * omega**2))
    assert mean_square(cells_with("heavy-tailed"), omega) == 2


def test_what_is_told_has_the_slope_of_the_density_there() -> None:
    away = np.array([[1.0, -2.0, 0.5, 0.1], [0.1, 0.2, -0.1, 0.0]])
    told, found = told_of_scales(away, np.zeros((2, 4)), np.tile(MOVING, (2, 1)), NOISE, np.ones(2), 0.5)
    step = 1e-5
    for unit in range(2):
        near = [density(found[unit] + side, away[unit], np.zeros(4), NOISE[unit]) for side in (step, -step)]
        # of a normal response the slope is m - P l; a central difference errs by the square of its step
        assert told[1, unit] - told[0, unit] * found[unit] == pytest.approx((near[0] - near[1]) / (2 * step), abs=1e-6)


def test_precision_is_the_information_of_the_density() -> None:
    """The variance of the slope over paths that are drawn at the scale found."""
    rng, count = np.random.default_rng(2), 40_000
    told, found = told_of_scales(np.full((1, 4), 0.7), np.zeros((1, 4)), MOVING[None], NOISE[:1], np.ones(1), 0.5)
    variance = MOVING * np.exp(2 * found[0]) + NOISE[0]
    share = MOVING * np.exp(2 * found[0]) / variance
    slopes = (share * (rng.normal(size=(count, 4)) ** 2 - 1)).sum(axis=1)
    # a variance of sums of squares of normals has a relative error of some sqrt(14 / count): 2%, of which three
    assert told[0, 0] == pytest.approx(slopes.var(), rel=0.06)


def test_a_unit_that_says_nothing_has_the_scale_of_all() -> None:
    told, found = told_of_scales(np.ones((1, 4)), np.zeros((1, 4)), MOVING[None], np.array([1e9]), np.ones(1), 0.5)
    assert abs(found[0]) < 1e-6
    assert told[0, 0] < 1e-12


def test_a_record_far_off_says_no_more_than_can_be_used() -> None:
    told, found = told_of_scales(
        np.array([[1e8, -1e8, 0.0, 0.0]]), np.zeros((1, 4)), MOVING[None], NOISE[:1], np.ones(1), 0.5
    )
    assert found[0] <= 6.0
    assert told[1, 0] <= 6.0 * told[0, 0]


def test_half_the_records_say_half_as_much() -> None:
    away = np.array([[0.5, 0.2, 0.1, 0.1]] * 2)
    told, _ = told_of_scales(
        away, np.zeros((2, 4)), np.tile(MOVING, (2, 1)), np.full(2, 1e-9), np.array([1.0, 0.5]), 0.5
    )
    # without noise all of a component is of drift and shocks, and the information of one is 2
    np.testing.assert_allclose(told[0], [8.0, 4.0], rtol=1e-6)
