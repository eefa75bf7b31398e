"""Shares of variance, against the covariance of a path written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from primum.effects.variance import VARIANCE
from tests.effects.made import made
from tests.model.cases import REGIONS, TRENDS
from tests.model.test_drift import centred_drift


@pytest.mark.parametrize(
    ("family", "kwargs", "names"),
    [
        ("binomial", {}, ["level", "drift", "shock"]),
        ("normal", {}, ["level", "drift", "shock", "noise"]),
        ("beta_binomial", {}, ["level", "drift", "shock"]),
        ("normal", {"known": True}, ["level", "drift", "shock"]),
    ],
)
def test_shares_are_those_of_the_average_variance(family: Any, kwargs: dict[str, Any], names: list[str]) -> None:
    found = made(family, **kwargs)
    q, s, level = (np.asarray(found.posterior[name]) for name in ("q", "s", "sigma_alpha"))
    elapsed = np.arange(6)
    centre = np.eye(6) - 1 / 6
    walk = centre @ np.minimum.outer(elapsed, elapsed) @ centre
    parts = {"level": level**2, "drift": q**2 * np.diag(walk).mean(), "shock": s**2}
    parts["noise"] = np.asarray(found.posterior["sigma"]) ** 2
    whole = sum(parts[name] for name in names)
    shares = VARIANCE.of(found)
    assert shares["component"].values.tolist() == names
    for name in names:
        np.testing.assert_allclose(shares.sel(component=name), 100 * parts[name] / whole, rtol=1e-10)


def test_units_of_different_variances_are_averaged() -> None:
    """The mean of a lognormal factor, by quadrature."""
    found = made("binomial", changes={"outcomes.first.variances": "by unit"})
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    omega, s, level = (np.asarray(found.posterior[name]) for name in ("omega", "s", "sigma_alpha"))
    factor = (np.exp(2 * omega[..., None] * nodes) * weights).sum(axis=-1) / weights.sum()
    shares = VARIANCE.of(found)
    ratio = shares.sel(component="shock") / shares.sel(component="level")
    np.testing.assert_allclose(ratio, s**2 * factor / level**2, rtol=1e-10)


def test_heavy_tailed_variances_have_a_mean() -> None:
    """That of one over a gamma variable of shape and rate 2, by quadrature."""
    found = made("binomial", changes={"outcomes.first.variances": "heavy-tailed"})
    factor = integrate.quad(lambda g: stats.gamma.pdf(g, 2, scale=0.5) / g, 0, np.inf)[0]
    s, level = (np.asarray(found.posterior[name]) for name in ("s", "sigma_alpha"))
    shares = VARIANCE.of(found)
    ratio = shares.sel(component="shock") / shares.sel(component="level")
    np.testing.assert_allclose(ratio, s**2 * factor / level**2, rtol=1e-6)


def test_trends_and_regions_have_shares_of_their_own() -> None:
    found = made("binomial", changes={**TRENDS, **REGIONS})
    q, slope, region, level = (
        np.asarray(found.posterior[name]) for name in ("q", "sigma_slope", "sigma_region", "sigma_alpha")
    )
    time = found.cells.time
    shares = VARIANCE.of(found)
    assert shares["component"].values.tolist() == ["level", "drift", "trend", "region", "shock"]
    parts = {
        "drift": q**2 * np.diag(centred_drift(time, 1.0, line=True)).mean(),
        "trend": slope**2 * time.var(),
        "region": region**2 * np.diag(centred_drift(time, 1.0)).mean(),
    }
    for name, part in parts.items():
        ratio = shares.sel(component=name) / shares.sel(component="level")
        np.testing.assert_allclose(ratio, part / level**2, rtol=1e-10)
