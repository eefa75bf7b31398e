"""Balance: differences and ratios by hand, missing cells included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import primum as pr
from tests.match.tables import STARTS, panel, spec, table

PLAIN = pr.Matching(neighbours=2, shrink=False, outcomes=("days",))


def sets(*comparators: str) -> pd.DataFrame:
    """The same comparators for every pilot."""
    return pd.DataFrame([(pilot, each) for pilot in STARTS for each in comparators], columns=["pilot", "comparator"])


def wide(data: pd.DataFrame) -> Any:
    return data.set_index(["unit", "year"])["days"].to_xarray().to_pandas()


def test_weights_are_spread_over_comparators_that_have_the_period() -> None:
    data = table()
    data.loc[(data["unit"] == "C00") & (data["year"] == 2011), "days"] = np.nan
    data.loc[(data["unit"] == "A1") & (data["year"] == 2012), "days"] = np.nan
    matches = pr.match_sets(spec(), pr.Panel.from_frame(data, spec().data), sets("C00", "C01"), matching=PLAIN)
    days, rows = wide(data), matches.balance.variables.set_index("variable")
    others = days[~days.index.isin(STARTS)]
    pilots = days.loc[list(STARTS)]
    spread = others.std()
    assert rows.loc["days 2011", "smd_after"] == pytest.approx(
        (pilots[2011].mean() - days.loc["C01", 2011]) / spread[2011]
    )
    assert rows.loc["days 2012", "pilots"] == 2
    expected = (pilots[2012].mean() - days.loc[["C00", "C01"], 2012].mean()) / spread[2012]
    assert rows.loc["days 2012", "smd_after"] == pytest.approx(expected)
    assert rows.loc["days 2012", "smd_before"] == pytest.approx(
        (pilots[2012].mean() - others[2012].mean()) / spread[2012]
    )


def test_periods_hold_only_pilots_whose_pre_period_they_are_in() -> None:
    rows = pr.match(spec(), panel(), PLAIN).balance.variables.set_index("variable")["pilots"]
    assert rows[["days 2013", "days 2014", "days 2015"]].tolist() == [3, 1, 1]
    assert "days 2016" not in rows


def test_variance_ratios_are_those_of_pilots_over_matched_comparators() -> None:
    chosen = ["C02", "C03", "C07"]
    rows = pr.match_sets(spec(), panel(), sets(*chosen), matching=PLAIN).balance.variables.set_index("variable")
    days = wide(table())[2012]
    pilots, others = days[list(STARTS)], days[~days.index.isin(STARTS)]
    assert rows.loc["days 2012", "ratio_before"] == pytest.approx(pilots.var() / others.var())
    assert rows.loc["days 2012", "ratio_after"] == pytest.approx(pilots.var() / days[chosen].var())


def test_gaps_do_not_cancel() -> None:
    rows = pr.match(spec(), panel(), PLAIN).balance.variables
    assert (rows["gap_after"] >= rows["smd_after"].abs() - 1e-12).all()
    assert (rows["gap_after"] > rows["smd_after"].abs() + 0.01).any()


def test_one_pilot_has_no_variance_ratio() -> None:
    data = table()
    one = pr.Panel.from_frame(data[~data["unit"].isin(["A2", "A3"])], spec().data)
    rows = pr.match(spec(), one, PLAIN).balance.variables
    assert rows["ratio_before"].isna().all()
    assert rows["smd_after"].notna().all()


def test_pilots_and_comparators_are_counted() -> None:
    balance = pr.match_sets(spec(), panel(), sets("C04"), matching=PLAIN).balance
    assert balance.pilots["effective"].tolist() == [1, 1, 1]
    assert balance.pilots["start"].tolist() == list(STARTS.values())
    assert balance.comparators[["comparator", "pilots", "weight"]].to_numpy().tolist() == [["C04", 3, 3.0]]
