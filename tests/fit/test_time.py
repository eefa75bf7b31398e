"""Options for time, really sampled: what is reported and kept, and that scales are found again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import primum as pr
from primum.fit import Fit
from primum.model import cells_of
from primum.model.families import family_of
from primum.panel import Panel
from tests.fit.evaluations import SAMPLER
from tests.model.cases import REGIONS, TRENDS
from tests.model.panels import REGION_NAMES, Array, spec_of

UNITS, PERIODS, PILOTS = 60, 10, 6
SLOPE, REGION = 0.2, 0.3


def moving_panel(rng: np.random.Generator) -> tuple[pd.DataFrame, Array]:
    """Normal means whose units have trends and whose regions have paths of their own; no effect; the paths."""
    time = np.arange(PERIODS) - (PERIODS - 1) / 2
    walk = np.cumsum(REGION * rng.normal(size=(3, PERIODS)), axis=1)
    paths = walk - walk.mean(axis=1, keepdims=True)
    level = 0.5 * rng.normal(size=(UNITS, 1)) + SLOPE * rng.normal(size=(UNITS, 1)) * time
    value = level + paths[np.arange(UNITS) % 3] + 0.2 * rng.normal(size=(UNITS, PERIODS))
    unit = np.repeat(np.arange(UNITS), PERIODS)
    table = pd.DataFrame({"area": unit, "year": np.tile(np.arange(PERIODS), UNITS), "first_value": value.ravel()})
    start = np.where(unit < PILOTS, 5.0, np.nan)
    return table.assign(start=start, embedded=start, region=np.array(REGION_NAMES)[unit % 3]), paths


@pytest.fixture(scope="module")
def moved() -> tuple[Fit, Array]:
    spec = spec_of("normal", counted=False, changes={**SAMPLER, **TRENDS, **REGIONS})
    table, paths = moving_panel(np.random.default_rng(8))
    return pr.fit(spec, Panel.from_frame(table, spec.data), show_progress=False), paths


def test_scales_and_paths_are_found_again(moved: tuple[Fit, Array]) -> None:
    fit, paths = moved
    assert fit.gate.verdict == "PASS"
    posterior = fit.posterior("first")
    spread = family_of("normal").standard(cells_of(fit.panel.dataset, fit.spec.outcomes[0])).spread
    for name, truth in (("sigma_slope", SLOPE), ("sigma_region", REGION)):
        # errors in posterior SDs are about standard normal: one of 16,000 is larger
        assert abs(float((spread * posterior[name].mean() - truth) / (spread * posterior[name].std()))) < 4, name
    assert posterior["lambda_region"].dims == ("chain", "draw", "region", "time")
    assert posterior["region"].values.tolist() == list(REGION_NAMES)
    own = spread * posterior["lambda_region"]
    away = (own.mean(("chain", "draw")) - paths) / own.std(("chain", "draw"))
    # thirty of them: by chance one in 500 panels has a larger one
    assert float(abs(away).max()) < 4


def test_they_survive_storing(moved: tuple[Fit, Array], tmp_path: Path) -> None:
    fit, _ = moved
    fit.save(tmp_path / "fit.nc")
    assert Fit.load(tmp_path / "fit.nc") == fit


def test_a_trend_is_not_taken_for_an_effect(moved: tuple[Fit, Array]) -> None:
    """There is none; each pilot trends by itself."""
    fit, _ = moved
    satt = pr.effects(fit)["first"].table.loc["satt"]
    assert satt["eti95_low"] < 0 < satt["eti95_high"]
    # what trends of this size would move the average of six pilots by, unadjusted: 0.2 * 5 / sqrt(6) = 0.41
    assert satt["sd"] < 0.41 * 1.5
