"""Boundary-stable units, on made-up cells and against the reference panel of all England."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.errors import SourceError
from primum.sources.dfe import combine, read_dfe
from primum.sources.geography import Stable, breaks, stable_units
from tests.sources.real import C1, C1_2020, C2, LEGACY, real

NAMES = {"835": "Dorset", "836": "Poole", "837": "Bournemouth", "838": "Dorset", "839": "BCP", "301": "Ayton"}
BEFORE, AFTER = ("835", "836", "837"), ("838", "839")


def row(code: str, period: int, value: float | None, reason: str = "", **more: Any) -> dict[str, Any]:
    hidden = reason == "suppressed"
    low, high = (1, 5) if hidden else (value, value)
    return {
        "period": period, "time_period": str(period), "time_identifier": "Reporting year",
        "geographic_level": "Local authority", "region_name": "South West", "old_la_code": code,
        "new_la_code": f"E{code}", "la_name": NAMES.get(code, code), "measure": "seen", "kind": "count",
        "value": value, "low": low, "high": high, "reason": reason, "published": "c" if hidden else str(value), **more,
    }  # fmt: skip


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows))
    return table.astype({"value": float, "low": float, "high": float})


def dorset(**changed: dict[str, Any]) -> pd.DataFrame:
    """Two years around April 2019; `changed` rows by code."""
    whole = [row(code, 2019, 10.0) for code in BEFORE] + [row(code, 2020, 20.0) for code in (*AFTER, "301")]
    return frame(*(changed.get(f"la{each['old_la_code']}", each) for each in whole))


def cell(stable: Stable, unit: str = "838+839", period: int = 2019) -> pd.Series:
    cells = stable.cells
    found = cells[(cells["unit"] == unit) & (cells["period"] == period)]
    assert len(found) == 1
    return found.iloc[0]


def refusal(cells: pd.DataFrame, **wishes: Any) -> tuple[str, ...]:
    with pytest.raises(SourceError) as caught:
        stable_units(cells, **wishes)
    return caught.value.problems


def test_counts_add_up_and_it_is_told_what_was_merged() -> None:
    stable = stable_units(dorset())
    assert cell(stable)[["value", "low", "high"]].tolist() == [30, 30, 30]
    assert cell(stable)["merged_from"] == "835+836+837"
    assert cell(stable)["published"] == "835: 10.0 + 836: 10.0 + 837: 10.0"
    assert cell(stable, period=2020)[["value", "merged_from"]].tolist() == [40, "838+839"]
    assert cell(stable, "301", 2020)[["value", "unit_name", "merged_from"]].tolist() == [20, "Ayton", ""]
    assert [each.unit for each in stable.merged] == ["838+839"]
    assert any("Dorset (835), Poole (836), Bournemouth (837)" in notice for notice in stable.notices)
    assert any("1 April 2019" in notice and "Order 2018" in notice for notice in stable.notices)


def test_a_suppressed_part_leaves_a_range() -> None:
    merged = cell(stable_units(dorset(la836=row("836", 2019, None, "suppressed"))))
    assert np.isnan(merged["value"])
    assert merged[["low", "high", "reason"]].tolist() == [21, 25, "suppressed"]


@pytest.mark.parametrize("reason", ["not available", "low reliability", "empty"])
def test_a_missing_part_leaves_nothing(reason: str) -> None:
    merged = cell(stable_units(dorset(la836=row("836", 2019, None, reason))))
    assert merged[["value", "low", "high"]].isna().all()
    assert merged["reason"] == "part missing"


def test_a_part_without_a_row_is_missing() -> None:
    cells = dorset()
    merged = cell(stable_units(cells[cells["old_la_code"] != "836"]))
    assert merged[["value", "reason"]].isna().tolist() == [True, False]
    assert "836: no row" in merged["published"]


def test_years_on_one_side_are_left_as_they_are() -> None:
    stable = stable_units(dorset(), last=2019)
    assert stable.cells["unit"].tolist() == list(BEFORE)
    assert stable.merged == ()
    assert breaks(dorset())[0].unit == "838+839"


@pytest.mark.parametrize("kind", ["percentage", "rate", "average", "unknown"])
def test_what_does_not_add_up_is_refused_with_the_reason(kind: str) -> None:
    (problem,) = refusal(dorset().assign(kind=kind))
    assert problem.startswith(f"seen: {kind}, so it cannot be merged for Dorset / Bournemouth")
    assert stable_units(dorset().assign(kind=kind), first=2020).cells["value"].tolist() == [20, 20, 20]


@pytest.mark.parametrize("unit", ["835", "839"])
def test_splitting_is_refused(unit: str) -> None:
    (problem,) = refusal(dorset(), units=[unit])
    assert f"unit '{unit}' cannot be followed across 1 April 2019" in problem
    assert "ask for '838+839'" in problem


def test_units_can_be_chosen() -> None:
    assert set(stable_units(dorset(), units=["838+839"]).cells["unit"]) == {"838+839"}
    assert "there is no unit '999'" in refusal(dorset(), units=["999"])[0]


def test_numbers_on_both_sides_in_one_year_are_refused() -> None:
    cells = pd.concat([dorset(), frame(row("837", 2020, 10.0))], ignore_index=True)
    assert "both have numbers for 2020" in refusal(cells)[0]
    cells = pd.concat([dorset(), frame(row("837", 2020, None, "not applicable"))], ignore_index=True)
    assert cell(stable_units(cells), period=2020)["value"] == 40


def test_an_authority_with_two_rows_for_one_number_is_refused() -> None:
    again = row("301", 2020, 7.0, new_la_code="E999")
    assert "Ayton (301) 2020" in refusal(pd.concat([dorset(), frame(again)], ignore_index=True))[0]


def test_a_whole_year_that_does_not_apply_stays() -> None:
    cells = dorset()
    cells.loc[cells["period"] == 2019, ["value", "low", "high"]] = np.nan
    cells.loc[cells["period"] == 2019, "reason"] = "not applicable"
    assert cell(stable_units(cells))["reason"] == "part missing"


def test_rows_that_are_about_no_authority() -> None:
    nation = row("", 2019, 99.0, geographic_level="National")
    odd = row("z", 2019, 9.0, la_name="Unknown")
    stable = stable_units(pd.concat([dorset(), frame(nation, odd)], ignore_index=True))
    assert "z" not in set(stable.cells["unit"])
    assert any("about no authority were left out: Unknown" in notice for notice in stable.notices)
    assert any("1 cells of other levels" in notice for notice in stable.notices)
    blank = row("", 2019, 9.0, la_name="Ayton")
    assert "Ayton; add it" in refusal(pd.concat([dorset(), frame(blank)], ignore_index=True))[0]
    assert "no row is about a local authority" in refusal(frame(nation))[0]


def test_new_nine_digit_codes_are_explained_or_questioned() -> None:
    cells = frame(
        row("825", 2020, 1.0, new_la_code="E10000002"), row("825", 2021, 2.0, new_la_code="E06000060"),
        row("301", 2020, 1.0, new_la_code="E1"), row("301", 2021, 2.0, new_la_code="E2"),
    )  # fmt: skip
    stable = stable_units(cells)
    assert any("(825)" in notice and "one unit" in notice for notice in stable.notices)
    assert any("(301)" in notice and "check it" in notice for notice in stable.notices)
    assert len(stable.cells) == 4


@settings(derandomize=True, deadline=None)
@given(st.permutations(range(6)), st.lists(st.integers(0, 500), min_size=6, max_size=6))
def test_order_of_rows_does_not_matter_and_nothing_is_lost(order: list[int], values: list[int]) -> None:
    cells = dorset().assign(value=values, low=values, high=values).astype({"value": float})
    merged = stable_units(cells).cells
    assert merged["value"].sum() == sum(values)
    shuffled = stable_units(cells.iloc[order].reset_index(drop=True)).cells
    pd.testing.assert_frame_equal(merged.drop(columns="published"), shuffled.drop(columns="published"))


# against the reference panel

UNITS = {"H_Cumbria": "942+943", "H_DorsetBournemouthPoole": "838+839", "H_Northamptonshire": "940+941"}
REFERRALS = {"referral_count": "referrals", "rereferral_count": "rereferrals"}
BINS = {
    "Same_day": "assess_Same_day", "1-10_days": "assess_1_10_days", "11-20_days": "assess_11_20_days",
    "21-30_days": "assess_21_30_days", "31-40_days": "assess_31_40_days", "41-45_days": "assess_41_45_days",
    "46-50_days": "assess_46_50_days", "51-60_days": "assess_51_60_days", "61+_days": "assess_61plus_days",
}  # fmt: skip


def compared(cells: pd.DataFrame, measure: str, column: str) -> pd.DataFrame:
    """Units and years of one measure beside the reference, over the years of the cells."""
    panel = pd.read_csv(real("la_year_panel.csv"), dtype={"unit": str})
    panel = panel.assign(unit=panel["unit"].replace(UNITS), period=panel["year"])[["unit", "period", column]]
    own = cells.loc[cells["measure"] == measure, ["unit", "period", "value"]]
    both = own.merge(panel[panel["period"].isin(own["period"])], on=["unit", "period"], how="outer")
    return both.rename(columns={column: "reference"})


def differing(both: pd.DataFrame) -> int:
    known = both.dropna()
    return int((known["value"] != known["reference"]).sum())


@pytest.mark.parametrize(("measure", "cells"), [("referral_count", 1942), ("rereferral_count", 1923)])
def test_c1_equals_the_reference_cell_by_cell(measure: str, cells: int) -> None:
    stable = stable_units(read_dfe(real(C1)).cells, measures=[measure])
    both = compared(stable.cells, measure, REFERRALS[measure])
    assert differing(both) == 0
    assert len(both.dropna()) == cells
    assert stable.cells["unit"].nunique() == 150
    # no unit is lost; the reference leaves out the Isles of Scilly of 2017, whose referrals are suppressed
    alone = both[both["value"].notna() & both["reference"].isna()]
    assert alone["unit"].tolist() == ([] if measure == "referral_count" else ["420"])
    assert both[both["value"].isna() & both["reference"].notna()].empty


def test_c1_of_2020_equals_the_reference_on_its_side_of_later_reorganisations() -> None:
    stable = stable_units(read_dfe(real(C1_2020)).cells, measures=list(REFERRALS))
    assert [each.unit for each in stable.merged] == ["838+839"]
    for measure, column in REFERRALS.items():
        assert differing(compared(stable.cells, measure, column)) == 0


def test_dorset_of_2020_is_missing_as_its_parts_are() -> None:
    cells = stable_units(read_dfe(real(C1)).cells, measures=["rereferral_count"]).cells
    found = cells[(cells["unit"] == "838+839") & (cells["period"] == 2020)].iloc[0]
    assert found[["reason", "published"]].tolist() == ["part missing", "838: x + 839: x"]


@pytest.mark.parametrize("measure", ["Assessments_completed", *BINS])
def test_c2_equals_the_reference_cell_by_cell(measure: str) -> None:
    stable = stable_units(read_dfe(real(C2)).cells, measures=[measure])
    both = compared(stable.cells, measure, {"Assessments_completed": "assessments", **BINS}[measure])
    assert differing(both) == 0
    assert len(both.dropna()) > 1200


def test_older_releases_together_with_c1_equal_the_reference_from_2011() -> None:
    files = [f"{LEGACY}/osr26-2011ud.csv", f"{LEGACY}/SFR27-2012ud.csv", C1]
    cells, _ = combine([read_dfe(real(file)) for file in files])
    stable = stable_units(cells, measures=list(REFERRALS))
    for measure, column in REFERRALS.items():
        both = compared(stable.cells, measure, column)
        assert differing(both) == 0
        assert both["period"].min() == 2011
        assert both[both["value"].isna() & both["reference"].notna()].empty


def test_percentages_of_c1_are_refused() -> None:
    (problem,) = refusal(read_dfe(real(C1)).cells)
    assert "rereferral_percent" in problem
    assert "merge the counts and divide" in problem


def test_all_files_of_the_census_of_2025_can_be_followed() -> None:
    for file in sorted(real(C1).parent.glob("*.csv")):
        cells = read_dfe(file).cells
        counts = cells.loc[cells["kind"] == "count", "measure"].unique().tolist()
        assert stable_units(cells, measures=counts).cells["unit"].nunique() == 150, file
