"""The canned fit has the shape of a real one, and what it is said to hold."""

from __future__ import annotations

import arviz as az
import numpy as np

from primum.fit.gate import diagnose, judge, judge_latents, judge_sampler, together, without_latents
from primum.model import cells_of
from primum.model.families import family_of
from primum.testing import canned_fit, tiny_categories, tiny_fit, tiny_panel


def test_panel_is_simulated_and_small() -> None:
    panel = tiny_panel()
    assert dict(panel.dataset.sizes) == {"unit": 12, "time": 8}
    assert panel.pilots.sum() == 3
    assert tiny_panel() == panel
    assert tiny_panel(seed=2) != panel
    assert dict(tiny_panel(units=20, periods=6, pilots=5).dataset.sizes) == {"unit": 20, "time": 6}


def test_fit_is_made_once_and_by_its_seed() -> None:
    assert tiny_fit() is tiny_fit()
    assert tiny_fit() != tiny_fit(2)


def test_verdict_is_what_the_gate_would_say() -> None:
    fit = tiny_fit()
    for name in ("assessment", "kinship"):
        posterior = fit.posterior(name)
        gates = [
            judge(diagnose(without_latents(posterior))),
            judge_latents(posterior["eta"]),
            judge_sampler(fit[name]["sample_stats"].to_dataset()),
        ]
        assert together(gates).reasons == []
        assert fit.gates[name].verdict == "PASS"


def test_draws_are_near_the_data() -> None:
    """Replicated shares scatter around the observed ones: good for figures that look like something."""
    fit = tiny_fit()
    cells = cells_of(fit.panel.dataset, fit.spec.outcome("kinship"))
    observed = family_of("binomial").level(cells)
    replicated = np.asarray(fit["kinship"]["posterior_predictive"]["kinship"]) / cells.denominator
    sd = np.sqrt(observed * (1 - observed) * (1 / cells.denominator + 0.05**2 * observed * (1 - observed)))
    # 1,000 draws a cell, around an observed share that is itself smoothed by half a count
    assert np.abs((replicated.mean(axis=(0, 1)) - observed) / sd).max() < 0.3


def test_arviz_understands_it() -> None:
    summary = az.summary(tiny_fit()["kinship"], var_names=["tau", "q"])
    assert list(summary.index) == ["tau", "q"]


def test_categories_are_an_evaluation_of_their_own() -> None:
    spec, panel = tiny_categories()
    assert panel.pilots.sum() == 3
    assert spec.outcomes[0].facts.shown == "share"
    fit = canned_fit(spec, panel)
    assert fit.gate.verdict == "PASS"
    draws = fit.posterior("grades")["sigma"]
    assert 0.9 < float(draws.mean()) < 1.1
    cells = cells_of(panel.dataset, spec.outcomes[0])
    # a fifth to a half of records are above the boundary, with an average predictor of -1
    assert 0.15 < cells.value.sum() / cells.denominator.sum() < 0.5
