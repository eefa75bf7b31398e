"""Unpooled estimates, against arithmetic done unit by unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import primum as pr
from primum.effects.unpooled import unpooled
from primum.panel import Panel
from primum.testing import tiny_fit
from tests.model.panels import evaluation, spec_of, table_of


def test_changes_are_compared_with_those_of_comparators() -> None:
    fit = tiny_fit()
    data, found = fit.panel.dataset, unpooled(fit, "kinship")
    share = 100 * (data["kinship"] / data["kinship_denominator"]).values
    assert found.index.tolist() == data["unit"].values[fit.panel.pilots].tolist()
    for position, unit in enumerate(np.flatnonzero(fit.panel.pilots)):
        exposure = data["exposure"].values[unit]
        after = [t for t in range(8) if exposure[t] == 1]
        before = [t for t in range(8) if data["time"].values[t] < data["start"].values[unit]]
        changes = [share[j, after].mean() - share[j, before].mean() for j in range(12)]
        others = [changes[j] for j in range(12) if not fit.panel.pilots[j]]
        assert found["estimate"].iloc[position] == pytest.approx(changes[unit] - np.mean(others), rel=1e-10)
        spread = np.std(others, ddof=1) * np.sqrt(1 + 1 / len(others))
        assert found["se"].iloc[position] == pytest.approx(spread, rel=1e-10)


def test_the_standard_error_is_that_of_panels_without_an_effect() -> None:
    """Over panels whose units differ by independent normal noise, estimates scatter as their errors say."""
    z = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        frame = table_of("normal", seed=seed)
        frame["first_value"] = rng.normal(size=len(frame))
        spec = spec_of("normal")
        fit = replace(tiny_fit(), spec=spec, panel=Panel.from_frame(frame, spec.data))
        found = unpooled(fit, "first")
        z.append((found["estimate"] / found["se"]).iloc[0])
    # a t with 8 degrees of freedom: variance 8 / 6; that of a variance of 60, with kurtosis 4.5
    assert np.var(z) / (8 / 6) == pytest.approx(1, abs=4 * np.sqrt(3.5 / 60))
    assert abs(np.mean(z)) < 4 * np.sqrt(8 / 6 / 60)


def test_cells_that_are_missing_are_left_out() -> None:
    frame = table_of("normal")
    frame["first_value"] = frame["first_value"].mask((frame["area"] == 0) & (frame["year"] >= 2014))
    frame["first_value"] = frame["first_value"].mask((frame["area"] == 5) & (frame["year"] >= 2013))
    spec = spec_of("normal")
    panel = Panel.from_frame(frame, spec.data)
    found = unpooled(replace(tiny_fit(), spec=spec, panel=panel), "first")
    values = panel.dataset["first"].values
    change = values[:, 3] - values[:, :3].mean(axis=1)
    others = np.array([change[j] for j in range(3, 12) if j != 5])
    assert found["estimate"].iloc[0] == pytest.approx(change[0] - others.mean(), rel=1e-10)
    assert found["se"].iloc[0] == pytest.approx(others.std(ddof=1) * np.sqrt(9 / 8), rel=1e-10)


def test_a_pilot_that_is_not_seen_has_no_estimate() -> None:
    spec, panel = evaluation("normal")
    unseen = (panel.dataset["unit"] == 1) & (panel.dataset["time"] >= 2014)  # a table with that would be refused
    empty = panel.dataset.assign(first=panel.dataset["first"].where(~unseen))
    found = unpooled(replace(tiny_fit(), spec=spec, panel=Panel(empty, panel.layout)), "first")
    assert found.isna().any(axis=1).tolist() == [False, True, False]
    with pytest.raises(KeyError, match="no outcome"):
        pr.unpooled(tiny_fit(), "adoption")
