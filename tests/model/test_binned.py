"""Binned durations against scipy, and against themselves in coarser bins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize_scalar

from primum.errors import SpecError
from primum.model import Cells, cells_of
from primum.model.bins import Bins, median_of
from primum.model.families import family_of
from primum.model.families.tails import log_between
from tests.model.panels import EDGES, Array, evaluation
from tests.model.test_families import slopes, symbolic

FAMILY = family_of("binned")
SIGMA = np.full((1, 1), 0.7)


def cells_with_bins(bounded: int = 20, still: bool = False) -> Cells:
    spec, panel = evaluation("binned", missing=7, bounded=bounded, still=still)
    return cells_of(panel.dataset, spec.outcomes[0])


def bins_of(cells: Cells) -> Bins:
    assert cells.bins is not None
    return cells.bins


def chances(eta: float, centre: float, sigma: float) -> Array:
    edges = np.concatenate([[0.0], EDGES, [np.inf]])
    return np.asarray(np.diff(stats.lognorm.cdf(edges, s=sigma, scale=np.exp(centre + eta))))


@pytest.mark.parametrize("bounded", [0, 20])
@pytest.mark.parametrize("still", [False, True])
def test_log_likelihood_is_scipy_s(bounded: int, still: bool) -> None:
    cells = cells_with_bins(bounded, still)
    standard, bins = FAMILY.standard(cells), bins_of(cells)
    eta = 0.7 * np.random.default_rng(1).normal(size=(2, *cells.value.shape))
    found = FAMILY.log_likelihood(eta, SIGMA, cells, standard)
    for i, t in np.argwhere(cells.observed):
        known = ~bins.hidden[i, t]
        counts = np.append(bins.counts[i, t][known], bins.rest[i, t])
        for draw in range(2):
            chance = chances(eta[draw, i, t], standard.centre, 0.7)
            merged = np.append(chance[known], chance[~known].sum())
            expected = stats.multinomial.logpmf(counts, counts.sum(), merged)
            longer = chance[::-1].cumsum()[::-1]  # than the beginning of each bin
            expected += bins.open[i, t] @ np.log(longer)
            assert found[draw, i, t] == pytest.approx(expected, rel=1e-10)
    assert np.isnan(found[:, ~cells.observed]).all()


@pytest.mark.parametrize("still", [False, True])
@pytest.mark.parametrize("sigma", [0.5, -1.7])
def test_symbolic_density_is_the_numeric_one_up_to_a_constant_a_cell(sigma: float, still: bool) -> None:
    cells = cells_with_bins(still=still)
    standard = FAMILY.standard(cells)
    here, there = np.random.default_rng(2).normal(size=(2, *cells.value.shape))
    change = symbolic(FAMILY, cells, there, sigma) - symbolic(FAMILY, cells, here, 1.0)
    expected = FAMILY.log_likelihood(there, np.full((1, 1), abs(sigma)), cells, standard)
    expected = expected - FAMILY.log_likelihood(here, np.ones((1, 1)), cells, standard)
    np.testing.assert_allclose(change[cells.observed], expected[cells.observed], rtol=1e-10, atol=1e-9)
    assert not symbolic(FAMILY, cells, there, sigma)[~cells.observed].any()


@pytest.mark.parametrize("sigma", [0.6, -0.6])
@pytest.mark.parametrize("size", [1.0, 3.0, 40.0])
@pytest.mark.parametrize("still", [False, True])
def test_slopes_are_those_of_the_density(size: float, sigma: float, still: bool) -> None:
    """At 40 bins lie some sixty SDs away, where a normal's tail has no number of its own."""
    cells, step = cells_with_bins(still=still), 1e-5
    eta = size * np.random.default_rng(3).normal(size=cells.value.shape)
    density, slope, in_sigma = slopes(FAMILY, cells, eta, sigma)
    assert density == pytest.approx(symbolic(FAMILY, cells, eta, sigma).sum(), rel=1e-12)
    ahead, behind = (symbolic(FAMILY, cells, eta + change, sigma) for change in (step, -step))
    # rounding of the density over the step, and step^2 times a third derivative
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-9 * abs(density))
    assert not slope[~cells.observed].any()
    ahead, behind = (symbolic(FAMILY, cells, eta, sigma + change) for change in (step, -step))
    assert in_sigma == pytest.approx((ahead - behind).sum() / (2 * step), rel=1e-6)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.floats(-8, 8), st.floats(0.01, 5))
def test_probability_between_is_the_difference_of_tails(low: float, width: float) -> None:
    high = low + width
    expected = stats.norm.cdf(high) - stats.norm.cdf(low) if low < 0 else stats.norm.sf(low) - stats.norm.sf(high)
    assert np.exp(log_between(np.array(low), np.array(high))) == pytest.approx(expected, rel=1e-9)


def test_probabilities_add_up_however_far() -> None:
    edges = np.array([-np.inf, -2.0, 0.0, 0.5, 9.0, np.inf])
    for shift in (0.0, 3.0, -3.0, 60.0, -60.0):
        each = log_between(edges[:-1] - shift, edges[1:] - shift)
        assert np.isfinite(each).all()
        assert np.logaddexp.reduce(each) == pytest.approx(0, abs=1e-12)


def test_hidden_bins_that_lie_together_equal_one_coarser_bin() -> None:
    """Two bins whose sum alone is known, against the panel read with that sum as its bin."""
    cells = cells_with_bins(0)
    bins = bins_of(cells)
    marks = np.zeros(bins.hidden.shape, dtype=bool)
    marks[..., 2:4] = cells.observed[..., None]
    hidden = replace(
        bins, counts=np.where(marks, 0, bins.counts), hidden=marks, rest=bins.counts[..., 2:4].sum(axis=-1)
    )
    counts = np.delete(bins.counts, 3, axis=-1)
    counts[..., 2] += bins.counts[..., 3]
    none = np.zeros(counts.shape)
    coarse = Bins(counts, none > 0, np.zeros(bins.rest.shape), none, np.delete(bins.edges, 2))
    standard = FAMILY.standard(cells)
    eta = np.random.default_rng(4).normal(size=cells.value.shape)
    of_hidden, of_coarse = (replace(cells, bins=each) for each in (hidden, coarse))
    found = [FAMILY.log_likelihood(eta, SIGMA, each, standard)[cells.observed] for each in (of_hidden, of_coarse)]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-11)
    pair, slope = np.array([standard.centre, 1.0]), np.empty((2, eta.size))
    both = []
    for each, into in zip((of_hidden, of_coarse), slope, strict=True):
        fields = FAMILY.fields(each, standard)
        both.append(FAMILY.slopes(eta.ravel(), 0.7, fields.reshape(len(fields), -1), pair, into))
    np.testing.assert_allclose(both[0], both[1], rtol=1e-11)
    np.testing.assert_allclose(slope[0], slope[1], rtol=1e-9, atol=1e-9)


def test_working_responses_are_the_most_likely_ones() -> None:
    cells = cells_with_bins(0)
    standard, bins = FAMILY.standard(cells), bins_of(cells)
    response, weight = FAMILY.working(cells, standard)
    pooled = bins.counts.sum(axis=(0, 1)) / bins.counts.sum()

    def unlikely(eta: float, sigma: float, counts: Array) -> float:
        return -float(counts @ np.log(chances(eta, standard.centre, sigma)))

    def most_likely(sigma: float, i: int, t: int) -> float:
        counts = bins.counts[i, t] + pooled
        return float(minimize_scalar(unlikely, bounds=(-3, 3), args=(sigma, counts), options={"xatol": 1e-9}).x)

    for i, t in np.argwhere(cells.observed)[::9]:
        # drawn with an SD of 0.8, which some thousand records tell to a few hundredths
        near = [most_likely(sigma, i, t) for sigma in (0.7, 0.75, 0.8, 0.85, 0.9)]
        assert min(near) - 0.01 < response[i, t] < max(near) + 0.01
        n = bins.counts[i, t].sum()
        # n / sigma^2 but for what bins lose
        assert 0.7 * n / 0.9**2 < weight[i, t] < n / 0.7**2
    assert not weight[~cells.observed].any()


def test_draws_are_medians_of_as_many_records() -> None:
    cells = cells_with_bins(0)
    standard = FAMILY.standard(cells)
    rng = np.random.default_rng(5)
    eta = 0.3 * rng.normal(size=cells.value.shape)
    draws = FAMILY.draw(rng, np.broadcast_to(eta, (400, *eta.shape)), np.full((400, 1, 1), 0.7), cells, standard)
    exact = np.array([[median_of(chances(each, standard.centre, 0.7), np.array(EDGES)) for each in row] for row in eta])
    seen = cells.observed & (cells.denominator > 40)
    # the median of n records errs by some 1.25 sigma / sqrt(n) of itself, its mean over draws by a twentieth of that;
    # an observed median bends where bins meet
    np.testing.assert_allclose(draws.mean(axis=0)[seen], exact[seen], rtol=0.05)
    spread = (draws.std(axis=0) / exact * np.sqrt(np.maximum(cells.denominator, 1)))[seen]
    assert 0.6 < np.median(spread) < 1.4
    np.testing.assert_allclose(FAMILY.mean(eta, SIGMA, cells, standard), np.exp(standard.centre + eta), rtol=1e-14)


def test_medians_are_interpolated() -> None:
    edges = np.array([10.0, 20.0])
    counts = np.array([[4.0, 0, 0], [1, 2, 1], [0, 4, 4], [1, 1, 8], [0, 0, 0]])
    np.testing.assert_allclose(median_of(counts, edges), [5, 15, 20, 20, np.nan])


def test_standard_is_the_pooled_median_of_unexposed_cells() -> None:
    cells = cells_with_bins(0)
    pooled = bins_of(cells).counts[cells.unexposed].sum(axis=0)
    assert np.exp(FAMILY.standard(cells).centre) == pytest.approx(float(median_of(pooled, np.array(EDGES))), rel=1e-14)


def test_product_limit_medians_are_those_of_the_textbook() -> None:
    """Hazard by hazard, for counts whose median lies within a bin."""
    rng, edges = np.random.default_rng(6), np.array(EDGES)
    counts, still = rng.integers(5, 40, size=(2, 50, len(EDGES) + 1)).astype(float)
    found = median_of(counts, edges, still)
    for row, (finished, opened) in enumerate(zip(counts, still, strict=True)):
        lasting, left, begin = 1.0, finished.sum() + opened.sum(), 0.0
        for b, end in enumerate([*EDGES, EDGES[-1]]):
            left -= opened[b]
            after = lasting * (1 - finished[b] / left)
            if after <= 0.5:
                expected = begin + (lasting - 0.5) / (lasting - after) * (end - begin)
                break
            lasting, left, begin = after, left - finished[b], end
        assert found[row] == pytest.approx(expected, rel=1e-12)


def test_there_is_no_median_where_too_few_were_followed() -> None:
    edges = np.array([10.0, 20.0])
    assert np.isnan(median_of(np.array([3.0, 2, 0]), edges, np.array([0.0, 5, 5])))
    # three of ten, then five of the seven left, which is more than half of all
    assert median_of(np.array([3.0, 5, 0]), edges, np.array([0.0, 0, 2])) == pytest.approx(14)


def test_open_records_in_the_first_bin_say_nothing() -> None:
    cells = cells_with_bins(0, still=True)
    bins, standard = bins_of(cells), FAMILY.standard(cells)
    fewer = replace(bins, open=np.where(np.arange(len(EDGES) + 1) == 0, 0.0, bins.open))
    eta = np.random.default_rng(7).normal(size=cells.value.shape)
    other = replace(cells, bins=fewer)
    np.testing.assert_array_equal(FAMILY.fields(cells, standard), FAMILY.fields(other, standard))
    found = [FAMILY.log_likelihood(eta, SIGMA, each, standard) for each in (cells, other)]
    np.testing.assert_array_equal(found[0], found[1])


def test_standard_needs_half_of_the_records() -> None:
    cells = cells_with_bins(0, still=True)
    bins = bins_of(cells)
    # all that would have lasted beyond the second edge are open when the third bin begins
    still, counts = bins.open.copy(), bins.counts.copy()
    still[..., 1] += counts[..., 1:].sum(axis=-1)
    counts[..., 1:] = 0
    with pytest.raises(SpecError, match="fewer than half of the records without exposure were followed"):
        FAMILY.standard(replace(cells, bins=replace(bins, counts=counts, open=still)))


def test_draws_are_followed_as_the_observed_ones_were() -> None:
    """Medians of replicated records have the mean of uncensored ones, and spread more."""
    spec, panel = evaluation("binned", still=True, size=400.0)
    cells = cells_of(panel.dataset, spec.outcomes[0])
    standard, sigma = FAMILY.standard(cells), np.full((400, 1, 1), 0.7)
    eta = np.zeros((400, *cells.value.shape))
    whole = replace(
        cells,
        bins=replace(
            bins_of(cells), counts=bins_of(cells).size[..., None] * np.eye(6)[0], open=0 * bins_of(cells).open
        ),
    )
    draws, uncensored = (FAMILY.draw(np.random.default_rng(8), eta, sigma, each, standard) for each in (cells, whole))
    assert np.isfinite(draws).all()
    # each errs by some 1.25 sigma / sqrt(n) of itself, a twentieth of that on average over draws
    np.testing.assert_allclose(draws.mean(axis=0), uncensored.mean(axis=0), rtol=0.02)
    wider = draws.std(axis=0).mean() / uncensored.std(axis=0).mean()
    assert 1.02 < wider < 1.5


def test_working_responses_are_unbiased_where_some_are_not_followed() -> None:
    """Those of the same records, followed to their end or not, differ by chance alone."""
    spec, panel = evaluation("binned", still=True, size=2000.0, units=30)
    cells = cells_of(panel.dataset, spec.outcomes[0])
    whole_spec, whole_panel = evaluation("binned", size=2000.0, units=30)
    whole = cells_of(whole_panel.dataset, whole_spec.outcomes[0])
    np.testing.assert_array_equal(whole.denominator, cells.denominator)
    response, weight = FAMILY.working(cells, FAMILY.standard(cells))
    expected, information = FAMILY.working(whole, FAMILY.standard(whole))
    gap = response + FAMILY.standard(cells).centre - expected - FAMILY.standard(whole).centre
    assert (weight < information).all()
    # nested information: the variance of the difference is that of the difference of variances
    z = gap / np.sqrt(1 / weight - 1 / information)
    assert 0.7 < z.std() < 1.3
    assert abs(z.mean()) < 4 / np.sqrt(z.size)
