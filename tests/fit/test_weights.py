"""Comparator weights by sampling: what they find, when they fall back, and what must not matter."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import primum as pr
from primum.effects import ComparatorWeights
from primum.errors import SpecError
from tests.model.panels import Array, spec_of

# small panels of exact means leave scales unclear: small steps, and many of them
SAMPLER = {"sampler.chains": 4, "sampler.draws": 1000, "sampler.tune": 400, "sampler.target_accept": 0.97}


def panel_of(level: Array, spec: pr.Spec, pilots: int, order: NDArray[np.int64] | None = None) -> pr.Panel:
    """A panel of exact means, shape (unit, time), the first units exposed in the last two periods."""
    units, periods = level.shape
    rows = [
        {
            "area": unit,
            "year": 2000 + t,
            "start": 1998 + periods if unit < pilots else np.nan,
            "first_value": level[unit, t],
        }
        for unit in (np.arange(units) if order is None else order)
        for t in range(periods)
    ]
    table = pd.DataFrame(rows)
    return pr.Panel.from_frame(table.assign(embedded=table["start"]), spec.data)


def walks(rng: np.random.Generator, units: int, periods: int) -> Array:
    return np.asarray(np.cumsum(rng.normal(size=(units, periods)), axis=1))


def normal_spec(**weights: object) -> pr.Spec:
    changes = {**SAMPLER, "outcomes.first.weights": {"base": "equal", **weights}}
    return spec_of("normal", counted=False, changes=changes)


def weights_of(level: Array, spec: pr.Spec) -> tuple[pr.Fit, ComparatorWeights]:
    fit = pr.fit(spec, panel_of(level, spec, 1), show_progress=False)
    assert fit.gate.verdict == "PASS", fit.gate.reasons
    return fit, pr.comparator_weights(fit, "first")


def test_a_synthetic_control_is_found_where_there_is_one() -> None:
    """A pilot that is 0.7 of one comparator and 0.3 of another, seen for 40 periods almost without noise."""
    rng = np.random.default_rng(1)
    others = walks(rng, 8, 40)
    pilot = 5 + 0.7 * others[2] + 0.3 * others[5] + 0.05 * rng.normal(size=40)
    fit, weights = weights_of(np.vstack([pilot, others]), normal_spec(scale=3.0, shared=0.0, kappa=0.05))
    found = weights.pairs["mean"].droplevel("pilot")
    # the noise is a twentieth of a step, and least squares over 38 differences errs by less than 0.02
    assert found[3] == pytest.approx(0.7, abs=0.1)
    assert found[6] == pytest.approx(0.3, abs=0.1)
    assert weights.comparators.index[:2].tolist() == [3, 6]
    assert weights.pilots["effective"].max() < 3
    assert weights.pilots["effective_base"].tolist() == pytest.approx([8])
    np.testing.assert_allclose(fit.posterior("first")["weight"].sum("comparator"), 1, rtol=1e-5)


def test_a_short_past_leaves_weights_at_their_base() -> None:
    rng = np.random.default_rng(2)
    _, weights = weights_of(walks(rng, 12, 5), normal_spec())
    # with SD 0.5 on the logarithm, weights may move by some tenths; three periods must not concentrate them
    np.testing.assert_allclose(weights.comparators["mean"], 1 / 11, rtol=0.35)
    assert weights.pilots["effective"].min() > 0.7 * 11


def test_fixed_weights_do_not_move() -> None:
    _, weights = weights_of(walks(np.random.default_rng(3), 6, 8), normal_spec(scale=0.0, kappa=1.0))
    np.testing.assert_allclose(weights.pairs[["mean", "eti95_low", "eti95_high"]], 0.2, rtol=1e-6)


def test_order_of_units_changes_nothing_beyond_monte_carlo_error() -> None:
    rng = np.random.default_rng(4)
    level, spec = walks(rng, 12, 10), normal_spec()
    tables = []
    for order in (np.arange(12), rng.permutation(12)):
        again = pr.refit(spec, panel_of(level, spec, 3, order), ess=800)
        assert again.gate.verdict == "PASS"
        tables.append(again.effects.table.loc["satt"].to_dict())
    first, second = tables
    # two independent means: at 4 standard errors a difference by chance comes once in 16,000 times
    assert abs(first["mean"] - second["mean"]) < 4 * np.hypot(first["mcse"], second["mcse"])
    assert first["sd"] == pytest.approx(second["sd"], rel=0.15)


def test_weights_are_asked_for_only_where_there_are_some() -> None:
    spec = spec_of("normal", counted=False, changes=SAMPLER)
    fit = pr.fit(spec, panel_of(walks(np.random.default_rng(5), 6, 8), spec, 1), show_progress=False)
    with pytest.raises(SpecError, match=r'outcomes.first.weights.base to "equal" or "panel"'):
        pr.comparator_weights(fit, "first")


def test_a_panel_without_base_weights_is_refused_where_they_are_asked_for() -> None:
    spec = normal_spec(base="panel")
    panel = panel_of(walks(np.random.default_rng(5), 6, 8), spec, 1)
    with pytest.raises(SpecError, match=r"add them with panel.with_base_weights"):
        pr.fit(spec, panel, show_progress=False)
