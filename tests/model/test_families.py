"""Families against scipy.stats, and against themselves in other units.

Log likelihoods agree with scipy to rounding, 1e-10 of values of some tens. Draws are compared by
z-scores from the known SD of each cell: 4.5 is passed by one of 150,000 honest cells.
"""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from primum.model import Cells, cells_of
from primum.model.families import FAMILIES, Family, Standard, family_of, learns_noise
from primum.model.families.gaussian import relative_size
from primum.spec.families import FACTS, FamilyName
from tests.model.panels import SPLIT, Array, evaluation

RNG_SEED = 20
LINKS = {
    "binomial": "logit", "beta_binomial": "logit", "poisson": "log", "negative_binomial": "log", "normal": "identity",
    "student_t": "identity", "lognormal": "log", "gamma": "log", "binned": "log",
    "ordered": "cumulative logit",
}  # fmt: skip
PLAIN = [name for name in FACTS if name not in SPLIT]  # test_binned.py and test_ordered.py look at the others
# counts have denominators
COUNTED = [(name, True) for name in PLAIN] + [(name, False) for name in PLAIN if not FACTS[name].units]
MAX_Z = 4.5
COUNTS = {name for name, facts in FACTS.items() if facts.units}


def cells_with_gaps(family: FamilyName, counted: bool = True, known: bool = False) -> Cells:
    spec, panel = evaluation(family, counted=counted, known=known, missing=7)
    return cells_of(panel.dataset, spec.outcomes[0])


@pytest.fixture(params=PLAIN)
def name(request: pytest.FixtureRequest) -> FamilyName:
    return request.param  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", list(FACTS))
def test_every_family_is_found_by_its_name(name: FamilyName) -> None:
    assert family_of(name) is FAMILIES[name]
    assert family_of(name).link == LINKS[name]
    assert family_of(name).name == name
    assert family_of(name).noise == (FACTS[name].noise is not None)
    assert family_of(name).scaled == (FACTS[name].kind in {"real", "positive"})


def test_every_family_of_the_specification_has_a_likelihood() -> None:
    assert set(FAMILIES) == set(FACTS) == set(get_args(FamilyName))


@pytest.mark.parametrize(("name", "counted"), COUNTED)
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
    elif name == "beta_binomial":
        shapes = expit(linked) / sigma**2, expit(-linked) / sigma**2
        expected = stats.betabinom.logpmf(cells.value, cells.denominator, *shapes)
    elif name == "poisson":
        expected = stats.poisson.logpmf(cells.value, cells.denominator * np.exp(linked))
    elif name == "negative_binomial":
        mu = cells.denominator * np.exp(linked)
        expected = stats.nbinom.logpmf(cells.value, 1 / sigma**2, 1 / (1 + sigma**2 * mu))
    elif name == "student_t":
        expected = stats.t.logpdf(value, 4, linked, standard.spread * sigma / np.sqrt(size))
    elif name == "gamma":
        expected = stats.gamma.logpdf(value, size / sigma**2, scale=np.exp(linked) * sigma**2 / size)
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
@pytest.mark.parametrize(("name", "counted"), COUNTED)
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


@pytest.mark.parametrize("name", ["negative_binomial", "beta_binomial"])
def test_without_overdispersion_counts_are_those_of_chance(name: FamilyName) -> None:
    """Smoothly: the logarithm of a gamma function of 1 / sigma^2 would have lost all its digits by then."""
    cells, family = cells_with_gaps(name), family_of(name)
    plain = family_of("poisson" if name == "negative_binomial" else "binomial")
    standard = family.standard(cells)
    eta = np.random.default_rng(RNG_SEED).normal(size=cells.value.shape)
    expected = plain.log_likelihood(eta, np.ones(1), cells, standard)
    chance, in_eta, _ = slopes(plain, cells, eta, 1.0)
    change = []
    for sigma in (0.0, 1e-12, -1e-6, 1e-4):
        found = family.log_likelihood(eta, np.full((1, 1), sigma), cells, standard)
        # densities differ by sigma^2 times squares of counts, and by rounding
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e6 * sigma**2 + 1e-12)
        density, slope, in_sigma = slopes(family, cells, eta, sigma)
        assert density == pytest.approx(chance, rel=1e-12, abs=1e7 * sigma**2)
        np.testing.assert_allclose(slope, in_eta, rtol=1e-10, atol=1e6 * sigma**2 + 1e-11)
        change.append(in_sigma)
    assert change[0] == 0
    # the derivative is odd in sigma, and a straight line near none
    assert change[2] / -1e-6 == pytest.approx(change[3] / 1e-4, rel=1e-3)


@pytest.mark.parametrize("name", ["negative_binomial", "beta_binomial", "gamma", "student_t"])
def test_slopes_are_finite_however_far(name: FamilyName) -> None:
    cells, family = cells_with_gaps(name), family_of(name)
    for far in (800.0, -800.0):
        density, slope, in_sigma = slopes(family, cells, np.full(cells.value.shape, far), 0.3)
        assert np.isfinite([density, in_sigma]).all()
        assert np.isfinite(slope).all()
        assert not slope[~cells.observed].any()


@pytest.mark.parametrize("name", ["negative_binomial", "beta_binomial"])
def test_counts_can_be_drawn_however_far(name: FamilyName) -> None:
    cells, family, rng = cells_with_gaps(name), family_of(name), np.random.default_rng(RNG_SEED)
    standard = family.standard(cells)
    for far, sigma in ((100.0, 0.3), (-100.0, 0.3), (0.0, 0.0), (0.0, 1e-9), (-100.0, 50.0)):
        eta = np.full((3, *cells.value.shape), far)
        draws = family.draw(rng, eta, np.full((3, 1, 1), sigma), cells, standard)
        assert (draws >= 0).all()
        assert not draws[:, ~cells.observed].any()


@pytest.mark.parametrize("name", ["normal", "lognormal"])
def test_known_errors_are_the_noise(name: FamilyName) -> None:
    cells, family = cells_with_gaps(name, known=True), family_of(name)
    standard, seen = family.standard(cells), cells.observed
    assert cells.standard_error is not None
    assert cells.counted
    assert not learns_noise(family, cells)
    eta = np.random.default_rng(RNG_SEED).normal(size=cells.value.shape)
    linked = standard.centre + standard.spread * eta
    value = np.where(seen, cells.value, 1.0)
    if name == "normal":
        expected = stats.norm.logpdf(value, linked, cells.standard_error)
    else:  # by the delta method
        expected = stats.lognorm.logpdf(value, s=cells.standard_error / value, scale=np.exp(linked))
    found = family.log_likelihood(eta, np.ones((1, 1)), cells, standard)
    np.testing.assert_allclose(found[seen], np.asarray(expected)[seen], rtol=1e-10)
    assert np.isnan(found[~seen]).all()
    density, slope, _ = slopes(family, cells, eta, 1.0)
    assert density == pytest.approx(symbolic(family, cells, eta, 1.0).sum(), rel=1e-12)
    assert not slope[~seen].any()
    draws = family.draw(np.random.default_rng(1), np.broadcast_to(eta, (4000, *eta.shape)), np.ones(1), cells, standard)
    spread = (np.log(draws) if name == "lognormal" else draws).std(axis=0)
    error = cells.standard_error / (value if name == "lognormal" else 1.0)
    assert np.abs(spread / error - 1)[seen].max() < MAX_Z * np.sqrt(0.5 / 4000)


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
    elif name == "beta_binomial":
        np.testing.assert_allclose(mean, expit(standard.centre + eta), rtol=1e-12)
        total, rho = cells.denominator, sigma**2 / (1 + sigma**2)
        expected, variance = total * mean, total * mean * (1 - mean) * (1 + (total - 1) * rho)
        assert not values[:, ~seen].any()
    elif name == "poisson":
        np.testing.assert_allclose(mean, np.exp(standard.centre + eta), rtol=1e-12)
        expected = variance = cells.denominator * mean
        assert not values[:, ~seen].any()
    elif name == "negative_binomial":
        np.testing.assert_allclose(mean, np.exp(standard.centre + eta), rtol=1e-12)
        expected = cells.denominator * mean
        variance = expected + sigma**2 * expected**2
        assert not values[:, ~seen].any()
    elif name == "student_t":
        # its fourth moment is infinite: compared by ranks in the distribution, which are uniform
        np.testing.assert_allclose(mean, standard.centre + standard.spread * eta, rtol=1e-12)
        values = np.asarray(stats.t.cdf(values, 4, mean, standard.spread * noise))
        expected, variance = np.full(mean.shape, 1 / 2), np.full(mean.shape, 1 / 12)
    elif name == "gamma":
        np.testing.assert_allclose(mean, np.exp(standard.centre + eta), rtol=1e-12)
        expected, variance = mean, (noise * mean) ** 2
    elif name == "normal":
        np.testing.assert_allclose(mean, standard.centre + standard.spread * eta, rtol=1e-12)
        expected, variance = mean, (standard.spread * noise) ** 2
    else:
        # the mean of a cell is its median here: compared on the logarithm, where draws are normal
        np.testing.assert_allclose(mean, np.exp(standard.centre + eta), rtol=1e-12)
        values, expected, variance = np.log(values), np.log(mean), noise**2
    z_mean = (values.mean(axis=0) - expected)[seen] / np.sqrt(variance[seen] / count)
    assert np.abs(z_mean).max() < MAX_Z
    # the sample variance errs by its own value times sqrt((kurtosis - 1) / count)
    kurtosis = np.maximum(stats.kurtosis(values[:, seen], axis=0) + 3, 3)
    z_variance = (values.var(axis=0) / np.where(variance > 0, variance, 1) - 1)[seen] / np.sqrt((kurtosis - 1) / count)
    assert np.abs(z_variance).max() < MAX_Z


@pytest.mark.parametrize("scale", [1e-3, 1e5])
@pytest.mark.parametrize("family_name", ["normal", "student_t", "lognormal", "gamma"])
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


@pytest.mark.parametrize(("name", "plain"), [("beta_binomial", "binomial"), ("negative_binomial", "poisson")])
@pytest.mark.parametrize("sigma", [0.0, 0.05, 0.4])
def test_working_weights_of_overdispersed_counts_rise_as_sigma_falls(
    name: FamilyName, plain: FamilyName, sigma: float
) -> None:
    """Down to those of counts that are not, at sigma = 0, from those at a rough one."""
    cells, family = cells_with_gaps(name), family_of(name)
    seen, standard = cells.observed, family.standard(cells)
    (_, weight), (rise, there) = family.working(cells, standard), family.rise(cells, standard)
    assert there > 0
    chance = 1 / family_of(plain).working(cells, standard)[1][seen]
    # of the logarithm of a rate, sigma^2 is the variance; of a share it is the correlation of trials
    more = np.ones(chance.size) if plain == "poisson" else (cells.denominator[seen] - 1) * chance
    np.testing.assert_allclose(
        (1 + rise[seen] * (sigma**2 - there)) / weight[seen], chance + more * sigma**2, rtol=1e-10
    )


@pytest.mark.parametrize("name", ["binomial", "poisson", "negative_binomial"])
def test_linearised_counts_have_the_slope_and_information_of_the_density(name: FamilyName) -> None:
    """Of a negative binomial count at the rough sigma that its weights are made at."""
    cells, family = cells_with_gaps(name), family_of(name)
    seen, standard = cells.observed, family.standard(cells)
    sigma = np.sqrt(np.broadcast_to(family.rise(cells, standard)[1], cells.value.shape))
    eta, step = 0.3 * np.random.default_rng(6).normal(size=cells.value.shape), 1e-4
    found = family.linearised(eta, cells, standard)
    assert found is not None
    up, at, down = (family.log_likelihood(eta + side, sigma, cells, standard)[seen] for side in (step, 0.0, -step))
    slope = (found[1] * (found[0] - eta))[seen]
    # central differences err by the square of the step and by rounding of likelihoods of some 100s
    np.testing.assert_allclose(slope, (up - down) / (2 * step), rtol=1e-5, atol=1e-5)
    if name != "negative_binomial":  # the information that is observed is that which is expected
        np.testing.assert_allclose(found[1][seen], -(up - 2 * at + down) / step**2, rtol=1e-3, atol=1e-3)
    assert not found[1][~seen].any()


def test_linearised_overdispersed_shares_have_the_variance_of_a_share() -> None:
    cells, family = cells_with_gaps("beta_binomial"), family_of("beta_binomial")
    seen, standard = cells.observed, family.standard(cells)
    rho = family.rise(cells, standard)[1]
    found = family.linearised(np.zeros(cells.value.shape), cells, standard)
    assert found is not None
    share, n = expit(standard.centre), cells.denominator[seen]
    variance = (1 + (n - 1) * rho) * share * (1 - share) / n
    np.testing.assert_allclose(found[0][seen], (cells.value[seen] / n - share) / (share * (1 - share)), rtol=1e-10)
    np.testing.assert_allclose(found[1][seen], (share * (1 - share)) ** 2 / variance, rtol=1e-10)


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
    expected = cells.value[seen] / cells.denominator[seen] if name in COUNTS else cells.value[seen]
    np.testing.assert_array_equal(level[seen], expected)
    assert np.isnan(level[~seen]).all()


def test_sizes_are_multiples_of_the_median_observed_one() -> None:
    cells = cells_with_gaps("normal")
    assert np.median(relative_size(cells)[cells.observed]) == pytest.approx(1, rel=1e-15)
    assert not relative_size(cells)[~cells.observed].any()
    np.testing.assert_array_equal(relative_size(cells_with_gaps("normal", counted=False)), np.ones((12, 6)))
