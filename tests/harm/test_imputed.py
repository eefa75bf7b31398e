"""Harm from several imputations: shares of all draws, with errors from within."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import primum as pr
from primum.harm.exceedance import exceedance
from primum.harm.losses import losses
from primum.harm.probabilities import probabilities
from primum.harm.tipping import _Draws, _reweighted
from primum.spec import Costs, Prior
from primum.testing import tiny_imputed

MEANS = np.array([-2.0, 0.0, 2.0])[:, None, None]


def test_errors_cover_what_another_run_would_give() -> None:
    rng = np.random.default_rng(1)
    runs = [MEANS + rng.normal(size=(3, 4, 100)) for _ in range(300)]
    found = [probabilities(run, 1, 1.0).harm_beyond_sesoi for run in runs]
    scatter, claimed = np.std([each.value for each in found]), np.mean([each.mcse for each in found])
    # the SD of 300 values is good to some 4%; the claim counts differences between imputations, which have no error
    assert 0.9 * scatter < claimed < 1.6 * scatter
    amounts = [exceedance(run, 1).expected_harm for run in runs]
    scatter, claimed = np.std([each.value for each in amounts]), np.mean([each.mcse for each in amounts])
    assert 0.9 * scatter < claimed < 2.5 * scatter
    each = [losses(run, run, 1, 1.0, Costs()) for run in runs]
    scatter, claimed = np.std([one.carry_on for one in each]), np.mean([one.errors[0] for one in each])
    assert 0.85 * scatter < claimed < 1.15 * scatter  # from within alone, so that it is what it should be


def test_values_do_not_depend_on_whose_draws_they_are() -> None:
    draws = MEANS + np.random.default_rng(2).normal(size=(3, 4, 100))
    flat = draws.reshape(12, 100)
    assert probabilities(draws, 1, 1.0).harm.value == probabilities(flat, 1, 1.0).harm.value
    assert np.array_equal(exceedance(draws, 1).probability, exceedance(flat, 1).probability)
    assert exceedance(draws, 1).shortfall.value == exceedance(flat, 1).shortfall.value


def test_harm_is_said_of_all_draws_and_of_what_is_missing() -> None:
    effects = pr.effects(tiny_imputed())
    harm = pr.harm(effects)
    found = harm["kinship"]
    assert found.pilots is not None
    assert found.pilots.harm.value == float((effects["kinship"].draws["satt"] < 0).mean())
    shares = effects["kinship"].imputations
    assert shares is not None
    share = float(shares["share_between"]["satt"])
    expected = f"Missing values were imputed 3 times: {share:.0%} of the variance"
    assert expected in found.paragraph
    assert "only 3 imputations" in found.paragraph
    assert harm.across is not None
    assert harm["kinship"].imputed


def test_other_priors_leave_imputations_the_weight_they_have() -> None:
    tau = np.array([[-0.5], [0.5]]) + 0.2 * np.random.default_rng(3).normal(size=(2, 1000))
    draws = _Draws(tau.ravel(), tau.ravel(), np.full(2000, 1 / 2000))
    prior = Prior("normal", 0.0, 1.0, "default", "")
    ((_, found),) = _reweighted([(0.5, replace(prior, location=0.5))], draws, tau, prior)
    assert np.allclose(found.weight.reshape(2, 1000).sum(axis=1), 0.5)
    assert found.weight @ found.pilots > draws.weight @ draws.pilots
