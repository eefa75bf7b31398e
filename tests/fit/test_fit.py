"""A real fit against the posterior computed without any sampler.

With a normal likelihood everything but the four scales is Gaussian given them, so their marginal
posterior is known exactly and is integrated here by importance sampling. Means and SDs are compared
in units of the Monte Carlo errors of both; 5 is passed by one of two million honest comparisons, and
some hundred are made, with errors that are themselves estimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import arviz as az
import numpy as np
import pytest
import xarray as xr
from scipy import linalg, optimize, stats

from primum.errors import SpecError
from primum.fit import fit
from primum.fit.sample import seed_for
from primum.model import Cells, cells_of
from primum.model.families import family_of
from primum.model.layout import SCALARS
from primum.testing import CHAINS, DRAWS, tiny_fit
from tests.fit.evaluations import RealFit, tiny_evaluation
from tests.model.panels import Array

MAX_Z = 5.0
SCALES = ("sigma_alpha", "q", "sigma_tau", "sigma")
PROPOSALS = 4000


@dataclass(frozen=True)
class Estimate:
    """Means and SDs with their Monte Carlo errors."""

    mean: Array
    mean_error: Array
    sd: Array
    sd_error: Array


class Collapsed:
    """The posterior of the scales with all the rest integrated out, on the logarithms of the scales."""

    def __init__(self, cells: Cells, response: Array, prior_scale: dict[str, float]) -> None:
        self.y = response[cells.observed]
        self.prior_scale = np.array([prior_scale[name] for name in SCALES])
        units, periods = cells.value.shape
        elapsed = (cells.time - cells.time[0]).astype(float)
        centre = np.eye(periods) - 1 / periods
        same_unit = np.kron(np.eye(units), np.ones((periods, periods)))
        exposure = cells.exposure.ravel()
        pilot = np.repeat((cells.exposure > 0).any(axis=1).astype(float), periods)
        # rows of what is wanted on cells: mu, beta_pilot and tau each times its regressor; then eta itself
        linear = {"mu": np.ones(exposure.size), "beta_pilot": pilot, "tau": exposure}
        variance = {name: prior_scale[name] ** 2 for name in linear}
        fixed = sum(variance[name] * np.outer(row, row) for name, row in linear.items())
        fixed = fixed + prior_scale["lambda_t"] ** 2 * np.kron(np.ones((units, units)), centre)
        # covariance of eta over all cells: a part without scales, and one for each squared scale
        parts = [
            same_unit,
            np.kron(np.eye(units), centre @ np.minimum.outer(elapsed, elapsed) @ centre),
            same_unit * np.outer(exposure, exposure),
        ]
        seen = np.flatnonzero(cells.observed.ravel())
        self.whole = np.stack([np.asarray(fixed), *parts])
        self.seen_only = self.whole[:, seen[:, None], seen]
        self.columns = self.whole[:, :, seen]
        self.linear = np.stack([variance[name] * row[seen] for name, row in linear.items()])
        self.linear_variance = np.array(list(variance.values()))

    @staticmethod
    def _mix(scales: Array, parts: Array) -> Array:
        return np.asarray(np.tensordot(np.append(1.0, scales[:-1] ** 2), parts, axes=1))

    def _factor(self, scales: Array) -> Array:
        noisy = self._mix(scales, self.seen_only)
        noisy[np.diag_indices_from(noisy)] += scales[-1] ** 2
        return np.linalg.cholesky(noisy)

    def log_density(self, log_scales: Array) -> float:
        if log_scales.min() < -12 or log_scales.max() > 3:
            return -np.inf  # where next to nothing of the posterior is, and matrices cannot be factored
        scales = np.exp(log_scales)
        factor = self._factor(scales)
        white = linalg.solve_triangular(factor, self.y, lower=True)
        half_normal = -0.5 * ((scales / self.prior_scale) ** 2).sum()
        return float(-0.5 * white @ white - np.log(np.diag(factor)).sum() + half_normal + log_scales.sum())

    def conditional(self, log_scales: Array) -> tuple[Array, Array]:
        """Mean and variance of mu, beta_pilot, tau and every eta, given the scales."""
        scales = np.exp(log_scales)
        factor = self._factor(scales)
        cross = np.vstack([self.linear, self._mix(scales, self.columns)])
        prior = np.append(self.linear_variance, np.diag(self._mix(scales, self.whole)))
        white = linalg.solve_triangular(factor, np.column_stack([cross.T, self.y]), lower=True)
        return white[:, :-1].T @ white[:, -1], prior - (white[:, :-1] ** 2).sum(axis=0)


def exact(collapsed: Collapsed) -> tuple[Estimate, float]:
    """Posterior of the scales, mu, beta_pilot, tau and eta; and the share of effective proposals."""
    rng = np.random.default_rng(0)
    start = np.log(collapsed.prior_scale / 2)

    def height(at: Any) -> float:
        return -collapsed.log_density(at)

    mode = np.asarray(optimize.minimize(height, start, method="Nelder-Mead").x)
    # q and sigma_tau may be near 0, where their logarithms tail off slowly: half of the proposals look there
    wide = stats.multivariate_t(mode - [0, 0.5, 0.5, 0], np.diag([0.1, 2.0, 2.0, 0.1]), df=4)
    centre, spread = mode, np.eye(start.size) / 2
    for count in (500, 500, PROPOSALS // 2):  # the first rounds learn the shape
        near = stats.multivariate_t(centre, 1.2 * spread, df=4)
        points = np.vstack([each.rvs(count, random_state=rng) for each in (near, wide)])
        log_weight = np.array([collapsed.log_density(point) for point in points])
        log_weight -= np.logaddexp(near.logpdf(points), wide.logpdf(points))
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        centre, spread = weight @ points, np.cov(points.T, aweights=weight)
    # every fourth proposal is enough for the Gaussian part, whose conditional moments are exact
    some = np.flatnonzero(weight)[::4]
    linear = np.array([np.concatenate(collapsed.conditional(point)) for point in points[some]])
    few = weight[some] / weight[some].sum()
    half = linear.shape[1] // 2
    scales = summarise(weight, np.exp(points), np.zeros(points.shape))
    rest = summarise(few, linear[:, :half], linear[:, half:])
    joined = [np.concatenate([getattr(scales, name), getattr(rest, name)]) for name in Estimate.__annotations__]
    return Estimate(*joined), 1 / float((weight**2).sum()) / PROPOSALS


def summarise(weight: Array, mean: Array, variance: Array) -> Estimate:
    centre = weight @ mean
    square = variance + (mean - centre) ** 2
    spread = weight @ square
    error = np.sqrt(weight**2 @ (mean - centre) ** 2)
    error_square = np.sqrt(weight**2 @ (square - spread) ** 2)
    return Estimate(centre, error, np.sqrt(spread), error_square / (2 * np.sqrt(spread)))


def sampled(posterior: xr.Dataset) -> Estimate:
    draws = [np.asarray(posterior[name])[..., None] for name in (*SCALES, "mu", "beta_pilot", "tau")]
    eta = np.asarray(posterior["eta"], dtype=float)
    stacked = np.concatenate([*draws, eta.reshape(*eta.shape[:2], -1)], axis=-1)
    array = xr.DataArray(stacked, dims=("chain", "draw", "quantity"))
    errors = [np.asarray(az.mcse(array, method=method)) for method in ("mean", "sd")]
    return Estimate(stacked.mean(axis=(0, 1)), errors[0], stacked.std(axis=(0, 1)), errors[1])


@pytest.mark.parametrize("name", ["first", "first_again"])
def test_posterior_is_the_exact_one(real_fit: RealFit, name: str) -> None:
    outcome = real_fit.spec.outcome(name)
    cells, family = cells_of(real_fit.panel.dataset, outcome), family_of("normal")
    assert (~cells.observed).sum() == 6
    response, _ = family.working(cells, family.standard(cells))
    priors = {key: prior.scale for key, prior in outcome.all_priors().items()}
    expected, effective = exact(Collapsed(cells, response, priors))
    assert effective > 0.1, "the reference itself must be well sampled"
    found = sampled(real_fit.fit.posterior(name))
    z_mean = (found.mean - expected.mean) / np.hypot(found.mean_error, expected.mean_error)
    named = slice(0, len(SCALES) + 3)
    z_sd = ((found.sd - expected.sd) / np.hypot(found.sd_error, expected.sd_error))[named]
    assert z_mean.size == len(SCALES) + 3 + 14 * 6  # missing cells are among them
    assert np.abs(z_mean).max() < MAX_Z, z_mean.round(1)
    assert np.abs(z_sd).max() < MAX_Z, z_sd.round(1)
    # the errors of SDs are too noisy to trust in each of 84 cells; an SD of 900 draws errs by 2.4%, or by
    # twice that where tails are heavy
    np.testing.assert_allclose(found.sd, expected.sd, rtol=0.2)


def test_variables_hang_together_draw_by_draw(real_fit: RealFit) -> None:
    """Eta is location plus departure, and lambda sums to zero, in every single draw."""
    posterior = real_fit.fit.posterior("first")
    assert np.abs(posterior["lambda"].sum("time")).max() < 1e-12
    assert posterior["eta"].dtype == np.float32
    assert posterior["tau_unit"].dims == ("chain", "draw", "pilot")
    assert list(posterior["pilot"].values) == [f"Area 0{pilot}" for pilot in range(4)]
    assert (posterior[list(SCALES)] > 0).all().to_array().all()
    assert "s" not in posterior


def test_predictions_are_those_of_the_posterior(real_fit: RealFit) -> None:
    """Replicated values are centred on the expected ones, and the log likelihood is the density at eta."""
    outcome = real_fit.spec.outcome("first")
    cells, family = cells_of(real_fit.panel.dataset, outcome), family_of("normal")
    standard = family.standard(cells)
    tree = real_fit.fit["first"]
    posterior = tree["posterior"].to_dataset().isel(draw=slice(None, None, 4))
    eta, sigma = np.asarray(posterior["eta"], dtype=float), np.asarray(posterior["sigma"])[..., None, None]
    assert eta.shape[:2] == (4, 250)
    replicated, density = np.asarray(tree["posterior_predictive"]["first"]), np.asarray(tree["log_likelihood"]["first"])
    scale = standard.spread * sigma
    z = (replicated - (standard.centre + standard.spread * eta)) / scale
    # independent standard normals: 84,000 of them, so mean and variance err by 0.0035 and 0.005
    assert abs(z.mean()) < MAX_Z / np.sqrt(z.size)
    assert abs(z.var() - 1) < MAX_Z * np.sqrt(2 / z.size)
    expected = np.asarray(stats.norm.logpdf(cells.value, standard.centre + standard.spread * eta, scale))
    # kept in single precision
    np.testing.assert_allclose(density[..., cells.observed], expected[..., cells.observed], rtol=2e-5, atol=2e-5)
    assert np.isnan(density[..., ~cells.observed]).all()


def test_one_seed_gives_the_same_draws_in_any_order_of_outcomes(real_fit: RealFit) -> None:
    spec, panel = tiny_evaluation("first_again", "first")
    again = fit(spec, panel, show_progress=False)
    assert list(again.tree.children) == ["first_again", "first"]
    for name in ("first", "first_again"):
        ours, theirs = again[name], real_fit.fit[name]
        for group in ("posterior", "sample_stats", "posterior_predictive", "log_likelihood", "observed_data"):
            xr.testing.assert_equal(ours[group].to_dataset(), theirs[group].to_dataset())
        assert again.gates[name] == real_fit.fit.gates[name]


def test_outcomes_have_seeds_of_their_own() -> None:
    seeds = {seed_for(seed, name) for seed in (0, 1, 2**32 - 1) for name in ("first", "first_again")}
    assert len(seeds) == 6


def test_observed_data_are_the_outcome_s_own(real_fit: RealFit) -> None:
    """Not those of another whose name begins the same."""
    observed = real_fit.fit["first"]["observed_data"].to_dataset()
    assert list(observed.data_vars) == ["first"]
    assert list(tiny_fit()["kinship"]["observed_data"].data_vars) == ["kinship", "kinship_denominator"]
    np.testing.assert_array_equal(observed["first"], real_fit.panel.dataset["first"])


def test_gate_is_the_worst_of_outcomes_and_the_printout_names_them(real_fit: RealFit) -> None:
    text = repr(real_fit.fit)
    assert text.splitlines()[0] == f"Fit of 'A tiny evaluation': gate {real_fit.fit.gate.verdict}"
    assert "first_again: " in text
    assert "4 chains x 1000 draws" in text
    with pytest.raises(KeyError, match="no outcome 'third'"):
        real_fit.fit["third"]


def test_a_panel_read_with_another_layout_is_refused() -> None:
    spec, panel = tiny_evaluation("first")
    for changes in (
        {"treatment.embedding": "leave out"},
        {"periods.last": 2014},
        {"outcomes.first.denominator": "first_size"},
        {"outcomes.third": {**spec.to_dict()["outcomes"]["first"]}},
    ):
        with pytest.raises(SpecError, match="read the panel again"):
            fit(spec.change(changes), panel)


@pytest.mark.parametrize("name", ["rereferral", "assessment"])
def test_a_canned_fit_has_the_shape_of_a_real_one(name: str, real_fit: RealFit) -> None:
    canned, real = tiny_fit()[name], real_fit.fit["first"]
    assert set(canned.children) == set(real.children)
    assert set(canned.attrs) == set(real.attrs)
    for group in ("posterior", "sample_stats", "posterior_predictive", "log_likelihood"):
        ours, theirs = canned[group].to_dataset(), real[group].to_dataset()
        for variable in set(ours.data_vars) & set(theirs.data_vars):
            assert ours[variable].dims == theirs[variable].dims, variable
    posterior = tiny_fit().posterior(name)
    off = {"kappa", "sigma_event", "sigma_cohort", "omega", "sigma_slope", "sigma_region"} | (
        set() if name == "assessment" else {"sigma"}
    )
    assert set(posterior.data_vars) == {*SCALARS, "lambda", "tau_unit", "eta"} - off
    assert (posterior.sizes["chain"], posterior.sizes["draw"]) == (CHAINS, DRAWS)


def test_arviz_finds_what_was_observed_under_the_names_of_what_is_predicted(real_fit: RealFit) -> None:
    tree = real_fit.fit["first"]
    for group in ("posterior_predictive", "log_likelihood"):
        assert list(tree[group].data_vars) == ["first"]
        assert "first" in tree["observed_data"].data_vars
