"""Records made up for tests, and the aggregations they are for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from primum.sources.records import Aggregation

PERIODS = {"rule": "financial year", "first": "2013-04-01", "last": "2019-03-31"}
OUTCOMES = {
    "plan": {"value": "plan"},
    "again": {"event": "again", "follow_up": 365},
    "stay": {"end": "ended", "edges": [10.5, 20.5, 45.5], "same_day": 0.5},
}


def aggregation(outcomes: dict[str, Any] | None = None, **changes: Any) -> Aggregation:
    content = {
        "unit": "la", "date": "referred", "end_of_data": "2024-03-31", "periods": PERIODS,
        "outcomes": OUTCOMES if outcomes is None else outcomes, "disclosure": {"below": 1},
    }  # fmt: skip
    return Aggregation.from_dict(content | changes)


def referrals(count: int = 4000, seed: int = 1) -> pd.DataFrame:
    """Referrals of eight areas over six years, all of them usable."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2013-04-01") + pd.to_timedelta(rng.integers(0, 6 * 365, count), "D")
    again = start + pd.to_timedelta(rng.integers(0, 1500, count), "D")
    return pd.DataFrame(
        {
            "la": rng.choice([f"E{number:02d}" for number in range(8)], count),
            "referred": start.date,
            "band": rng.choice(["0-4", "5-9"], count),
            "plan": rng.random(count) < 0.2,
            "again": pd.Series(again.date).where(rng.random(count) < 0.6),
            "ended": (start + pd.to_timedelta(np.exp(rng.normal(3, 0.8, count)).astype(int), "D")).date,
            "weight": rng.gamma(4.0, size=count),
        }
    )


def saved(folder: Path, frame: pd.DataFrame, name: str = "records.parquet") -> Path:
    path = folder / name
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    return path


def few(folder: Path, name: str = "few.csv", **columns: Any) -> Path:
    """A file of a few records; columns that are not given have a value that can be used."""
    size = max(len(values) for values in columns.values() if isinstance(values, list))
    usual: dict[str, Any] = {
        "la": "A", "referred": "2015-05-01", "plan": 1, "again": "2015-06-01", "ended": "2015-05-21"
    }  # fmt: skip
    return saved(folder, pd.DataFrame(usual | columns, index=range(size)), name)
