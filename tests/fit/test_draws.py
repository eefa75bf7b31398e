"""Draws of small panels: what is compiled for them, what they depend on, and how they are laid out.

Chains are too short here to say anything of a posterior; tests/fit/test_fit.py compares posteriors.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from primum.errors import PrimumError
from primum.fit import compile as compiling
from primum.fit.draws import STATS, Draws, draw, kept_length, nutpie_module, start
from primum.fit.gate import gate_of
from primum.fit.sample import draw_posterior
from primum.model import Cells, cells_of
from primum.model.data import guesses_of
from primum.model.families import family_of
from primum.model.layout import SCALARS, SCALES, SIGNED, TAILED, layout_of
from primum.sources import demo_spec, simulate
from primum.spec.families import FamilyName
from primum.spec.spec import Sampler
from tests.model.cases import CASES, Model, model_case
from tests.model.panels import evaluation

TINY = Sampler(chains=2, draws=50, tune=50)
OTHER_PRIORS = {"outcomes.first.priors.tau": {"location": 0.7, "scale": 0.2, "reason": "a test"}}


def drawn(
    family: FamilyName, seed: int = 3, *, cores: int | None = 2, settings: Sampler = TINY, **table: Any
) -> tuple[Cells, Draws]:
    spec, panel = evaluation(family, **table)
    outcome = spec.outcomes[0]
    cells = cells_of(panel.dataset, outcome)
    return cells, draw(family_of(family), cells, outcome.all_priors(), settings, seed, cores=cores)


VARIATIONS: list[dict[str, Any]] = [
    {},
    {"seed": 4},
    {"missing": 3},
    {"missing": 9},
    {"units": 13},
    {"units": 40, "pilots": 7},
    {"pilots": 1},
    {"times": tuple(range(2010, 2019))},
    {"changes": {"treatment.embedding": "leave out"}},
    {"changes": {"outcomes.first.phi": 0.7}},
]


def test_twenty_outcomes_of_a_family_share_its_code() -> None:
    compiling.program_of("normal")
    before = len(compiling.compilations)
    priors_of = [None, OTHER_PRIORS]
    seen = set()
    for variation in VARIATIONS:
        for priors in priors_of:
            changes = {**(variation.get("changes") or {}), **(priors or {})}
            cells, found = drawn("normal", **{**variation, "changes": changes})
            units, periods = cells.value.shape
            assert found.values["eta"].shape == (2, 50, units, periods)
            assert np.isfinite(found.values["eta"]).all()
            seen.add(float(found.values["tau"].sum()))
    assert len(seen) == 20, "each must have its own data and priors"
    assert len(compiling.compilations) == before


def test_counted_and_uncounted_outcomes_share_code() -> None:
    compiling.program_of("normal")
    before = len(compiling.compilations)
    _, counted = drawn("normal")
    _, uncounted = drawn("normal", counted=False)
    assert set(counted.values) - set(uncounted.values) == {"s"}
    assert len(compiling.compilations) == before


def test_draws_depend_on_the_seed_and_not_on_the_cores() -> None:
    first, again, other = (
        drawn("binomial", seed, cores=cores, missing=3)[1] for seed, cores in ((3, 1), (3, 2), (4, 2))
    )
    for name, values in first.values.items():
        np.testing.assert_array_equal(values, again.values[name])
        assert not np.array_equal(values, other.values[name])
    for name in STATS:
        np.testing.assert_array_equal(first.stats[name], again.stats[name])
    assert not np.array_equal(first.values["mu"][0], first.values["mu"][1]), "chains must differ"


@pytest.mark.parametrize(("family", "counted"), [("binomial", True), ("normal", False), ("lognormal", True)])
def test_draws_have_the_shapes_of_the_report_without_tuning(family: FamilyName, counted: bool) -> None:
    settings = Sampler(chains=3, draws=60, tune=70)
    cells, found = drawn(family, settings=settings, counted=counted, units=13, times=(2010, 2011, 2013, 2014, 2015))
    layout = layout_of(cells, family_of(family))
    assert set(found.values) == set(layout.reported)
    for name, field in layout.reported.items():
        shape = (13, 5) if name == "eta" else field.shape
        assert found.values[name].shape == (3, 60, *shape)
        assert found.values[name].dtype == (np.float32 if name == "eta" else np.float64)
        assert np.isfinite(found.values[name]).all()
        assert (found.values[name].std(axis=(0, 1)) > 0).all(), "each must be drawn"
        if name in SCALES:
            assert (found.values[name] > 0).all()
    assert set(found.stats) == set(STATS)
    for name in STATS:
        assert found.stats[name].shape == (3, 60)
    assert found.stats["diverging"].dtype == bool


def test_latents_are_unpacked_in_their_places() -> None:
    """Millions of records a cell leave no doubt of eta, wherever it is put; 65 cells leave half a place empty."""
    times = (2010, 2011, 2013, 2014, 2015)
    cells, found = drawn("binomial", units=13, times=times, size=1e7)
    family = family_of("binomial")
    response, weight = family.working(cells, family.standard(cells))
    assert (response.std(axis=0) > 0.1).all()
    layout = layout_of(cells, family)
    assert kept_length(layout) == layout.head + 33
    # an empirical logit errs by the square root of its weight; 6 of these over 65 cells and 100 draws
    eta = found.values["eta"].astype(float)
    assert (np.abs(eta - response) * np.sqrt(weight)).max() < 6 + 1e-6 * np.sqrt(weight.max())
    # mean of a unit's draws over periods and the rest of the report are of the same draw
    path = found.values["lambda"]
    np.testing.assert_allclose(path.sum(axis=-1), 0.0, atol=1e-12)


@pytest.mark.parametrize("case", list(CASES))
def test_chains_start_around_guesses_and_priors(case: str) -> None:
    built: Model = model_case(case)
    layout, settings, priors = built.layout, built.arrays["priors"], built.outcome.all_priors()
    guesses = guesses_of(built.cells, built.family, priors)
    points = np.stack([start(layout, settings, guesses, seed) for seed in range(40)])
    np.testing.assert_array_equal(start(layout, settings, guesses, 7), points[7])
    assert points.shape == (40, layout.points)
    for name, field in layout.free.items():
        values = field.of(points)
        if name in guesses:
            location, spread = guesses[name]
            away = (values - location) / spread
            assert np.abs(away).max() <= 2.5
            assert (values > 0).all() if name in SIGNED else (np.abs(away) >= 1.5).all()
            assert np.ptp(away) > 1.5, "chains must start apart"
        elif name in SCALARS:
            coordinate = name in TAILED or name == "kappa"
            prior = dict(priors.items())[name]
            away = values if coordinate else (values - prior.location) / prior.scale
            assert np.abs(away - (name in SIGNED)).max() <= 0.5
            assert np.ptp(away) > 0.5, "chains must start apart"
        else:
            assert set(np.unique(values)) <= {-1.0, 1.0}
    # and the sampler can leave from there
    for point in points[:5]:
        density, gradient, _ = built.kernel(point)
        assert np.isfinite(density)
        assert np.isfinite(gradient).all()


class PanicException(BaseException):
    """As nutpie's, which is no Exception."""


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("All initialization points failed\n\nCaused by: an error code"),
        PanicException("Could not initialize state because of bad initial gradient"),
        PanicException("Poisoned sampler state mutex"),
    ],
)
def test_an_outcome_without_a_point_to_start_from_is_named(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sample(*_: object, **__: object) -> None:
        raise error

    built = model_case("binomial with gaps")
    monkeypatch.setattr(nutpie_module(), "sample", sample)
    with pytest.raises(PrimumError, match="Re-referrals: no chain found a point to start from"):
        draw(built.family, built.cells, built.outcome.all_priors(), Sampler(), 1, label="Re-referrals")


def test_settings_reach_the_sampler() -> None:
    """A higher target of acceptance takes smaller steps."""
    settings = [replace(TINY, target_accept=target) for target in (0.6, 0.99)]
    steps = [drawn("binomial", settings=each)[1].stats["step_size"].mean() for each in settings]
    assert steps[1] < 0.8 * steps[0]


@pytest.mark.parametrize("missing", [0.0, 0.05])
def test_durations_pass_the_gate(missing: float) -> None:
    """Noise can hardly be told from shocks there: a map that lags behind sigma diverged in every one of them."""
    spec, simulation = demo_spec(), simulate(seed=2021, missing=missing)
    outcome = spec.outcome("assessment")
    posterior, stats = draw_posterior(spec, simulation.panel, outcome, spec.sampler)
    gate = gate_of(posterior, stats)
    assert not stats["diverging"].any()
    assert gate.verdict == "PASS", gate.reasons
