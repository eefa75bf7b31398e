"""Simulated evaluations: the effect asked for exactly, and nothing of the pilots' outcomes since."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import primum as pr
from primum.design.simulated import Learned, before_exposure, simulate
from primum.effects.averages import satt_weights
from primum.fit import Gate
from primum.model import cells_of
from primum.model.families import family_of
from primum.spec.families import FamilyName
from primum.testing import tiny_fit
from tests.model.panels import evaluation

SEED = [7]


@pytest.fixture
def learned() -> Learned:
    return Learned(tiny_fit().posterior("kinship").drop_vars("eta"), Gate((), 1.0, 1000.0))


@pytest.fixture
def without_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts are what is expected of them, fractions included."""

    def expected(self: Any, _: object, eta: Any, sigma: Any, cells: Any, standard: Any) -> Any:
        return cells.denominator * self.mean(eta, sigma, cells, standard)

    monkeypatch.setattr(type(family_of("binomial")), "draw", expected)


@pytest.mark.usefixtures("without_chance")
@pytest.mark.parametrize("target", ["areas", "denominators"])
def test_the_average_effect_is_exactly_the_one_asked_for(learned: Learned, target: str) -> None:
    panel, spec = tiny_fit().panel, tiny_fit().spec.change({"outcomes.kinship.target": target})
    outcome = spec.outcome("kinship")
    cells = cells_of(panel.dataset, outcome)
    weight = satt_weights(cells.exposure[cells.pilots] == 1, cells.denominator[cells.pilots], outcome.target)
    levels = []
    for effect in (0.0, -4.0):
        made = cells_of(simulate(learned, panel, outcome, effect, 3, SEED).dataset, outcome)
        levels.append(100 * (made.value / made.denominator)[cells.pilots])
    moved = levels[1] - levels[0]
    assert (moved * weight).sum() / weight.sum() == pytest.approx(-4.0, abs=1e-8)
    assert np.abs(moved[cells.exposure[cells.pilots] == 0]).max() < 1e-12
    assert moved[weight > 0].std() > 0.1, "pilots' effects must vary"


def test_simulations_are_reproducible_and_differ(learned: Learned) -> None:
    panel, outcome = tiny_fit().panel, tiny_fit().spec.outcome("kinship")
    first, again, second = (simulate(learned, panel, outcome, 0.0, number, SEED) for number in (1, 1, 2))
    assert first == again
    assert not np.array_equal(first.dataset["kinship"], second.dataset["kinship"])
    # everything but the outcome is that of the panel
    rest = panel.dataset.drop_vars("kinship")
    assert first.dataset.drop_vars("kinship").identical(rest)


def test_gaps_stay_and_intervals_become_counts() -> None:
    spec, panel = evaluation("binomial", missing=5, bounded=6)
    outcome = spec.outcomes[0]
    cells = cells_of(panel.dataset, outcome)
    rng, shape = np.random.default_rng(1), (2, 50)
    hyper = {
        name: (("chain", "draw"), np.abs(rng.normal(0.1, 0.02, shape)))
        for name in ("mu", "beta_pilot", "sigma_alpha", "q", "s", "tau", "sigma_tau")
    }
    path = {"lambda": (("chain", "draw", "time"), np.zeros((*shape, cells.time.size)))}
    made = simulate(Learned(xr.Dataset(hyper | path), Gate((), 1.0, 100.0)), panel, outcome, 1.0, 0, SEED)
    again = cells_of(made.dataset, outcome)
    np.testing.assert_array_equal(again.observed, cells.observed)
    low, high = again.bounds
    np.testing.assert_array_equal(low, high)
    assert (again.value <= again.denominator).all()


@pytest.mark.parametrize(("family", "still"), [("binned", False), ("binned", True), ("ordered", False)])
def test_bins_and_categories_are_simulated_whole(family: FamilyName, still: bool) -> None:
    """As many records in every cell, hidden bins known, about as many open; the average effect is that asked for."""
    spec, panel = evaluation(family, missing=5, bounded=6, still=still, size=20_000.0, units=20, pilots=8)
    outcome = spec.outcomes[0]
    cells = cells_of(panel.dataset, outcome)
    rng, shape = np.random.default_rng(1), (2, 50)
    hyper = {
        name: (("chain", "draw"), np.abs(rng.normal(0.1, 0.02, shape)))
        for name in ("mu", "beta_pilot", "sigma_alpha", "q", "s", "tau", "sigma_tau")
    }
    variables = hyper | {
        "lambda": (("chain", "draw", "time"), np.zeros((*shape, cells.time.size))),
        "sigma": (("chain", "draw"), np.full(shape, 0.8)),
    }
    learned, levels = Learned(xr.Dataset(variables), Gate((), 1.0, 100.0)), []
    for effect in (0.0, 4.0):
        again = cells_of(simulate(learned, panel, outcome, effect, 0, SEED).dataset, outcome)
        assert again.bins is not None
        assert cells.bins is not None
        np.testing.assert_array_equal(again.observed, cells.observed)
        np.testing.assert_allclose(again.denominator, cells.denominator, atol=1e-6)
        assert not again.bins.hidden.any()
        # a share of records that differs by a few hundredths, as some last longer and are followed as long as before
        assert again.bins.open.sum() == pytest.approx(cells.bins.open.sum(), rel=0.1)
        levels.append(outcome.factor * family_of(family).level(again))
    full = cells.exposure == 1
    # of each of some 20 cells the level errs by a percent of the spread within it: 25 days, or 50 points
    rough = 4 * 0.01 * (25 if family == "binned" else 50) * np.sqrt(2 / full.sum())
    # observed medians bend where bins meet
    assert (levels[1] - levels[0])[full].mean() == pytest.approx(4.0, abs=rough + (0.8 if family == "binned" else 0))


def test_what_happened_to_the_pilots_since_is_not_looked_at() -> None:
    panel, outcome = tiny_fit().panel, tiny_fit().spec.outcome("kinship")
    exposed = panel.dataset["exposure"] > 0
    other = panel.dataset["kinship"].where(~exposed, panel.dataset["kinship"] // 2)
    changed = pr.Panel(panel.dataset.assign(kinship=other), panel.layout)
    assert changed != panel
    seen = before_exposure(panel, outcome)
    assert before_exposure(changed, outcome) == seen
    assert seen.dataset["kinship"].where(exposed).isnull().all()
    assert seen.dataset["kinship"].where(~exposed).notnull().sum() == (~exposed).sum()


def test_an_effect_out_of_reach_is_refused(learned: Learned) -> None:
    panel, outcome = tiny_fit().panel, tiny_fit().spec.outcome("kinship")
    with pytest.raises(ValueError, match="an average effect of -90 percentage points"):
        simulate(learned, panel, outcome, -90.0, 0, SEED)
