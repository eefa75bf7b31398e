"""Small tables with two cohorts of pilots, made up, and the specification that reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import primum as pr

YEARS = np.arange(2010, 2019)
STARTS = {"A1": 2014, "A2": 2014, "A3": 2016}


def spec(*, embedded: bool = False) -> pr.Spec:
    """Two outcomes: mean days without a denominator, and a share."""
    content: dict[str, Any] = {
        "title": "Made up",
        "programme": "None",
        "seed": 1,
        "columns": {"unit": "unit", "time": "year", "start": "start"},
        "outcomes": {
            "days": {"label": "Days", "family": "normal", "value": "days", "unit": "days", "harm": "up", "sesoi": 1.0},
            "share": {
                "label": "Share",
                "family": "binomial",
                "value": "cases",
                "denominator": "all",
                "unit": "percentage points",
                "harm": "up",
                "sesoi": 1.0,
            },
        },
    }
    if embedded:
        content["columns"]["embedded"] = "embedded"
        content["treatment"] = {"embedding": "leave out"}
    return pr.Spec.from_dict(content)


def table(seed: int = 0, others: int = 14) -> pd.DataFrame:
    """Three pilots and some comparators, one row a unit and year."""
    rng = np.random.default_rng(seed)
    rows = []
    for unit in [*STARTS, *(f"C{number:02d}" for number in range(others))]:
        level, slope, size = rng.normal(30, 5), rng.normal(0, 1), int(rng.integers(200, 900))
        share = 1 / (1 + np.exp(1.2 - rng.normal(0, 0.4) - rng.normal(0, 0.05) * (YEARS - 2014)))
        start = STARTS.get(unit, np.nan)
        rows.append(
            pd.DataFrame(
                {
                    "unit": unit,
                    "year": YEARS,
                    "start": start,
                    "embedded": start + 1,
                    "days": level + slope * (YEARS - 2014) + rng.normal(0, 1, YEARS.size),
                    "cases": rng.binomial(size, share),
                    "all": size,
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def fixed(seed: int = 0, others: int = 14) -> pd.DataFrame:
    """Two numbers and a region of each unit."""
    rng = np.random.default_rng(seed + 1)
    units = [*STARTS, *(f"C{number:02d}" for number in range(others))]
    region = ["north", "south"] * len(units)
    return pd.DataFrame(
        {
            "unit": units,
            "poverty": rng.normal(20, 4, len(units)),
            "children": rng.lognormal(10, 0.5, len(units)),
            "region": region[: len(units)],
        }
    )


def panel(seed: int = 0, *, embedded: bool = False) -> pr.Panel:
    """The panel of a table."""
    return pr.Panel.from_frame(table(seed), spec(embedded=embedded).data)


def weights(matches: pr.Matches) -> dict[tuple[str, str], float]:
    """Weights by pilot and comparator."""
    sets = matches.sets
    return dict(zip(zip(sets["pilot"], sets["comparator"], strict=True), sets["weight"], strict=True))
