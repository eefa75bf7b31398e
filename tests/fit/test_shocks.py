"""Heavy-tailed shocks, really sampled: one odd record does not carry the answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import primum as pr
from primum.fit import Fit
from primum.panel import Panel
from tests.fit.evaluations import SAMPLER
from tests.model.cases import SHOCKS
from tests.model.panels import spec_of

UNITS, PERIODS, PILOTS = 40, 8, 5
Q, S, ERROR = 0.1, 0.1, 0.05
ODD = (2, 6)  # a pilot under exposure
OFF = 3.0


@pytest.fixture(scope="module")
def fits() -> dict[str, Fit]:
    """Normal means with known errors and no effect, one of them 30 scales of shocks off, fitted both ways."""
    rng, grid = np.random.default_rng(3), (UNITS, PERIODS)
    value = 0.5 * rng.normal(size=(UNITS, 1)) + np.cumsum(Q * rng.normal(size=grid), axis=1)
    value += S * rng.normal(size=grid) + ERROR * rng.normal(size=grid)
    value[ODD] += OFF
    unit, time = np.indices(grid)
    start = np.where(unit < PILOTS, 5.0, np.nan)
    columns = {"area": unit, "year": time, "start": start, "embedded": start, "first_value": value}
    table = pd.DataFrame({name: each.ravel() for name, each in columns.items()}).assign(first_error=ERROR, region="all")
    found = {}
    for shocks, changes in (("normal", {}), ("heavy-tailed", SHOCKS)):
        # twice the usual draws, so that no R-hat is above its limit by chance
        spec = spec_of("normal", known=True, changes={**SAMPLER, **changes, "sampler.draws": 2000})
        found[shocks] = pr.fit(spec, Panel.from_frame(table, spec.data), show_progress=False)
    return found


def test_an_odd_record_does_not_carry_the_answer(fits: dict[str, Fit]) -> None:
    effect = {shocks: pr.effects(each)["first"].table.loc["satt"] for shocks, each in fits.items()}
    assert {each.gate.verdict for each in fits.values()} == {"PASS"}
    # one of fifteen exposed cells moves their mean by 3 / 15 = 0.2, and the effect is 0 without it
    assert abs(effect["heavy-tailed"]["mean"]) < 0.5 * abs(effect["normal"]["mean"])
    assert effect["heavy-tailed"]["sd"] < effect["normal"]["sd"]
    assert effect["heavy-tailed"]["eti95_low"] < 0 < effect["heavy-tailed"]["eti95_high"]


def test_the_odd_record_is_found(fits: dict[str, Fit], tmp_path: Path) -> None:
    fit = fits["heavy-tailed"]
    assert fit.posterior("first")["shock"].dims == ("chain", "draw", "unit", "time")
    found = pr.outliers(fit, "first")
    assert found.records.index[0] == ODD
    first = found.records.iloc[0]
    assert first["weight"] < 0.02
    assert first["eti95_low"] < first["value"] - OFF < first["eti95_high"]
    assert found.records["weight"].iloc[1] > 0.1
    assert f"{ODD[0]} {ODD[1]} (" in found.sentence
    fit.save(tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(pr.outliers(Fit.load(tmp_path / "fit.nc"), "first").records, found.records)
