"""Small counts: found, warned of, and hidden so that one table alone does not reveal them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.panel import Panel
from primum.sources.records import RecordCells, aggregate
from primum.sources.records.disclosure import _hidden_bins
from primum.spec import Spec
from tests.sources.records.made import aggregation, few, referrals, saved

PLAN = {"plan": {"value": "plan"}}


def plans(folder: Path, yes: int, size: int, **disclosure: Any) -> RecordCells:
    file = few(folder, plan=[1] * yes + [0] * (size - yes))
    return aggregate(file, aggregation(PLAN, disclosure=disclosure))


def test_small_counts_are_warned_of_and_named(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="small counts, from 1 to 4: 1 in 1 of 1 cells; do not publish the table"):
        cells = plans(tmp_path, 3, 20)
    assert cells.table["small"].tolist() == ["plan_count"]
    assert cells.small.to_numpy().tolist() == [["A", 2016, "2015-16", "plan_count", 3]]
    assert cells.table["plan_count"].tolist() == [3]  # nothing is hidden unasked


def test_what_a_count_leaves_may_be_small(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="do not publish"):
        cells = plans(tmp_path, 18, 20)
    assert cells.table["small"].tolist() == ["plan_n less plan_count"]


@pytest.mark.parametrize(("yes", "size"), [(5, 10), (0, 20), (20, 20)])
def test_zeros_and_large_counts_are_not_small(tmp_path: Path, yes: int, size: int) -> None:
    cells = plans(tmp_path, yes, size)
    assert cells.small.empty
    assert cells.table["small"].tolist() == [""]


@pytest.mark.parametrize(
    ("yes", "size", "expected"),
    [
        (3, 20, [pd.NA, 20, 1, 4]),
        (18, 20, [pd.NA, 20, 16, 19]),
        (3, 6, [pd.NA, 6, 1, 4]),
        (8, 20, [8, 20, 8, 8]),
        (0, 20, [0, 20, 0, 0]),
        (2, 4, [pd.NA] * 4),
    ],
)
def test_small_counts_become_intervals(tmp_path: Path, yes: int, size: int, expected: list[Any]) -> None:
    cells = plans(tmp_path, yes, size, suppress=True)
    row = cells.table[["plan_count", "plan_n", "plan_low", "plan_high"]].iloc[0]
    assert row.tolist() == expected
    assert cells.table["records"].isna().tolist() == [size < 5]


def test_the_threshold_may_be_moved(tmp_path: Path) -> None:
    assert plans(tmp_path, 8, 100, below=10, suppress=True).table["plan_high"].tolist() == [9]
    assert plans(tmp_path, 1, 3, below=1).small.empty


@given(st.lists(st.lists(st.integers(0, 30), min_size=4, max_size=4), min_size=1, max_size=20))
def test_no_bin_can_be_told_from_the_total(rows: list[list[int]]) -> None:
    counts = np.array(rows)
    hidden = _hidden_bins(counts, 5)
    assert (hidden | (counts == 0) | (counts >= 5)).all()
    assert (hidden.sum(axis=1) != 1).all()
    assert not hidden[~((counts > 0) & (counts < 5)).any(axis=1)].any()


def test_the_smallest_other_bin_is_hidden_as_well() -> None:
    counts = np.array([[2, 9, 7, 0], [2, 0, 0, 0], [2, 3, 9, 9], [6, 9, 0, 8]])
    assert _hidden_bins(counts, 5).astype(int).tolist() == [[1, 0, 1, 0], [1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]


def test_a_duration_with_few_records_or_few_open_ones_is_hidden_altogether(tmp_path: Path) -> None:
    stay = {"stay": {"end": "ended", "edges": [10.5], "open": "apart"}}
    file = few(tmp_path, la=["A"] * 4 + ["B"] * 12 + ["C"] * 12, ended=["2015-05-21"] * 26 + [""] * 2)
    table = aggregate(file, aggregation(stay, disclosure={"suppress": True})).table.set_index("unit")
    shown = table.filter(like="stay_").notna()
    assert shown.all(axis=1).tolist() == [False, True, False]
    assert shown.any(axis=1).tolist() == [False, True, False]
    assert table["records"].tolist() == [pd.NA, 12, 12]


def test_few_open_ones_of_a_bin_hide_all_bins(tmp_path: Path) -> None:
    """Or they could be told from the total; a panel takes bins and open ones together, or neither."""
    stay = {"stay": {"end": "ended", "edges": [10.5, 20.5], "open": "by bin", "log_mean": False}}
    begun = ["2024-03-01"] * 12 + ["2024-03-20"] * 12 + ["2024-03-01"] * 12 + ["2024-03-28"] * 2
    ended = ["2024-03-05"] * 12 + ["2024-03-25"] * 6 + [""] * 6 + ["2024-03-05"] * 12 + [""] * 2
    file = few(tmp_path, la=["A"] * 24 + ["B"] * 14, referred=["2018-05-01"] * 38, begun=begun, ended=ended)
    stay["stay"]["start"] = "begun"
    table = aggregate(file, aggregation(stay, disclosure={"suppress": True})).table.set_index("unit")
    shown = table.filter(like="stay_").notna()
    assert shown.loc[["A"]].to_numpy().all()
    assert not shown.loc[["B"]].to_numpy().any()
    names = ["stay_days_0_10", "stay_open_days_0_10", "stay_open_days_11_20"]
    assert table.loc[["A"], names].to_numpy().tolist() == [[18, 0, 6]]


def test_weighted_estimates_of_hidden_counts_are_hidden(tmp_path: Path) -> None:
    file = few(tmp_path, plan=[1] * 3 + [0] * 20, weight=1.5)
    row = aggregate(file, aggregation(PLAN, weight="weight", disclosure={"suppress": True})).table.iloc[0]
    assert row[["plan_count", "plan_share", "plan_standard_error"]].isna().all()
    assert row["plan_n"] == 23


def test_a_panel_holds_what_is_left(tmp_path: Path) -> None:
    programme = pd.DataFrame({"unit": [f"E{k:02d}" for k in range(8)], "start": ["2016-04-01"] * 2 + [None] * 6})
    made = aggregation(disclosure={"suppress": True, "below": 8})
    cells = aggregate(saved(tmp_path, referrals(2000)), made, programme)
    common = {"label": "It", "harm": "up", "sesoi": 1.0}
    stay = ["stay_days_0_10", "stay_days_11_20", "stay_days_21_45", "stay_days_46_plus"]
    outcomes = {
        "plan": common | {"family": "binomial", "value": "plan_count", "denominator": "plan_n", "low": "plan_low",
                          "high": "plan_high", "unit": "percentage points"},
        "stay": common | {"family": "binned", "value": stay, "denominator": "stay_binned", "unit": "days",
                          "edges": [10.5, 20.5, 45.5]},
    }  # fmt: skip
    content = {
        "title": "It", "programme": "It", "seed": 1, "outcomes": outcomes,
        "columns": {"unit": "unit", "time": "time", "exposure": "exposure"},
    }  # fmt: skip
    panel = Panel.from_frame(cells.table, Spec.from_dict(content).data)
    hidden = int(cells.table["plan_count"].isna().sum())
    assert hidden > 0
    assert f"plan: 48 of 48 cells observed, {hidden} of them as intervals" in repr(panel)
    assert cells.table[stay].isna().any(axis=None)
    assert "stay: 48 of 48 cells observed" in repr(panel)
