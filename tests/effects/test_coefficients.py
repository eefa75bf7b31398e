from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.special import expit

import primum as pr
from primum.errors import SpecError
from primum.fit import Fit
from primum.fit.replicate import new_units, paths_of
from primum.model import cells_of
from primum.model.families import family_of
from primum.plots import plot_coefficients
from primum.testing import canned_fit, tiny_fit
from tests.model.cases import BESIDE
from tests.model.panels import Array, beside, evaluation


@cache
def fitted() -> Fit:
    """A posterior that is made up."""
    return canned_fit(*evaluation("binomial", changes=BESIDE))


def standardised(units: int, periods: int) -> Array:
    return np.array([(each - each.mean()) / each.std() for each in beside(units, periods).values()])


def test_coefficients_are_in_the_outcomes_unit_for_one_sd() -> None:
    found, posterior = pr.coefficients(fitted(), "first").table, fitted().posterior("first")
    assert list(found.index) == ["rain", "snow"]
    np.testing.assert_allclose(found["sd"], [each.std() for each in beside(12, 6).values()])
    beta = np.asarray(posterior["beta"])
    assert posterior["beta"].dims == ("chain", "draw", "covariate")
    np.testing.assert_allclose(found["coefficient"], beta.mean(axis=(0, 1)))
    centre = family_of("binomial").standard(cells_of(fitted().panel.dataset, fitted().spec.outcomes[0])).centre
    level = centre + np.asarray(posterior["mu"])[..., None]
    moved = 100 * (expit(level + beta / 2) - expit(level - beta / 2))
    np.testing.assert_allclose(found["mean"], moved.mean(axis=(0, 1)))
    np.testing.assert_allclose(found["eti95_low"], np.quantile(moved, 0.025, axis=(0, 1)))


def test_what_covariates_moved_belongs_to_the_path_that_units_would_follow() -> None:
    cells, posterior = cells_of(fitted().panel.dataset, fitted().spec.outcomes[0]), fitted().posterior("first")
    units = np.array([3, 1])
    expected = np.einsum("...k,kit->...it", np.asarray(posterior["beta"]), standardised(12, 6)[:, units])
    found = paths_of(posterior, cells, units) - np.asarray(posterior["lambda"])[:, :, None]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    still = posterior.assign(beta=0 * posterior["beta"])
    with_them, without = (new_units(each, cells, np.random.default_rng(1))[0] for each in (posterior, still))
    whole = np.einsum("...k,kit->...it", np.asarray(posterior["beta"]), standardised(12, 6))
    np.testing.assert_allclose(with_them - without, whole.reshape(with_them.shape), atol=1e-12)


def test_every_covariate_is_drawn() -> None:
    (axes,) = plot_coefficients(pr.coefficients(fitted(), "first")).axes
    assert [label.get_text() for label in axes.get_yticklabels()][-1].startswith("rain (SD ")


def test_an_outcome_without_covariates_has_no_coefficients() -> None:
    with pytest.raises(SpecError, match=r"name columns in outcomes\.kinship\.covariates"):
        pr.coefficients(tiny_fit(), "kinship")


def test_an_effect_is_found_beside_a_covariate_that_comes_with_it() -> None:
    """Without the covariate, which rises in pilots when they start, its part is taken for the effect."""
    made = pr.simulate(units=60, periods=10, pilots=9, effects={"rereferral": 0.0}, seed=4)
    table, rng = made.table.copy(), np.random.default_rng(4)
    content = pr.demo_spec().to_dict()
    content["outcomes"] = {"rereferral": content["outcomes"]["rereferral"]}
    exposed = (table["year"] >= table["start"].fillna(9999)).to_numpy()
    table["unemployment"] = 6 + rng.normal(size=len(table)) + 2.0 * exposed
    share = table["rereferrals"] / table["closures"]
    odds = share / (1 - share) * np.exp(0.3 * (table["unemployment"] - 6))
    table["rereferrals"] = np.round(table["closures"] * odds / (1 + odds))
    found = {}
    for name, columns in (("with", ["unemployment"]), ("without", [])):
        each = pr.Spec.from_dict(content).change({"outcomes.rereferral.covariates": columns, "sampler.draws": 400})
        fit = pr.fit(each, pr.Panel.from_frame(table, each.data), show_progress=False)
        found[name] = pr.effects(fit).table.loc[("rereferral", "satt"), ["mean", "sd"]]
    # a coefficient of 0.3 for one, and two more under exposure, make some ten points
    assert abs(found["with"]["mean"]) < 2.5 * found["with"]["sd"]
    assert found["without"]["mean"] > 5
