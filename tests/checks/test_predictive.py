"""Predictive checks on panels whose truth is known, with a posterior that sits at the truth.

At the truth the observed panel is one more draw of the replicated ones, so that p-values are
uniform; with a parameter moved away from it they must not be.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from primum.checks import PredictiveCheck, predictive_checks
from primum.checks.predictive import (
    FEATURES,
    REPLICATIONS,
    _coarsened,
    _rules,
    lag_correlation,
    largest_change,
    replicate,
    spread_between,
    typical_change,
)
from primum.fit import Fit, Gate
from primum.model import Cells, cells_of
from primum.model.families import Standard, family_of
from primum.panel import Panel
from primum.spec import Spec
from primum.testing import tiny_fit, tiny_imputed
from tests.model.cases import REGIONS, TRENDS, VARIED
from tests.model.panels import Array, Hyper, evaluation

SAMPLE = ("chain", "draw")
TRUTH = Hyper(mu=-0.8, sigma_alpha=0.3, path=0.0, q=0.12, s=0.25, tau=0.3, sigma_tau=0.2)
MAX_Z = 4.5


def posterior_at(hyper: Hyper, standard: Standard, periods: int, count: int, **more: Any) -> xr.Dataset:
    """Draws that all sit at the truth, on the scale that the model is fitted on."""
    fixed = {
        "mu": hyper.mu - standard.centre,
        "beta_pilot": 0.0,
        "sigma_alpha": hyper.sigma_alpha,
        "q": hyper.q,
        "s": hyper.s,
        "tau": hyper.tau,
        "sigma_tau": hyper.sigma_tau,
        **more,
    }
    variables: dict[str, Any] = {name: (SAMPLE, np.full((4, count // 4), value)) for name, value in fixed.items()}
    variables["lambda"] = ((*SAMPLE, "time"), np.zeros((4, count // 4, periods)))
    variables["eta"] = ((*SAMPLE, "unit", "time"), np.zeros((4, count // 4, 1, periods)))
    return xr.Dataset(variables)


def simulated(seed: int, **table: Any) -> tuple[Spec, Panel]:
    times = tuple(range(2010, 2018))
    return evaluation("binomial", units=40, pilots=6, times=times, size=300.0, hyper=TRUTH, seed=seed, **table)


def fit_at(hyper: Hyper, spec: Spec, panel: Panel) -> Fit:
    cells = cells_of(panel.dataset, spec.outcomes[0])
    posterior = posterior_at(hyper, family_of("binomial").standard(cells), cells.time.size, REPLICATIONS)
    tree = xr.DataTree.from_dict({"posterior": posterior})
    return Fit(spec, panel, xr.DataTree(children={"first": tree}), {"first": Gate((), 1.0, np.inf)})


def checks_at(hyper: Hyper, seed: int, **table: Any) -> dict[str, PredictiveCheck]:
    found = predictive_checks(fit_at(hyper, *simulated(seed, **table)), "first")
    return {check.feature: check for check in found}


@pytest.fixture(scope="module")
def at_the_truth() -> list[dict[str, PredictiveCheck]]:
    return [checks_at(TRUTH, seed) for seed in range(30)]


@pytest.mark.parametrize("feature", list(FEATURES))
def test_at_the_truth_p_values_are_uniform(feature: str, at_the_truth: list[dict[str, PredictiveCheck]]) -> None:
    p_values = [checks[feature].p_value for checks in at_the_truth]
    # four features; an honest set is this far from uniform once in a thousand times
    assert stats.kstest(p_values, "uniform").pvalue > 1e-3
    # of 30 honest panels, five or more beyond the middle 98% come once in 2,000 times
    assert sum(not checks[feature].reproduced for checks in at_the_truth) < 5


def test_shocks_of_twice_the_size_are_flagged() -> None:
    for seed in range(5):
        found = checks_at(replace(TRUTH, s=2 * TRUTH.s), seed)
        assert not found["typical change from period to period"].reproduced
        assert not found["correlation of successive periods"].reproduced
        # nearly all replicated panels change more than the observed one
        assert found["typical change from period to period"].p_value > 0.99


def test_levels_of_half_the_spread_are_flagged() -> None:
    found = checks_at(replace(TRUTH, sigma_alpha=TRUTH.sigma_alpha / 4), 0)
    assert not found["spread between units"].reproduced
    assert found["spread between units"].p_value < 0.01


def test_shocks_in_place_of_drift_are_flagged_by_the_correlation() -> None:
    drifting = replace(TRUTH, q=0.35, s=0.05, sigma_alpha=0.05)
    spec, panel = evaluation(
        "binomial", units=40, pilots=6, times=tuple(range(2010, 2018)), size=300.0, hyper=drifting, seed=1
    )
    shaken = replace(drifting, q=0.0, s=0.35)
    found = {check.feature: check for check in predictive_checks(fit_at(shaken, spec, panel), "first")}
    assert found["correlation of successive periods"].p_value < 0.01


def test_replicated_panels_have_the_gaps_of_the_observed_one() -> None:
    spec, panel = simulated(3, missing=20)
    cells, family = cells_of(panel.dataset, spec.outcomes[0]), family_of("binomial")
    standard = family.standard(cells)
    posterior = posterior_at(TRUTH, standard, 8, 40)
    panels = replicate(posterior, family, cells, standard, np.random.default_rng(1))
    assert panels.shape == (40, 40, 8)
    np.testing.assert_array_equal(np.isnan(panels), np.broadcast_to(~cells.observed, panels.shape))
    counts = (panels * cells.denominator)[:, cells.observed]
    # shares are counts over the observed denominators
    np.testing.assert_allclose(counts, counts.round(), atol=1e-9)
    assert (counts >= 0).all()
    assert (counts <= cells.denominator[cells.observed]).all()
    for check in predictive_checks(fit_at(TRUTH, spec, panel), "first"):
        assert np.isfinite(check.replicated).all()
        assert np.isfinite(check.observed)
        assert check.replicated.shape == (REPLICATIONS,)


def moments(cells: Cells, hyper: Hyper) -> tuple[Array, Array]:
    """Mean and covariance of a comparator's and a pilot's path on the scale of eta."""
    elapsed = (cells.time - cells.time[0]).astype(float)
    centre = np.eye(elapsed.size) - 1 / elapsed.size
    walk = centre @ np.minimum.outer(elapsed, elapsed) @ centre
    covariance = hyper.sigma_alpha**2 + hyper.q**2 * walk + hyper.s**2 * np.eye(elapsed.size)
    exposure = cells.exposure[[-1, 0]]
    mean = exposure * hyper.tau
    return mean, np.stack([covariance + hyper.sigma_tau**2 * np.outer(row, row) for row in exposure])


def test_replicated_units_have_the_moments_of_the_model() -> None:
    """A normal outcome, whose replicated values are linear in all that is drawn."""
    count = 8000
    spec, panel = evaluation("normal", units=8, pilots=2, times=(2010, 2011, 2013, 2014, 2018, 2019), hyper=TRUTH)
    cells, family = cells_of(panel.dataset, spec.outcomes[0]), family_of("normal")
    standard = Standard(50.0, 7.0)
    posterior = posterior_at(TRUTH, standard, 6, count, mu=0.4, beta_pilot=0.8, sigma=0.2)
    posterior["lambda"] = posterior["lambda"] + xr.DataArray([0.3, 0, 0, -0.3, 0, 0], dims="time")
    panels = replicate(posterior, family, cells, standard, np.random.default_rng(2))
    size = cells.denominator / np.median(cells.denominator)
    means, covariances = moments(cells, TRUTH)
    for unit, mean, covariance, beta in zip((-1, 0), means, covariances, (0.0, 0.8), strict=True):
        values = (panels[:, unit] - 50) / 7
        expected = 0.4 + beta + np.array([0.3, 0, 0, -0.3, 0, 0]) + mean
        whole = covariance + np.diag(0.2**2 / size[unit])
        z_mean = (values.mean(axis=0) - expected) / np.sqrt(np.diag(whole) / count)
        assert np.abs(z_mean).max() < MAX_Z
        # the error of a sample covariance of normals
        error = np.sqrt((np.outer(np.diag(whole), np.diag(whole)) + whole**2) / count)
        assert np.abs((np.cov(values.T) - whole) / error).max() < MAX_Z
    # units are drawn apart from each other
    correlation = np.corrcoef(panels[:, 2, 0], panels[:, 3, 0])[0, 1]
    assert abs(correlation) < MAX_Z / np.sqrt(count)


def test_replicated_units_have_the_trends_and_paths_of_the_model() -> None:
    """With q and s at 0, a unit is its level, its line and its region's path; kappa 0.5 halves pilots' own lines."""
    count = 8000
    changes = {**TRENDS, **REGIONS, **VARIED, "outcomes.first.weights": {"base": "equal", "kappa": 0.5}}
    spec, panel = evaluation("normal", units=8, pilots=2, changes=changes)
    cells, family, standard = cells_of(panel.dataset, spec.outcomes[0]), family_of("normal"), Standard(50.0, 7.0)
    still = replace(TRUTH, mu=50.0, q=0.0, s=0.0, tau=0.0, sigma_tau=0.0)
    posterior = posterior_at(still, standard, 6, count, sigma=1e-9, sigma_slope=0.1, omega=0.3)
    paths = np.arange(18.0).reshape(3, 6)
    posterior["lambda_region"] = xr.DataArray(
        np.broadcast_to(paths, (4, count // 4, 3, 6)), dims=(*SAMPLE, "region", "time")
    )
    posterior["weight"] = xr.DataArray(np.full((4, count // 4, 2, 6), 1 / 6), dims=(*SAMPLE, "pilot", "comparator"))
    panels = (replicate(posterior, family, cells, standard, np.random.default_rng(3)) - 50) / 7
    away = panels - paths[np.arange(8) % 3]
    lines = np.polynomial.polynomial.polyfit(np.arange(6) - 2.5, away.reshape(-1, 6).T, 1)
    # level and line explain all of it, values being near 50 / 7
    np.testing.assert_allclose(
        np.polynomial.polynomial.polyval(np.arange(6) - 2.5, lines), away.reshape(-1, 6), atol=1e-6
    )
    slope, each = lines[1].reshape(count, 8), np.exp(2 * 0.3**2)
    square = 0.1**2 * np.array([0.25 + 1 / 6, 1.0]) * each
    # a normal times a lognormal SD: its square has a kurtosis of 3 exp(4 omega^2), or less for a mean of several
    error = np.sqrt((3 * np.exp(4 * 0.3**2) - 1) / count)
    assert np.abs((slope[:, [0, -1]] ** 2).mean(axis=0) / square - 1).max() < MAX_Z * error


PANEL = np.array(
    [[1.0, 2.0, np.nan, 4.0], [3.0, 3.0, 5.0, 6.0], [np.nan, np.nan, np.nan, np.nan], [2.0, 7.0, 1.0, 2.0]]
)


def test_features_by_hand() -> None:
    centred = PANEL - np.array([2.0, 4.0, 3.0, 4.0])
    pairs = np.array([[-1, -2], [1, -1], [-1, 2], [2, 2], [0, 3], [3, -2], [-2, -2]], dtype=float)
    changes = pairs[:, 1] - pairs[:, 0]
    np.testing.assert_array_equal(centred[1], [1, -1, 2, 2])
    assert spread_between(PANEL) == pytest.approx(np.std([7 / 3, 17 / 4, 3]))
    assert typical_change(PANEL) == pytest.approx(np.std(changes))
    assert lag_correlation(PANEL) == pytest.approx(np.corrcoef(pairs.T)[0, 1])
    assert largest_change(PANEL) == 6


def test_features_ignore_what_all_units_share() -> None:
    shifted = PANEL + np.array([0.0, 5.0, -2.0, 1.0])
    assert typical_change(shifted) == pytest.approx(typical_change(PANEL))
    assert lag_correlation(shifted) == pytest.approx(lag_correlation(PANEL))


def test_p_value_is_the_share_at_or_above() -> None:
    replicated = np.arange(100.0)
    assert PredictiveCheck("first", "a", 90.0, replicated, "").p_value == pytest.approx(0.1)
    assert PredictiveCheck("first", "a", 99.0, replicated, "").p_value == 0.01
    checks = [PredictiveCheck("first", "a", value, replicated, "") for value in (-1.0, 1.0, 99.0, 99.5)]
    assert [check.reproduced for check in checks] == [False, True, True, False]


def test_checks_depend_on_the_seed_alone_and_are_in_the_outcome_s_unit() -> None:
    first, again = (predictive_checks(tiny_fit(), "kinship") for _ in range(2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.replicated, other.replicated)
    assert [check.feature for check in first] == list(FEATURES)
    dataset = tiny_fit().panel.dataset
    shares = 100 * np.asarray(dataset["kinship"] / dataset["kinship_denominator"])
    assert first[0].observed == pytest.approx(shares.mean(axis=1).std())
    assert first[3].observed == pytest.approx(np.abs(np.diff(shares, axis=1)).max())


def test_replicated_panels_stand_beside_their_own_imputation() -> None:
    found = predictive_checks(tiny_imputed(), "kinship")
    each = [predictive_checks(tiny_fit(seed), "kinship") for seed in (1, 2, 3)]
    for check, *parts in zip(found, *each, strict=True):
        own = [part.observed for part in parts]
        assert check.observed == pytest.approx(np.mean(own))
        assert check.beside is not None
        assert set(check.beside) == set(own)
        # about as many as of one panel in all, as many of each
        assert 0.9 * REPLICATIONS <= check.replicated.size <= 1.1 * REPLICATIONS
        assert check.p_value == np.mean([rep >= obs for rep, obs in zip(check.replicated, check.beside, strict=True)])


def test_replicated_values_are_known_no_better_than_observed_ones() -> None:
    """Below 12 and above 40 for all: values beyond are drawn at these in both. Of counts, 1 to 5 are drawn at 3."""
    cells = Cells(
        np.array([[40.0, 20.0], [40.0, 12.0]]), np.ones((2, 2)), np.ones((2, 2), dtype=bool), np.zeros((2, 2)),
        np.array([0]), np.arange(2), True, low=np.array([[40.0, 20.0], [40.0, -np.inf]]),
        high=np.array([[np.inf, 20.0], [np.inf, 12.0]]),
    )  # fmt: skip
    values = np.array([[[10.0, 55.0], [41.0, 39.0]]])
    rules, others = _rules(cells)
    np.testing.assert_array_equal(_coarsened(values, rules), [[[12, 40], [40, 39]]])
    assert not others.any()
    # no rule where a value beyond is known, as of cells that were censored early: these are left out
    rules, others = _rules(replace(cells, low=np.array([[10.0, 20.0], [10.0, -np.inf]])))
    np.testing.assert_array_equal(_coarsened(values, rules), [[[12, 55], [41, 39]]])
    np.testing.assert_array_equal(others, [[True, False], [True, False]])
    few = replace(cells, value=np.full((2, 2), 3.0), low=np.full((2, 2), 1.0), high=np.full((2, 2), 5.0))
    np.testing.assert_array_equal(_coarsened(np.array([[0, 1], [5, 6]]), _rules(few)[0]), [[0, 3], [3, 6]])


def test_what_does_not_move_has_no_correlation() -> None:
    assert lag_correlation(np.full((5, 4), 2.0)) == 0
