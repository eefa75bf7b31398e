"""The effect in a new unit, against closed forms.

Simulated moments are compared by z-scores: 4 is passed by one of 16,000 honest ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from primum.effects.new_unit import NEW_UNIT, new_unit, new_unit_with
from primum.effects.predictions import SAMPLE
from primum.errors import InputError
from primum.model import Cells, cells_of
from primum.model.cells import Regions
from primum.model.families import Standard, family_of
from tests.effects.made import made
from tests.model.cases import TRENDS
from tests.model.panels import evaluation

MAX_Z = 4.0


@pytest.fixture(scope="module")
def cells() -> Cells:
    """Three pilots of twelve units."""
    spec, panel = evaluation("binomial", missing=4)
    return cells_of(panel.dataset, spec.outcomes[0])


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


def test_a_new_unit_has_a_trend_and_the_path_of_some_region() -> None:
    """Comparators of two regions, three in one and six in the other; nothing but trends and paths vary."""
    count, rng = 40_000, np.random.default_rng(6)
    spec, panel = evaluation("binomial", changes=TRENDS)
    regions = Regions(("North", "South"), np.array([0, 1, 1, *[0] * 3, *[1] * 6]))
    cells = replace(cells_of(panel.dataset, spec.outcomes[0]), regions=regions)
    posterior = hyper(count, sigma_tau=0.0, sigma_alpha=0.0, q=0.0, s=0.0, sigma_slope=0.05)
    paths = np.zeros((1, count, 2, 6))
    paths[..., 0, -1], paths[..., 1, -1] = 0.3, -0.6
    posterior["lambda_region"] = ((*SAMPLE, "region", "time"), paths)
    draws = new_unit(posterior, family_of("lognormal"), cells, Standard(3.0, 1.0), 1.0, rng)
    eta = np.log(draws / np.expm1(-0.5)) - 3.2
    trend = (0.05 * 2.5) ** 2  # half the span of six periods
    # a third at 0.3, the rest at -0.6: mean -0.3, variance 0.18
    whole = 0.18 + trend
    assert abs(eta.mean() + 0.3) < MAX_Z * np.sqrt(whole / count)
    # its kurtosis is below a normal's
    assert abs(eta.var() / whole - 1) < MAX_Z * np.sqrt(2 / count)


MODERATED = {"outcomes.first.effect.moderators": ["rating"]}


def test_moderators_of_a_new_unit_shift_its_effect_by_their_coefficient() -> None:
    found = made("normal", pilots=5, changes=MODERATED)
    ratings, gamma = np.array([1, 2, 3, 1, 2.0]), np.asarray(found.posterior["gamma"])[..., 0]
    given = new_unit_with("given", {"rating": 3.0})
    assert given.applies(found)
    shift = found.standard.spread * gamma * (3 - ratings.mean()) / ratings.std()
    # differences of numbers near 50; random numbers are the same
    np.testing.assert_allclose(given.of(found) - NEW_UNIT.of(found), shift, atol=1e-11)
    average = new_unit_with("average", {"rating": ratings.mean()})
    np.testing.assert_allclose(average.of(found), NEW_UNIT.of(found), atol=1e-11)


def test_moderators_that_are_not_known_are_those_of_some_pilot() -> None:
    found = made("normal", pilots=5, changes=MODERATED)
    ratings, gamma = np.array([1, 2, 3, 1, 2.0]), np.asarray(found.posterior["gamma"])[..., 0]
    shift = new_unit_with("unknown").of(found) - NEW_UNIT.of(found)
    value = np.asarray(shift) / found.standard.spread / gamma * ratings.std() + ratings.mean()
    np.testing.assert_allclose(value, value.round(), atol=1e-9)
    assert set(value.round().ravel()) == {1.0, 2.0, 3.0}


def test_moderators_must_be_those_of_the_effect() -> None:
    without, found = made("normal"), made("normal", pilots=5, changes=MODERATED)
    assert not new_unit_with("unknown").applies(without)
    assert not new_unit_with("given", {"rating": 1.0}).applies(without)
    assert not new_unit_with("given", {"ofsted": 1.0}).applies(found)
    assert not new_unit_with("given", {"ofsted": 1.0, "rating": 1.0}).applies(found)
    assert "with rating 1.5" in new_unit_with("given", {"rating": 1.5}).population


@pytest.mark.parametrize(
    ("moderators", "problem"),
    [
        ({}, "moderators is empty"),
        ({"ofsted": "good"}, "ofsted must be a finite number"),
        ({"ofsted": np.nan}, "finite"),
    ],
)
def test_moderators_must_be_numbers(moderators: Any, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        new_unit_with("odd", moderators)
