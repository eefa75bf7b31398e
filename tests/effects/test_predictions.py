"""Predictions with and without exposure, against arithmetic done cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from primum.effects.predictions import predictions
from primum.panel import Panel
from primum.spec.families import FACTS
from primum.testing import tiny_fit
from tests.effects.made import made, predicted
from tests.model.cases import EFFECT
from tests.model.panels import evaluation


def draws(found: Any, name: str) -> Any:
    return np.asarray(found.posterior[name], dtype=float)


def test_binomial_effects_are_differences_of_shares() -> None:
    found = made("binomial", missing=4)
    assert found.effect.dims == ("chain", "draw", "pilot", "time")
    assert found.effect.shape == (2, 5, 3, 6)
    eta, tau, centre = draws(found, "eta"), draws(found, "tau_unit"), found.standard.centre
    for pilot, period, exposure in ((0, 3, 1.0), (1, 3, 0.5), (1, 4, 1.0), (2, 5, 1.0)):
        assert found.exposure[pilot, period] == exposure
        here = centre + eta[..., pilot, period]
        without = here - exposure * tau[..., pilot]
        # double precision from single-precision latents on, which are the same on both sides
        np.testing.assert_allclose(found.with_exposure[..., pilot, period], expit(here), rtol=1e-12)
        np.testing.assert_allclose(found.without[..., pilot, period], expit(without), rtol=1e-12)
        difference = 100 * (expit(here) - expit(without))
        np.testing.assert_allclose(found.effect[..., pilot, period], difference, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", list(FACTS))
def test_without_exposure_there_is_no_effect(name: Any) -> None:
    found = made(name)
    before = found.exposure.values == 0
    assert before.any()
    assert not found.effect.values[..., before].any()
    assert (found.effect.values[..., ~before] != 0).all()


def test_normal_and_lognormal_effects_are_in_the_outcome_s_unit() -> None:
    normal = made("normal")
    tau = draws(normal, "tau_unit")[..., None] * normal.exposure.values
    # differences of numbers near 50
    np.testing.assert_allclose(normal.effect, normal.standard.spread * tau, atol=1e-11)
    lognormal = made("lognormal")
    level = np.exp(lognormal.standard.centre + draws(lognormal, "eta")[:, :, :3])
    np.testing.assert_allclose(lognormal.effect, level * (1 - np.exp(-tau)), rtol=1e-11, atol=1e-11)


def test_pilots_are_found_wherever_they_stand() -> None:
    """Pilots at the end of the panel, in which position and order are not the same thing."""
    spec, panel = evaluation("binomial", missing=4)
    found = predicted(spec, panel)
    backwards = predicted(spec, Panel(panel.dataset.isel(unit=slice(None, None, -1)), panel.layout))
    assert backwards.effect["pilot"].values.tolist() == found.effect["pilot"].values.tolist()[::-1]
    assert list(backwards.cells.pilots) == [9, 10, 11]
    eta, tau, centre = draws(backwards, "eta"), draws(backwards, "tau_unit"), backwards.standard.centre
    last = 100 * (expit(centre + eta[:, :, 11, 5]) - expit(centre + eta[:, :, 11, 5] - tau[..., 2]))
    np.testing.assert_allclose(backwards.effect[..., 2, 5], last, rtol=1e-12)


def test_terms_are_part_of_the_effect() -> None:
    found = made("normal", pilots=5, staggered=True, changes=EFFECT)
    terms, gamma = found.cells.terms, draws(found, "gamma")
    assert terms is not None
    expected = draws(found, "tau_unit")[..., None] * found.exposure.values
    expected += sum(gamma[..., m, None, None] * terms.design[m] for m in range(gamma.shape[-1]))
    # differences of numbers near 50
    np.testing.assert_allclose(found.effect, found.standard.spread * expected, atol=1e-11)


def test_what_pilots_are_like_is_named() -> None:
    found = made("binomial", pilots=5, staggered=True, changes=EFFECT)
    assert found.start.values.tolist() == [2013, 2012, 2013, 2012, 2013]
    assert found.event.values[1].tolist() == [-2, -1, 0, 1, 2, 3]
    assert found.moderators.sel(moderator="rating").values.tolist() == [1, 2, 3, 1, 2]
    assert found.full.values.sum() < found.exposed.values.sum()
    canned = predictions(tiny_fit(), "kinship")
    assert canned.effect["label"].values.tolist() == ["LA 01", "LA 02", "LA 03"]
    np.testing.assert_array_equal(canned.of_cells(canned.cells.value), canned.cells.value[canned.cells.pilots])
    assert canned.rng("one").normal() == canned.rng("one").normal() != canned.rng("other").normal()
