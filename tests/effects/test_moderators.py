"""Slopes of the effect on moderators."""

import numpy as np
from scipy.special import expit

from primum.effects.moderators import MODERATOR_SLOPE
from tests.effects.made import cells_with, made
from tests.model.cases import EFFECT

MODERATED = {"outcomes.first.effect.moderators": ["rating"]}


def test_with_an_identity_link_the_slope_is_the_coefficient() -> None:
    found = made("normal", pilots=5, staggered=True, changes=EFFECT)
    terms = found.cells.terms
    assert terms is not None
    gamma = np.asarray(found.posterior["gamma"])[..., terms.groups.index("moderator")]
    slope = MODERATOR_SLOPE.of(found)
    assert slope["moderator"].values.tolist() == ["rating"]
    # differences of numbers near 50
    np.testing.assert_allclose(slope[..., 0], gamma * found.standard.spread / np.std([1, 2, 3, 1, 2]), atol=1e-11)


def test_on_another_scale_it_is_a_difference_of_expectations() -> None:
    found = made("binomial", pilots=5, changes=MODERATED)
    gamma, eta = np.asarray(found.posterior["gamma"])[..., 0], np.asarray(found.posterior["eta"], dtype=float)
    values = []
    for pilot, period in cells_with(found):
        here = found.standard.centre + eta[..., pilot, period]
        values.append(100 * (expit(here + gamma / 2) - expit(here - gamma / 2)) / np.std([1, 2, 3, 1, 2]))
    np.testing.assert_allclose(MODERATOR_SLOPE.of(found)[..., 0], np.mean(values, axis=0), rtol=1e-12)


def test_effects_without_moderators_have_no_slope() -> None:
    assert not MODERATOR_SLOPE.applies(made("binomial"))
