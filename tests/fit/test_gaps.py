"""Missing cells do not keep chains from meeting, where many records say much of the rest."""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import primum as pr
from primum.spec import Spec

UNITS, PERIODS, PILOTS = 40, 8, 6


def table_of(measure: str, off: float = 0.0) -> pd.DataFrame:
    """Areas with drifts and shocks of 0.05 a period, 2,000 records a cell, and a gap in every seventh."""
    rng = np.random.default_rng(5)
    walk = np.cumsum(0.05 * rng.normal(size=(UNITS, PERIODS)), axis=1) + 0.05 * rng.normal(size=(UNITS, PERIODS))
    eta = -1 + 0.4 * rng.normal(size=(UNITS, 1)) + 0.1 * rng.normal(size=PERIODS) + walk
    area, period = (each.ravel() for each in np.indices(eta.shape))
    if measure == "count":
        value = rng.binomial(2000, expit(eta)).astype(float)
    else:
        value = np.exp(3 + eta + rng.normal(size=eta.shape) / np.sqrt(2000))
    value[PILOTS:][rng.random((UNITS - PILOTS, PERIODS)) < 1 / 7] = np.nan
    value[0, -1] += off
    exposed = ((area < PILOTS) & (period >= PERIODS // 2)).astype(float)
    return pd.DataFrame({"area": area, "year": period, "exposed": exposed, "value": value.ravel(), "size": 2000.0})


def spec_of(family: str, **changes: Any) -> Spec:
    outcome = {"label": "it", "family": family, "value": "value", "harm": "up", "sesoi": 1.0}
    outcome |= {"unit": {"binomial": "percentage points", "lognormal": "days"}.get(family, "points")}
    outcome |= ({} if "standard_error" in changes else {"denominator": "size"}) | changes
    return Spec.from_dict(
        {
            "title": "Gaps", "programme": "it", "seed": 3,
            "columns": {"unit": "area", "time": "year", "exposure": "exposed"}, "outcomes": {"it": outcome},
        }
    )  # fmt: skip


@pytest.mark.parametrize(("family", "changes"), [("binomial", {"variances": "by unit"}), ("lognormal", {})])
def test_the_level_of_all_mixes(family: str, changes: dict[str, Any]) -> None:
    spec = spec_of(family, **changes)
    table = table_of("count" if family == "binomial" else "days")
    fit = pr.fit(spec, pr.Panel.from_frame(table, spec.data), show_progress=False)
    assert fit.gate.verdict == "PASS", fit.gate.reasons
    assert int(fit["it"]["sample_stats"]["diverging"].sum()) == 0
    # some 3,000 of 4,000; pseudo-responses around the location alone left 100 to 400
    assert float(az.ess(fit["it"]["posterior"].to_dataset()[["mu"]])["mu"]) > 1000


def test_a_record_out_of_all_proportion_is_fitted_and_judged() -> None:
    """Its unit has a scale that no start may overflow."""
    spec = spec_of("normal", variances="by unit", standard_error="error")
    table = table_of("days", off=1e6).assign(error=0.1)
    fit = pr.fit(spec, pr.Panel.from_frame(table, spec.data), show_progress=False)
    assert fit.gate.verdict == "FAIL"
