"""Families against scipy.stats, and against themselves in other units.

Log likelihoods agree with scipy to rounding, 1e-10 of values of some tens. Draws are compared by
z-scores from the known SD of each cell: 4.5 is passed by one of 150,000 honest cells.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from primum.model import Cells, cells_of
from primum.model.families import FAMILIES, Family, Standard, family_of
from primum.model.families.gaussian import relative_size
from primum.spec.families import FamilyName
from tests.model.panels import Array, evaluation

RNG_SEED = 20
LINKS = {"binomial": "logit", "poisson": "log", "normal": "identity", "lognormal": "log"}
MAX_Z = 4.5


def cells_with_gaps(family: FamilyName, counted: bool = True) -> Cells:
    spec, panel = evaluation(family, counted=counted, missing=7)
    return cells_of(panel.dataset, spec.outcomes[0])


@pytest.fixture(params=["binomial", "poisson", "normal", "lognormal"])
def name(request: pytest.FixtureRequest) -> FamilyName:
    return request.param  # type: ignore[no-any-return]


def test_every_family_is_found_by_its_name(name: FamilyName) -> None:
    assert family_of(name) is FAMILIES[name]
    assert family_of(name).link == LINKS[name]
    assert family_of(name).noise == (name in {"normal", "lognormal"})


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("binomial", True), ("poisson", True), ("normal", True), ("normal", False), ("lognormal", True),
        ("lognormal", False),
    ],
)  # fmt: skip
def test_log_likelihood_is_scipy_s(name: FamilyName, counted: bool) -> None:
    cells, family = cells_with_gaps(name, counted), family_of(name)
    standard = family.standard(cells)
    rng = np.random.default_rng(RNG_SEED)
    eta = rng.normal(size=(2, 3, *cells.value.shape))
    sigma = np.exp(rng.normal(size=(2, 3, 1, 1)))
    found = family.log_likelihood(eta, sigma, cells, standard)
    linked = standard.centre + standard.spread * eta
    value = np.where(cells.observed, cells.value, 1.0)
    size = np.where(cells.observed, cells.denominator / np.median(cells.denominator[cells.observed]), 1.0)
    if name == "binomial":
        expected = stats.binom.logpmf(cells.value, cells.denominator, expit(linked))
    elif name == "poisson":
        expected = stats.poisson.logpmf(cells.value, cells.denominator * np.exp(linked))
    elif name == "normal":
        expected = stats.norm.logpdf(value, linked, standard.spread * sigma / np.sqrt(size))
    else:
        expected = stats.lognorm.logpdf(value, s=sigma / np.sqrt(size), scale=np.exp(linked))
    np.testing.assert_allclose(found[..., cells.observed], np.asarray(expected)[..., cells.observed], rtol=1e-10)
    assert np.isnan(found[..., ~cells.observed]).all()


@pytest.mark.parametrize("sigma", [0.5, 1.7])
def test_symbolic_density_is_the_numeric_one_up_to_a_constant_a_cell(name: FamilyName, sigma: float) -> None:
    cells, family = cells_with_gaps(name), family_of(name)
    standard = family.standard(cells)
    rng = np.random.default_rng(RNG_SEED)
    here, there = rng.normal(size=(2, *cells.value.shape))
    change = symbolic(family, cells, there, sigma) - symbolic(family, cells, here, 1.0)
    expected = family.log_likelihood(there, np.full((1, 1), sigma), cells, standard)
    expected = expected - family.log_likelihood(here, np.ones((1, 1)), cells, standard)
    # the constant may differ from cell to cell, with its denominator, but not with eta or sigma
    np.testing.assert_allclose(change[cells.observed], expected[cells.observed], rtol=1e-10, atol=1e-10)
    assert not symbolic(family, cells, there, sigma)[~cells.observed].any(), "a missing cell must add nothing"


def symbolic(family: Family, cells: Cells, eta: Array, sigma: float) -> Array:
    """Log density of cells by the PyTensor expression; shape (unit, time)."""
    import pytensor.tensor as pt

    standard = family.standard(cells)
    pair = np.array([standard.centre, standard.spread])
    fields = family.fields(cells, standard)
    density = family.log_density(pt.as_tensor(eta), pt.as_tensor(np.asarray(sigma)), fields, pair)
    return np.asarray(density.eval(mode="FAST_COMPILE"))


def slopes(family: Family, cells: Cells, eta: Array, sigma: float) -> tuple[float, Array, float]:
    """Log density of cells together, and its derivatives, by the loop that numba compiles; run as Python."""
    standard = family.standard(cells)
    fields = family.fields(cells, standard)
    slope = np.full(eta.size, np.nan)
    pair = np.array([standard.centre, standard.spread])
    density, in_sigma = family.slopes(eta.ravel(), sigma, fields.reshape(len(fields), -1), pair, slope)
    return density, slope.reshape(eta.shape), in_sigma


@pytest.mark.parametrize("size", [1.0, 3.0])
@pytest.mark.parametrize(
    ("name", "counted"),
    # counts have denominators
    [
        ("binomial", True),
        ("poisson", True),
        ("normal", True),
        ("normal", False),
        ("lognormal", True),
        ("lognormal", False),
    ],
)
def test_slopes_have_the_density_of_the_model_and_its_derivatives(name: FamilyName, counted: bool, size: float) -> None:
    cells, family = cells_with_gaps(name, counted), family_of(name)
    eta = size * np.random.default_rng(RNG_SEED).normal(size=cells.value.shape)
    sigma, step = 0.6, 1e-4
    density, slope, in_sigma = slopes(family, cells, eta, sigma)
    # the same sums in another order
    assert density == pytest.approx(symbolic(family, cells, eta, sigma).sum(), rel=1e-12)
    # central differences err by step^2 times a third derivative, and by rounding over the step: densities of a
    # cell are of size 1e5 at most, hence 1e-7 of slopes that are of size 1e3
    ahead, behind = (symbolic(family, cells, eta + change, sigma) for change in (step, -step))
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-6)
    assert not slope[~cells.observed].any()
    ahead, behind = (symbolic(family, cells, eta, sigma + change) for change in (step, -step))
    # the third derivative in sigma is 12 / sigma^2, or 33, times the first
    assert in_sigma == pytest.approx((ahead - behind).sum() / (2 * step), rel=1e-6, abs=1e-9)
    assert (in_sigma == 0) == (not family.noise)


def test_slopes_of_counts_are_finite_where_shares_are_at_their_bounds() -> None:
    cells, family = cells_with_gaps("binomial"), family_of("binomial")
    for far in (800.0, -800.0):
        eta = np.full(cells.value.shape, far)
        density, slope, _ = slopes(family, cells, eta, 1.0)
        assert np.isfinite(density)
        # all of a cell's people, or none, are expected
        everyone = cells.denominator if far > 0 else 0.0
        np.testing.assert_array_equal(slope, cells.value - everyone)


def test_draws_have_the_moments_of_the_family(name: FamilyName) -> None:
    cells, family = cells_with_gaps(name), family_of(name)
    standard = family.standard(cells)
    rng = np.random.default_rng(RNG_SEED)
    eta = rng.normal(size=cells.value.shape)
    count, sigma = 4000, 0.3
    draws = family.draw(rng, np.broadcast_to(eta, (count, *eta.shape)), np.full((count, 1, 1), sigma), cells, standard)
    seen = cells.observed
    mean = family.mean(eta, np.ones(1), cells, standard)
    size = np.where(seen, cells.denominator / np.median(cells.denominator[seen]), 1.0)
    noise = sigma / np.sqrt(size)
    values = draws.astype(float)
    if name == "binomial":
        np.testing.assert_allclose(mean, expit(standard.centre + eta), rtol=1e-12)
        expected, variance = cells.denominator * mean, cells.denominator * mean * (1 - mean)
        assert not values[:, ~seen].any()
    elif name == "poisson":
        np.testing.assert_allclose(mean, np.exp(standard.centre + eta), rtol=1e-12)
        expected = variance = cells.denominator * mean
        assert not values[:, ~seen].any()
    elif name == "normal":
        np.testing.assert_allclose(mean, standard.centre + standard.spread * eta, rtol=1e-12)
        expected, variance = mean, (standard.spread * noise) ** 2
    else:
        # the mean of a cell is its median here: compared on the logarithm, where draws are normal
        np.testing.assert_allclose(mean, np.exp(standard.centre + eta), rtol=1e-12)
        values, expected, variance = np.log(values), np.log(mean), noise**2
    z_mean = (values.mean(axis=0) - expected)[seen] / np.sqrt(variance[seen] / count)
    assert np.abs(z_mean).max() < MAX_Z
    # the sample variance errs by its own value times sqrt((kurtosis - 1) / count), at most 2 here
    z_variance = (values.var(axis=0) / np.where(variance > 0, variance, 1) - 1)[seen] / np.sqrt(2 / count)
    assert np.abs(z_variance).max() < MAX_Z


@pytest.mark.parametrize("scale", [1e-3, 1e5])
@pytest.mark.parametrize("family_name", ["normal", "lognormal"])
def test_the_standardised_response_does_not_depend_on_units(family_name: FamilyName, scale: float) -> None:
    cells, family = cells_with_gaps(family_name), family_of(family_name)
    rescaled = replace(cells, value=cells.value * scale)
    here, there = family.standard(cells), family.standard(rescaled)
    response, weight = family.working(cells, here)
    again, weight_again = family.working(rescaled, there)
    np.testing.assert_allclose(again, response, atol=1e-12)
    np.testing.assert_array_equal(weight_again, weight)
    eta = np.random.default_rng(RNG_SEED).normal(size=cells.value.shape)
    one = np.ones(1)
    np.testing.assert_allclose(
        family.mean(eta, one, rescaled, there), scale * family.mean(eta, one, cells, here), rtol=1e-12
    )
    # densities are per unit of the value
    moved = family.log_likelihood(eta, one, rescaled, there) - family.log_likelihood(eta, one, cells, here)
    np.testing.assert_allclose(moved[cells.observed], -np.log(scale), atol=1e-10)


def test_normal_outcomes_are_standardised_by_unexposed_cells_alone() -> None:
    cells, family = cells_with_gaps("normal"), family_of("normal")
    values = cells.value[cells.observed & (cells.exposure == 0)]
    standard = family.standard(cells)
    assert (standard.centre, standard.spread) == pytest.approx((values.mean(), values.std()), rel=1e-12)
    moved = replace(cells, value=cells.value + 1000.0 * (cells.exposure > 0))
    assert family.standard(moved) == standard
    response, _ = family.working(cells, standard)
    unexposed = response[cells.unexposed]
    assert unexposed.mean() == pytest.approx(0, abs=1e-12)
    assert unexposed.std() == pytest.approx(1, rel=1e-12)


def test_a_normal_outcome_that_never_varies_keeps_its_unit() -> None:
    cells = cells_with_gaps("normal")
    flat = replace(cells, value=np.where(cells.observed, 3.0, 0.0))
    assert family_of("normal").standard(flat) == Standard(3.0, 1.0)


def test_lognormal_outcomes_are_centred_on_the_mean_logarithm() -> None:
    cells = cells_with_gaps("lognormal")
    standard = family_of("lognormal").standard(cells)
    assert standard.centre == pytest.approx(np.log(cells.value[cells.unexposed]).mean(), rel=1e-12)
    assert standard.spread == 1.0


def test_binomial_working_response_is_the_empirical_logit() -> None:
    cells, family = cells_with_gaps("binomial"), family_of("binomial")
    unexposed = cells.unexposed
    pooled = (cells.value[unexposed].sum() + 0.5) / (cells.denominator[unexposed].sum() + 1)
    standard = family.standard(cells)
    assert standard.centre == pytest.approx(logit(pooled), rel=1e-12)
    assert standard.spread == 1.0
    response, weight = family.working(cells, standard)
    y, n = cells.value[cells.observed], cells.denominator[cells.observed]
    empirical = np.log((y + 0.5) / (n - y + 0.5))
    np.testing.assert_allclose(response[cells.observed], empirical - standard.centre, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(weight[cells.observed], n * (y + 0.5) * (n - y + 0.5) / (n + 1) ** 2, rtol=1e-12)
    assert not weight[~cells.observed].any()
    assert np.isfinite(response).all()


def test_poisson_working_response_is_the_empirical_log_rate() -> None:
    cells, family = cells_with_gaps("poisson"), family_of("poisson")
    unexposed = cells.unexposed
    standard = family.standard(cells)
    pooled = (cells.value[unexposed].sum() + 0.5) / cells.denominator[unexposed].sum()
    assert (standard.centre, standard.spread) == pytest.approx((np.log(pooled), 1.0), rel=1e-12)
    response, weight = family.working(cells, standard)
    y, n = cells.value[cells.observed], cells.denominator[cells.observed]
    np.testing.assert_allclose(response[cells.observed], np.log((y + 0.5) / n) - standard.centre, atol=1e-12)
    # the information of a Poisson count on the logarithm of its rate is its expected value
    np.testing.assert_array_equal(weight[cells.observed], y + 0.5)
    assert not weight[~cells.observed].any()


def test_slopes_of_events_are_finite_however_far() -> None:
    cells, family = cells_with_gaps("poisson"), family_of("poisson")
    for far in (800.0, -800.0):
        density, slope, _ = slopes(family, cells, np.full(cells.value.shape, far), 1.0)
        assert np.isfinite(density)
        assert np.isfinite(slope).all()
        assert not slope[~cells.observed].any()


def test_counts_at_the_bounds_have_finite_working_responses_and_densities() -> None:
    cells, family = cells_with_gaps("binomial"), family_of("binomial")
    for extreme in (np.zeros_like(cells.value), cells.denominator):
        edge = replace(cells, value=extreme)
        standard = family.standard(edge)
        assert np.isfinite(family.working(edge, standard)[0]).all()
        far = np.full(cells.value.shape, 40.0)
        for eta in (far, -far):
            density = family.log_likelihood(eta - standard.centre, np.ones(1), edge, standard)[cells.observed]
            exact = edge.value * eta - edge.denominator * np.logaddexp(0, eta)
            np.testing.assert_allclose(density, exact[cells.observed], rtol=1e-10, atol=1e-10)


def test_levels_are_what_people_look_at(name: FamilyName) -> None:
    cells = cells_with_gaps(name)
    level, seen = family_of(name).level(cells), cells.observed
    expected = cells.value[seen] / cells.denominator[seen] if name in {"binomial", "poisson"} else cells.value[seen]
    np.testing.assert_array_equal(level[seen], expected)
    assert np.isnan(level[~seen]).all()


def test_sizes_are_multiples_of_the_median_observed_one() -> None:
    cells = cells_with_gaps("normal")
    assert np.median(relative_size(cells)[cells.observed]) == pytest.approx(1, rel=1e-15)
    assert not relative_size(cells)[~cells.observed].any()
    np.testing.assert_array_equal(relative_size(cells_with_gaps("normal", counted=False)), np.ones((12, 6)))
