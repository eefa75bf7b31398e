"""Ordered categories against scipy, against the binomial family, and boundaries against those that were drawn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, logit

from primum.errors import SpecError
from primum.model import Cells, cells_of
from primum.model.bins import Bins
from primum.model.families import family_of
from primum.model.families.ordered import MIN_RECORDS, boundaries_of
from tests.model.panels import CUTS, Array, evaluation
from tests.model.test_families import slopes, symbolic

FAMILY = family_of("ordered")


def cells_with_categories(bounded: int = 20, missing: int = 7, size: float = 80.0, units: int = 12) -> Cells:
    spec, panel = evaluation("ordered", missing=missing, bounded=bounded, size=size, units=units)
    return cells_of(panel.dataset, spec.outcomes[0])


def bins_of(cells: Cells) -> Bins:
    assert cells.bins is not None
    return cells.bins


def chances(linked: float, cuts: Array) -> Array:
    return np.asarray(np.diff(expit(cuts - linked), prepend=0.0, append=1.0))


@pytest.mark.parametrize("bounded", [0, 20])
@pytest.mark.parametrize("sigma", [0.6, 1.0, 1.4])
def test_log_likelihood_is_scipy_s(bounded: int, sigma: float) -> None:
    cells = cells_with_categories(bounded)
    standard, bins, cuts = FAMILY.standard(cells), bins_of(cells), boundaries_of(cells)
    eta = 0.7 * np.random.default_rng(1).normal(size=(2, *cells.value.shape))
    found = FAMILY.log_likelihood(eta, np.full((1, 1), sigma), cells, standard)
    for i, t in np.argwhere(cells.observed):
        known = ~bins.hidden[i, t]
        counts = np.append(bins.counts[i, t][known], bins.rest[i, t])
        for draw in range(2):
            chance = chances(standard.centre + eta[draw, i, t], sigma * cuts)
            merged = np.append(chance[known], chance[~known].sum())
            expected = stats.multinomial.logpmf(counts, counts.sum(), merged / merged.sum())
            assert found[draw, i, t] == pytest.approx(expected, rel=1e-10)
    assert np.isnan(found[:, ~cells.observed]).all()


@pytest.mark.parametrize("sigma", [0.5, -1.7])
def test_symbolic_density_is_the_numeric_one_up_to_a_constant_a_cell(sigma: float) -> None:
    cells = cells_with_categories()
    standard = FAMILY.standard(cells)
    here, there = np.random.default_rng(2).normal(size=(2, *cells.value.shape))
    change = symbolic(FAMILY, cells, there, sigma) - symbolic(FAMILY, cells, here, 1.0)
    expected = FAMILY.log_likelihood(there, np.full((1, 1), abs(sigma)), cells, standard)
    expected = expected - FAMILY.log_likelihood(here, np.ones((1, 1)), cells, standard)
    np.testing.assert_allclose(change[cells.observed], expected[cells.observed], rtol=1e-10, atol=1e-9)
    assert not symbolic(FAMILY, cells, there, sigma)[~cells.observed].any()


@pytest.mark.parametrize("sigma", [0.6, -0.6])
@pytest.mark.parametrize("size", [1.0, 3.0, 40.0])
def test_slopes_are_those_of_the_density(size: float, sigma: float) -> None:
    cells, step = cells_with_categories(), 1e-5
    eta = size * np.random.default_rng(3).normal(size=cells.value.shape)
    density, slope, in_sigma = slopes(FAMILY, cells, eta, sigma)
    assert density == pytest.approx(symbolic(FAMILY, cells, eta, sigma).sum(), rel=1e-12)
    ahead, behind = (symbolic(FAMILY, cells, eta + change, sigma) for change in (step, -step))
    # rounding of the density over the step, and step^2 times a third derivative
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-9 * abs(density))
    assert not slope[~cells.observed].any()
    ahead, behind = (symbolic(FAMILY, cells, eta, sigma + change) for change in (step, -step))
    assert in_sigma == pytest.approx((ahead - behind).sum() / (2 * step), rel=1e-6, abs=1e-9 * abs(density))


def test_slopes_are_finite_however_far() -> None:
    cells = cells_with_categories()
    for far in (800.0, -800.0):
        density, slope, in_sigma = slopes(FAMILY, cells, np.full(cells.value.shape, far), 0.9)
        assert np.isfinite([density, in_sigma]).all()
        assert np.isfinite(slope).all()


def test_categories_that_lie_together_are_one_coarser_one() -> None:
    """Hidden neighbours, against a multinomial with their sum."""
    cells = cells_with_categories(0)
    standard, bins, cuts = FAMILY.standard(cells), bins_of(cells), boundaries_of(cells)
    eta = np.random.default_rng(4).normal(size=cells.value.shape)
    marks = np.zeros(bins.hidden.shape, dtype=bool)
    marks[..., :2] = cells.observed[..., None]
    hidden = replace(bins, counts=np.where(marks, 0, bins.counts), hidden=marks, rest=bins.counts[..., :2].sum(axis=-1))
    linked = standard.centre + eta
    below, third = expit(-linked), expit(cuts[2] - linked) - expit(-linked)
    pooled = np.stack([below, third, 1 - below - third], axis=-1)
    counts = np.stack([bins.counts[..., :2].sum(axis=-1), bins.counts[..., 2], bins.counts[..., 3]], axis=-1)
    seen = cells.observed
    whole = counts[seen].astype(int)
    expected = stats.multinomial.logpmf(whole, whole.sum(axis=-1), pooled[seen])
    found = FAMILY.log_likelihood(eta, np.ones((1, 1)), replace(cells, bins=hidden), standard)
    # boundaries of hidden categories are others, since these share what they hold; the one above is nearly the same
    assert np.abs(boundaries_of(replace(cells, bins=hidden))[2] - cuts[2]) < 0.05
    np.testing.assert_allclose(found[seen].sum(), expected.sum(), rtol=2e-3)
    np.testing.assert_allclose(FAMILY.mean(eta, np.ones(1), cells, standard), expit(linked), rtol=1e-14)


def test_boundaries_are_the_most_likely_ones() -> None:
    """Against a general optimiser over boundaries and all cells' predictors."""
    cells = cells_with_categories(0, size=60.0)
    counts = bins_of(cells).filled[cells.unexposed]
    counts = counts + counts.sum(axis=0) / counts.sum()

    def unlikely(point: Array) -> float:
        upto = expit(np.array([point[0], 0.0, point[1]]) - point[2:, None])
        return -float((counts * np.log(np.diff(upto, axis=-1, prepend=0.0, append=1.0))).sum())

    start = np.concatenate([[-1.0, 1.0], logit(counts[:, 2:].sum(axis=1) / counts.sum(axis=1))])
    best = minimize(unlikely, start, method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-14, "gtol": 1e-7}).x
    found = boundaries_of(cells)
    assert found[1] == 0
    # the optimiser stops at differences of its own gradient, some 1e-6 of what there is to know of a boundary
    np.testing.assert_allclose(found[[0, 2]], best[:2], atol=1e-4)


def test_boundaries_are_those_drawn_from_where_areas_differ() -> None:
    """Pooled shares have flatter logits: with areas an SD of 1 apart, by a seventh."""
    cells = cells_with_categories(0, missing=0, size=1500.0, units=60)
    pooled = bins_of(cells).counts[cells.unexposed].sum(axis=0)
    # half a million records tell boundaries to a few thousandths; predictors of single cells of 1,500 records, which
    # are estimated as well, stretch them by some thousandth
    np.testing.assert_allclose(boundaries_of(cells), CUTS, atol=0.02)
    naive = logit(pooled.cumsum()[:-1] / pooled.sum())
    assert np.ptp(naive) < np.ptp(CUTS) - 0.02


def test_working_responses_are_the_most_likely_ones() -> None:
    cells = cells_with_categories(0)
    standard, bins, cuts = FAMILY.standard(cells), bins_of(cells), boundaries_of(cells)
    response, weight = FAMILY.working(cells, standard)
    pooled = bins.counts.sum(axis=(0, 1)) / bins.counts.sum()
    for i, t in np.argwhere(cells.observed)[::5]:
        counts = bins.counts[i, t] + pooled

        def unlikely(eta: float, counts: Array = counts) -> float:
            return -float(counts @ np.log(chances(standard.centre + eta, cuts)))

        best = minimize_scalar(unlikely, bounds=(-6, 6), method="bounded", options={"xatol": 1e-9}).x
        assert response[i, t] == pytest.approx(best, abs=1e-6)
        share = expit(standard.centre + best)
        # categories say more than the share above one boundary, and less than a logistic variable's n / 3
        assert bins.counts[i, t].sum() * share * (1 - share) < weight[i, t] < bins.counts[i, t].sum() / 3
    assert not weight[~cells.observed].any()


def test_values_are_records_above_the_boundary() -> None:
    cells = cells_with_categories(0)
    counts = bins_of(cells).counts
    np.testing.assert_array_equal(cells.value, counts[..., 2:].sum(axis=-1))
    np.testing.assert_array_equal(cells.denominator, counts.sum(axis=-1))
    level, seen = FAMILY.level(cells), counts[cells.observed]
    np.testing.assert_allclose(level[cells.observed], seen[:, 2:].sum(axis=-1) / seen.sum(axis=-1))
    assert np.isnan(level[~cells.observed]).all()


def test_a_category_with_few_records_is_refused_by_its_place() -> None:
    cells = cells_with_categories(0)
    counts = bins_of(cells).counts.copy()
    counts[..., 3] = 0
    counts[0, 0, 3] = MIN_RECORDS - 1
    with pytest.raises(SpecError, match=r"needs 20 records without exposure.*of 4 the 4\. has 19; add it to its"):
        boundaries_of(replace(cells, bins=replace(bins_of(cells), counts=counts)))
