"""Counts known as intervals: sums of scipy's probabilities, and the corners where they are known exactly or not at all.

Log likelihoods are sums of logarithms in another order: 1e-10 of values of some tens.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit

from primum.model import Cells, cells_of
from primum.model.families import family_of
from primum.model.working import smoothed
from primum.spec.families import FamilyName
from tests.model.panels import Array, evaluation
from tests.model.test_families import slopes, symbolic

ONE, SIGMA = np.ones(1), np.full(1, 0.6)
A = float(SIGMA[0]) ** 2


@pytest.fixture(params=["binomial", "poisson", "beta_binomial", "negative_binomial"])
def name(request: pytest.FixtureRequest) -> FamilyName:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=["binomial", "poisson"])
def plain(request: pytest.FixtureRequest) -> FamilyName:
    """Those whose working weights are the information of a count; others have a rough sigma in it."""
    return request.param  # type: ignore[no-any-return]


def cells_with_intervals(name: FamilyName, **table: int) -> Cells:
    spec, panel = evaluation(name, **{"missing": 7, "bounded": 20, **table})  # type: ignore[arg-type]
    return cells_of(panel.dataset, spec.outcomes[0])


def one_cell(cells: Cells, low: float, high: float, size: float) -> Cells:
    """Two comparators and a pilot, every cell the same."""
    shape = (3, 4)
    exposure = np.zeros(shape)
    exposure[0, 2:] = 1.0
    return replace(
        cells, value=np.full(shape, (low + high) / 2), low=np.full(shape, low), high=np.full(shape, high),
        denominator=np.full(shape, size), observed=np.ones(shape, dtype=bool), exposure=exposure,
        pilots=np.array([0]), time=np.arange(4),
    )  # fmt: skip


def probability(name: FamilyName, count: Array, size: Array, linked: Array) -> Array:
    if name == "binomial":
        return np.asarray(stats.binom.logpmf(count, size, expit(linked)))
    if name == "beta_binomial":
        return np.asarray(stats.betabinom.logpmf(count, size, expit(linked) / A, expit(-linked) / A))
    if name == "negative_binomial":
        return np.asarray(stats.nbinom.logpmf(count, 1 / A, 1 / (1 + A * size * np.exp(linked))))
    return np.asarray(stats.poisson.logpmf(count, size * np.exp(linked)))


def test_log_likelihood_sums_scipy_s_probabilities(name: FamilyName) -> None:
    cells, family = cells_with_intervals(name), family_of(name)
    standard = family.standard(cells)
    eta = np.random.default_rng(1).normal(size=(2, 3, *cells.value.shape))
    found, expected = family.log_likelihood(eta, SIGMA, cells, standard), np.full(eta.shape, -np.inf)
    low, high = cells.bounds
    assert (high - low).max() >= 8
    for beyond in range(int((high - low).max()) + 1):
        term = probability(name, low + beyond, cells.denominator, standard.centre + eta)
        expected = np.where(low + beyond <= high, np.logaddexp(expected, term), expected)
    # certainties have a logarithm of 0
    np.testing.assert_allclose(found[..., cells.observed], expected[..., cells.observed], rtol=1e-10, atol=1e-11)
    assert np.isnan(found[..., ~cells.observed]).all()


def test_symbolic_density_is_the_numeric_one_up_to_a_constant_a_cell(name: FamilyName) -> None:
    cells, family = cells_with_intervals(name), family_of(name)
    standard = family.standard(cells)
    here, there = np.random.default_rng(2).normal(size=(2, *cells.value.shape))
    change = symbolic(family, cells, there, 0.6) - symbolic(family, cells, here, 0.6)
    expected = np.subtract(*(family.log_likelihood(eta, SIGMA, cells, standard) for eta in (there, here)))
    np.testing.assert_allclose(change[cells.observed], expected[cells.observed], rtol=1e-10, atol=1e-10)
    assert not symbolic(family, cells, there, 0.6)[~cells.observed].any()


@pytest.mark.parametrize("size", [1.0, 3.0])
@pytest.mark.parametrize("sigma", [0.05, -0.6])
def test_slopes_are_those_of_the_density(name: FamilyName, size: float, sigma: float) -> None:
    cells, family = cells_with_intervals(name), family_of(name)
    eta, step = size * np.random.default_rng(3).normal(size=cells.value.shape), 1e-4
    density, slope, in_sigma = slopes(family, cells, eta, sigma)
    assert density == pytest.approx(symbolic(family, cells, eta, sigma).sum(), rel=1e-12)
    ahead, behind = (symbolic(family, cells, eta + change, sigma) for change in (step, -step))
    # central differences err as in tests/model/test_families.py
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-6)
    assert not slope[~cells.observed].any()
    # of steps of one and two, as sigma may be small beside a step: errors go with its fourth power
    at = {k: float(symbolic(family, cells, eta, sigma + k * step).sum()) for k in (-2, -1, 1, 2)}
    found = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * step)
    assert in_sigma == pytest.approx(found, rel=1e-6, abs=1e-6)


def test_slopes_are_finite_however_far(name: FamilyName) -> None:
    cells, family = cells_with_intervals(name), family_of(name)
    for far in (800.0, -800.0):
        density, slope, _ = slopes(family, cells, np.full(cells.value.shape, far), 1.0)
        assert np.isfinite(density)
        assert np.isfinite(slope).all()


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 1500), st.floats(-6, 6))
def test_any_interval_is_the_difference_of_two_tails(low: int, beyond: int, more: int, eta: float) -> None:
    cells, family = cells_with_intervals("binomial"), family_of("binomial")
    each, size = one_cell(cells, low, low + beyond, low + beyond + more), low + beyond + more
    standard = family.standard(cells)
    density = family.log_likelihood(np.full((3, 4), eta), ONE, each, standard)[0, 0]
    share = expit(standard.centre + eta)
    below = stats.binom.cdf(low + beyond, size, share) - stats.binom.cdf(low - 1, size, share)
    above = stats.binom.sf(low - 1, size, share) - stats.binom.sf(low + beyond, size, share)
    # the tail that is smaller loses no digits but those of the other
    assert np.exp(density) == pytest.approx(min(below, above, key=abs), rel=1e-9, abs=1e-14)


def test_an_interval_of_one_value_is_that_value(name: FamilyName) -> None:
    """Where others are wider, so that the cell is treated as an interval."""
    cells, family = cells_with_intervals(name), family_of(name)
    exact = replace(cells, value=cells.bounds[0], low=None, high=None)
    alone = cells.observed & (cells.bounds[0] == cells.bounds[1])
    eta = np.random.default_rng(4).normal(size=cells.value.shape)
    standard = family.standard(cells)
    both = [family.log_likelihood(eta, ONE, each, standard)[alone] for each in (cells, exact)]
    np.testing.assert_array_equal(both[0], both[1])
    both = [symbolic_at(family.fields(each, standard), name, eta)[alone] for each in (cells, exact)]
    np.testing.assert_allclose(both[0], both[1], rtol=1e-14)


def symbolic_at(fields: Array, name: FamilyName, eta: Array) -> Array:
    import pytensor.tensor as pt

    density = family_of(name).log_density(pt.as_tensor(eta), pt.as_tensor(1.0), fields, np.array([0.0, 1.0]))
    return np.asarray(density.eval(mode="FAST_COMPILE"))


def test_an_interval_of_everything_says_no_more_than_a_gap() -> None:
    cells, family = cells_with_intervals("binomial"), family_of("binomial")
    everything = one_cell(cells, 0, 60, 60)
    gap = replace(
        everything, observed=np.zeros((3, 4), dtype=bool), value=np.zeros((3, 4)), denominator=np.zeros((3, 4))
    )
    gap = replace(gap, low=None, high=None)
    standard = family.standard(cells)
    eta = np.random.default_rng(5).normal(size=(3, 4))
    pair = np.array([standard.centre, 1.0])
    found = {}
    for label, each in (("everything", everything), ("gap", gap)):
        fields, slope = family.fields(each, standard), np.full(12, np.nan)
        density, _ = family.slopes(eta.ravel(), 1.0, fields.reshape(len(fields), -1), pair, slope)
        found[label] = [density, *slope]
    # 60 n softplus, of size 100, and as much again from the sum, cancel
    np.testing.assert_allclose(found["everything"], found["gap"], atol=1e-10)
    # the geometry takes it for less than a single child
    assert (family.working(everything, standard)[1] < 1).all()
    assert (family.working(everything, standard)[1] > 0).all()


def test_working_responses_are_those_of_the_middle_and_know_less(plain: FamilyName) -> None:
    cells, family = cells_with_intervals(plain), family_of(plain)
    middle = replace(cells, low=None, high=None)
    standard = family.standard(cells)
    (response, weight), (expected, more) = family.working(cells, standard), family.working(middle, standard)
    np.testing.assert_array_equal(response, expected)
    low, high = cells.bounds
    assert (weight[low < high] < more[low < high]).all()
    np.testing.assert_allclose(weight[low == high], more[low == high], rtol=1e-15)
    np.testing.assert_array_equal(family.level(cells), family.level(middle))


def test_wide_intervals_lose_no_digits() -> None:
    cells, family = cells_with_intervals("binomial"), family_of("binomial")
    wide = one_cell(cells, 4000, 4999, 1e6)
    standard = family.standard(cells)
    fields = family.fields(wide, standard)
    assert fields.shape == (2 + 1, 3, 4)
    assert np.isfinite(fields).all()
    eta = np.full((3, 4), np.log(0.0045) - standard.centre)
    share = expit(standard.centre + eta)
    expected = np.log(stats.binom.cdf(4999, 1e6, share) - stats.binom.cdf(3999, 1e6, share))
    # a sum of logarithms of size 1e4 leaves 1e-12 of its size
    np.testing.assert_allclose(family.log_likelihood(eta, ONE, wide, standard), expected, atol=1e-8)


def test_linearised_intervals_have_the_slope_and_information_of_the_density(plain: FamilyName) -> None:
    cells, family = cells_with_intervals(plain), family_of(plain)
    standard, seen, step = family.standard(cells), cells.observed, 1e-4
    eta = 0.5 * np.random.default_rng(7).normal(size=cells.value.shape)
    found = family.linearised(eta, cells, standard)
    assert found is not None
    up, at, down = (family.log_likelihood(eta + side, ONE, cells, standard)[seen] for side in (step, 0.0, -step))
    # central differences err by the square of the step and by rounding of likelihoods of some tens
    np.testing.assert_allclose((found[1] * (found[0] - eta))[seen], (up - down) / (2 * step), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[1][seen], -(up - 2 * at + down) / step**2, rtol=1e-3, atol=1e-3)
    assert not found[1][~seen].any()


def test_an_interval_that_holds_every_count_has_a_response_and_next_to_no_weight() -> None:
    cells, family = one_cell(cells_with_intervals("binomial"), 0, 6, 6), family_of("binomial")
    found = family.linearised(np.full(cells.value.shape, 0.4), cells, family.standard(cells))
    assert found is not None
    np.testing.assert_allclose(found[0], 0.4, atol=1e-6)
    assert (found[1] < 1e-5).all()


@pytest.mark.parametrize("seed", range(5))
def test_of_rare_events_that_are_suppressed_working_responses_are_sober(name: FamilyName, seed: int) -> None:
    """With the middles of intervals as if they were counts, those of zeros drew rates down to 1e-300."""
    rng, grid = np.random.default_rng(seed), (60, 10)
    size = np.broadcast_to(np.round(rng.uniform(300, 3000, (60, 1))), grid)
    count = rng.poisson(size * 3e-4 * np.exp(0.5 * rng.normal(size=(60, 1)))).astype(float)
    hidden = (count >= 1) & (count <= 5)
    low, high = np.where(hidden, 1.0, count), np.where(hidden, 5.0, count)
    cells = Cells(
        (low + high) / 2, size.copy(), np.ones(grid, dtype=bool), np.zeros(grid), np.arange(4), np.arange(10), True,
        low=low, high=high,
    )  # fmt: skip
    family = family_of(name)
    standard = family.standard(cells)
    response, weight = smoothed(cells, family, standard)
    assert np.isfinite(response).all()
    assert (weight > 0).all()
    # one event where a hundredth is expected lies 100 from there, and none 1 below
    assert np.abs(response).max() < 100


def test_a_period_in_which_nothing_was_counted_has_a_finite_effect(name: FamilyName) -> None:
    rng, grid = np.random.default_rng(3), (20, 6)
    value = rng.poisson(5, grid).astype(float)
    value[:, 2] = 0.0
    cells = Cells(
        value, np.full(grid, 1000.0), np.ones(grid, dtype=bool), np.zeros(grid), np.arange(4), np.arange(6), True
    )
    family = family_of(name)
    response, _ = smoothed(cells, family, family.standard(cells))
    assert np.abs(response).max() < 15
