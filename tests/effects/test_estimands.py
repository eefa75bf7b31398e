"""Estimands on arrays, against arithmetic done cell by cell and against closed forms.

Simulated moments are compared by z-scores: 4 is passed by one of 16,000 honest ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from primum.effects.estimands import (
    by_cohort,
    by_event_time,
    cell_effects,
    new_unit,
    per_unit,
    satt,
    target_weights,
)
from primum.model import Cells, cells_of
from primum.model.families import Standard, family_of
from primum.spec.families import FACTS
from tests.model.cases import EFFECT
from tests.model.panels import evaluation

SAMPLE = ("chain", "draw")
MAX_Z = 4.0


@pytest.fixture(scope="module")
def cells() -> Cells:
    """Three pilots of twelve units; the second is half exposed in 2013."""
    spec, panel = evaluation("binomial", missing=4)
    return cells_of(panel.dataset, spec.outcomes[0])


@pytest.fixture(scope="module")
def posterior() -> xr.Dataset:
    rng = np.random.default_rng(1)
    return xr.Dataset(
        {
            "eta": ((*SAMPLE, "unit", "time"), rng.normal(size=(2, 5, 12, 6)).astype(np.float32)),
            "tau_unit": ((*SAMPLE, "pilot"), rng.normal(size=(2, 5, 3))),
        }
    )


def test_binomial_effects_are_differences_of_shares(cells: Cells, posterior: xr.Dataset) -> None:
    standard = Standard(-1.3, 1.0)
    effect = cell_effects(posterior, family_of("binomial"), cells, standard, 100.0)
    assert effect.shape == (2, 5, 3, 6)
    eta, tau = np.asarray(posterior["eta"], dtype=float), np.asarray(posterior["tau_unit"])
    for pilot, period, exposure in ((0, 3, 1.0), (1, 3, 0.5), (1, 4, 1.0), (2, 5, 1.0)):
        assert cells.exposure[pilot, period] == exposure
        expected = 100 * (
            expit(-1.3 + eta[..., pilot, period]) - expit(-1.3 + eta[..., pilot, period] - exposure * tau[..., pilot])
        )
        # double precision from single-precision latents on, which are the same on both sides
        np.testing.assert_allclose(effect[..., pilot, period], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", list(FACTS))
def test_without_exposure_there_is_no_effect(name: Any, cells: Cells, posterior: xr.Dataset) -> None:
    effect = cell_effects(posterior, family_of(name), cells, Standard(0.4, 2.0), 100.0)
    before = cells.exposure[cells.pilots] == 0
    assert before.any()
    assert not effect[..., before].any()
    assert (effect[..., ~before] != 0).all()


def test_normal_and_lognormal_effects_are_in_the_outcome_s_unit(cells: Cells, posterior: xr.Dataset) -> None:
    tau = np.asarray(posterior["tau_unit"])[..., None] * cells.exposure[cells.pilots]
    normal = cell_effects(posterior, family_of("normal"), cells, Standard(50.0, 7.0), 1.0)
    np.testing.assert_allclose(normal, 7 * tau, rtol=1e-12, atol=1e-12)
    lognormal = cell_effects(posterior, family_of("lognormal"), cells, Standard(3.0, 1.0), 1.0)
    level = np.exp(3 + np.asarray(posterior["eta"], dtype=float)[:, :, :3])
    np.testing.assert_allclose(lognormal, level * (1 - np.exp(-tau)), rtol=1e-12, atol=1e-12)


def test_pilots_are_found_wherever_they_stand(cells: Cells, posterior: xr.Dataset) -> None:
    """Pilots at the end of the panel, in which position and order are not the same thing."""
    backwards = replace(
        cells,
        exposure=cells.exposure[::-1],
        value=cells.value[::-1],
        pilots=np.flatnonzero(cells.exposure[::-1].any(1)),
    )
    turned = xr.Dataset(
        {
            "eta": ((*SAMPLE, "unit", "time"), np.asarray(posterior["eta"])[:, :, ::-1]),
            "tau_unit": ((*SAMPLE, "pilot"), np.asarray(posterior["tau_unit"])[:, :, ::-1]),
        }
    )
    family, standard = family_of("binomial"), Standard(-1.3, 1.0)
    assert list(backwards.pilots) == [9, 10, 11]
    found = cell_effects(turned, family, backwards, standard, 100.0)
    np.testing.assert_array_equal(found[:, :, ::-1], cell_effects(posterior, family, cells, standard, 100.0))


def test_satt_weighs_every_fully_exposed_cell_the_same() -> None:
    effect = np.arange(12, dtype=float).reshape(1, 1, 3, 4)
    full = np.array([[0, 0, 0, 1], [0, 1, 1, 1], [0, 0, 1, 1]], dtype=bool)
    assert satt(effect, full).item() == pytest.approx((3 + 5 + 6 + 7 + 10 + 11) / 6)
    np.testing.assert_allclose(per_unit(effect, full)[0, 0], [3, 6, 10.5])
    # the mean over cells, not over pilots
    assert satt(effect, full).item() != pytest.approx(np.mean([3, 6, 10.5]))


def test_satt_of_denominators_is_that_of_the_people_in_them(cells: Cells, posterior: xr.Dataset) -> None:
    effect = np.random.default_rng(2).normal(size=(2, 5, 3, 6))
    same, weighted = target_weights(cells, "areas"), target_weights(cells, "denominators")
    total, people = np.zeros((2, 5)), 0.0
    for pilot in range(3):
        for period in range(6):
            full = cells.exposure[pilot, period] == 1
            assert same[pilot, period] == full
            if full:
                total += cells.denominator[pilot, period] * effect[..., pilot, period]
                people += cells.denominator[pilot, period]
    np.testing.assert_allclose(satt(effect, weighted), total / people, rtol=1e-12)
    assert np.ptp(weighted[weighted > 0]) > 0
    unseen = replace(cells, denominator=np.where(np.arange(6) == 5, 0.0, cells.denominator))
    assert not target_weights(unseen, "denominators")[:, 5].any()
    assert target_weights(unseen, "areas")[:, 5].all()


def test_partly_exposed_cells_do_not_enter() -> None:
    effect = np.ones((2, 3, 1, 4))
    effect[..., 1] = 1e6
    np.testing.assert_array_equal(satt(effect, np.array([[False, False, True, True]])), np.ones((2, 3)))


def test_effect_by_event_time_is_the_mean_over_pilots_exposed_so_long() -> None:
    exposure = np.array([[0, 0.5, 1, 1], [0, 0, 0, 1.0]])
    effect = np.arange(8.0).reshape(1, 1, 2, 4)
    event = np.array([[-1, 0, 1, 2], [-3, -2, -1, 0]])
    times, found = by_event_time(effect, exposure, event)
    assert times.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(found[0, 0], [(1 + 7) / 2, 2, 3])


def test_effect_by_cohort_is_the_mean_over_its_fully_exposed_cells() -> None:
    full = np.array([[False, False, True, True], [False, True, True, True], [False, False, False, True]])
    effect = np.arange(12.0).reshape(1, 1, 3, 4)
    cohorts, found = by_cohort(effect, full, np.array([2012, 2011, 2012]))
    assert cohorts.tolist() == [2011, 2012]
    np.testing.assert_array_equal(found[0, 0], [(5 + 6 + 7) / 3, (2 + 3 + 11) / 3])


def test_terms_are_part_of_the_effect() -> None:
    spec, panel = evaluation("normal", pilots=5, staggered=True, changes=EFFECT)
    cells = cells_of(panel.dataset, spec.outcomes[0])
    assert cells.terms is not None
    rng, sample = np.random.default_rng(6), (1, 3)
    gamma = rng.normal(size=(*sample, len(cells.terms.names)))
    tau = rng.normal(size=(*sample, 5))
    posterior = xr.Dataset(
        {
            "eta": ((*SAMPLE, "unit", "time"), rng.normal(size=(*sample, *cells.value.shape))),
            "tau_unit": ((*SAMPLE, "pilot"), tau),
            "gamma": ((*SAMPLE, "term"), gamma),
        }
    )
    found = cell_effects(posterior, family_of("normal"), cells, Standard(50.0, 7.0), 1.0)
    expected = tau[..., None] * cells.exposure[cells.pilots]
    expected += sum(gamma[..., m, None, None] * cells.terms.design[m] for m in range(gamma.shape[-1]))
    # differences of numbers near 50
    np.testing.assert_allclose(found, 7 * expected, atol=1e-11)


def test_spread_of_units_reaches_a_new_one(cells: Cells) -> None:
    count = 40_000
    posterior = hyper(count, sigma_tau=0.0, sigma_alpha=0.0, q=0.0, omega=0.6)
    varied = replace(cells, varied=True)
    draws = new_unit(posterior, family_of("lognormal"), varied, Standard(3.0, 1.0), 1.0, np.random.default_rng(7))
    shock = np.log(draws / np.expm1(-0.5)) - 3.3
    # normal with a lognormal SD: variance s^2 exp(2 omega^2), kurtosis 3 exp(4 omega^2) = 12.7, that of its square more
    assert np.mean(shock**2) / (0.1**2 * np.exp(2 * 0.6**2)) == pytest.approx(1, abs=MAX_Z * np.sqrt(12.7 / count))


def hyper(count: int, **values: Any) -> xr.Dataset:
    """Draws of hyperparameters, fixed at a number or as given."""
    fixed = {"mu": 0.2, "sigma_alpha": 0.3, "q": 0.2, "s": 0.1, "tau": -0.5, "sigma_tau": 0.4} | values
    variables = {name: (SAMPLE, np.broadcast_to(value, (1, count))) for name, value in fixed.items()}
    path = np.broadcast_to(np.array([0.1, 0, -0.2, 0, 0, 0.1]), (1, count, 6))
    return xr.Dataset({**variables, "lambda": ((*SAMPLE, "time"), path)})


def test_effect_in_a_new_unit_has_the_moments_of_the_closed_form(cells: Cells) -> None:
    """With an identity link it is tau plus a unit's own part: variances add up."""
    count, rng = 20_000, np.random.default_rng(2)
    tau = rng.normal(-0.5, 0.3, count)
    draws = new_unit(hyper(count, tau=tau), family_of("normal"), cells, Standard(50.0, 7.0), 1.0, rng)
    mean, variance = 7 * tau.mean(), 49 * (0.4**2 + tau.var())
    assert draws.shape == (1, count)
    assert abs(draws.mean() - mean) < MAX_Z * 7 * 0.4 / np.sqrt(count)
    assert abs(draws.var() / variance - 1) < MAX_Z * np.sqrt(2 / count)


def test_level_of_a_new_unit_has_the_spread_of_the_panel_s_last_period(cells: Cells) -> None:
    """With a log link and a fixed effect the draws show the level: lognormal with known moments."""
    count, rng = 20_000, np.random.default_rng(3)
    posterior = hyper(count, sigma_tau=0.0)
    draws = new_unit(posterior, family_of("lognormal"), cells, Standard(3.0, 1.0), 1.0, rng)
    eta = np.log(draws / np.expm1(-0.5)) - 3
    elapsed = np.arange(6)
    walk = np.minimum.outer(elapsed, elapsed)
    from_mean = np.eye(6)[-1] - 1 / 6  # the last period less the mean of all
    variance = 0.3**2 + 0.2**2 * from_mean @ walk @ from_mean + 0.1**2
    assert abs(eta.mean() - (0.2 + 0.1)) < MAX_Z * np.sqrt(variance / count)
    assert abs(eta.var() / variance - 1) < MAX_Z * np.sqrt(2 / count)


def test_a_new_unit_has_no_shock_where_the_model_has_none(cells: Cells) -> None:
    count = 20_000
    posterior = hyper(count, sigma_tau=0.0, sigma_alpha=0.0, q=0.0)
    family, standard = family_of("lognormal"), Standard(3.0, 1.0)
    fixed = new_unit(posterior.drop_vars("s"), family, cells, standard, 1.0, np.random.default_rng(4))
    assert fixed.std() < 1e-12 * abs(fixed.mean())
    assert fixed[0, 0] == pytest.approx(np.exp(3.3) * np.expm1(-0.5), rel=1e-12)
    shaken = new_unit(posterior, family, cells, standard, 1.0, np.random.default_rng(4))
    assert abs(np.log(-shaken).std() / 0.1 - 1) < MAX_Z / np.sqrt(2 * count)


def test_binomial_effect_in_a_new_unit_is_the_quadrature_s(cells: Cells) -> None:
    count, rng = 40_000, np.random.default_rng(5)
    draws = new_unit(hyper(count), family_of("binomial"), cells, Standard(-1.0, 1.0), 100.0, rng)
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    weight = np.outer(weights, weights) / weights.sum() ** 2
    elapsed = np.arange(6)
    from_mean = np.eye(6)[-1] - 1 / 6
    spread = np.sqrt(0.3**2 + 0.2**2 * from_mean @ np.minimum.outer(elapsed, elapsed) @ from_mean + 0.1**2)
    eta = -1.0 + 0.2 + 0.1 + spread * nodes[:, None]
    effect = 100 * (expit(eta - 0.5 + 0.4 * nodes) - expit(eta))
    mean = (weight * effect).sum()
    sd = np.sqrt((weight * (effect - mean) ** 2).sum())
    assert abs(draws.mean() - mean) < MAX_Z * sd / np.sqrt(count)
    # the kurtosis of these effects is near 3
    assert abs(draws.std() / sd - 1) < MAX_Z / np.sqrt(2 * count) * 1.3
