"""Records that cannot be used: refused all at once, or left out and counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from primum.errors import SourceError
from primum.sources.records import aggregate
from tests.sources.records.made import aggregation, few

PLAN = {"plan": {"value": "plan"}}


def problems(file: Path, outcomes: dict[str, Any], **changes: Any) -> list[str]:
    with pytest.raises(SourceError) as caught:
        aggregate(file, aggregation(outcomes, **changes))
    assert caught.value.subject == str(file)
    return list(caught.value.problems)


def test_all_reasons_are_told_at_once(tmp_path: Path) -> None:
    file = few(
        tmp_path,
        la=["A", "", None, "  ", "A", "A", "A", "A", "A", "A", "A", "A"],
        referred=["2015-05-01"] * 4 + [None, "01/05/2015", "2013-03-31", "2019-04-01"] + ["2015-05-01"] * 4,
        band=["0-4"] * 8 + ["", "0-4", "0-4", "0-4"],
        weight=["1"] * 9 + ["", "-1", "1"],
        plan=[1] * 11 + ["maybe"],
    )
    found = problems(file, PLAN, strata=["band"], weight="weight")
    assert [problem.split("; mend")[0] for problem in found] == [
        "3 of 12 records cannot be used: no unit",
        "1 of 12 records cannot be used: no date",
        "1 of 12 records cannot be used: unreadable date (01/05/2015)",
        "2 of 12 records cannot be used: outside the periods (2013-03-31 to 2019-04-01)",
        "1 of 12 records cannot be used: no stratum",
        "1 of 12 records cannot be used: no weight",
        "1 of 12 records cannot be used: impossible weight (-1)",
        "1 of 12 records cannot be used for plan: not 0 or 1 (maybe) [2015-16: 1]",
    ]
    assert found[0].endswith('mend them, or add "no unit" to leave_out, by which they are left out and counted')
    assert 'add "not 0 or 1" to outcomes.plan.leave_out' in found[-1]


def test_every_record_is_used_or_counted(tmp_path: Path) -> None:
    file = few(
        tmp_path,
        la=["A", "A", "", "A", "A", "A"],
        referred=["2015-05-01", "2013-01-01", "", "2015-05-01", "2016-05-01", "2016-05-01"],
        plan=[1, "x", "x", "x", "", 0],
    )
    plan = {"value": "plan", "leave_out": ["no value", "not 0 or 1"]}
    cells = aggregate(file, aggregation({"plan": plan}, leave_out=["no unit", "outside the periods"]))
    assert cells.left_out.to_numpy().tolist() == [
        ["", "no unit", "", 1],
        ["", "outside the periods", "", 1],
        ["plan", "no value", "2016-17", 1],
        ["plan", "not 0 or 1", "2015-16", 1],
    ]
    assert cells.table[["period", "records", "plan_count", "plan_n"]].to_numpy().tolist() == [
        ["2015-16", 2, 1, 1],
        ["2016-17", 2, 0, 1],
    ]
    assert cells.records == cells.left_out["records"].sum() + cells.table["plan_n"].sum()
    own = cells.by_period[cells.by_period["used"] + cells.by_period["left_out"] > 0]
    assert own.to_numpy().tolist() == [["plan", "2015-16", 1, 0, 1], ["plan", "2016-17", 1, 0, 1]]
    assert "left out of plan: 1 of 6 records, not 0 or 1 [2015-16: 1]" in cells.notices


@pytest.mark.parametrize(
    ("outcome", "columns", "reason", "shown"),
    [
        ({"value": "plan"}, {"plan": ["2", 1]}, "not 0 or 1", " (2)"),
        ({"value": "plan"}, {"plan": ["", 1]}, "no value", ""),
        ({"event": "again", "follow_up": 9}, {"again": ["31/12/2015", None]}, "unreadable date", " (31/12/2015)"),
        (
            {"event": "again", "follow_up": 9}, {"again": ["2015-04-30", None]}, "event before the date",
            " (2015-04-30 before 2015-05-01)",
        ),
        (
            {"end": "ended"}, {"ended": ["2015-04-30", "2015-05-02"]}, "end before the start",
            " (2015-04-30 before 2015-05-01)",
        ),
        ({"end": "ended"}, {"ended": ["soon", "2015-05-02"]}, "unreadable date", " (soon)"),
        ({"end": "ended", "start": "begun"}, {"begun": ["", "2015-05-02"]}, "no start", ""),
        (
            {"end": "ended", "start": "begun"}, {"begun": ["2025-01-01", "2015-05-02"], "ended": ["", "2015-06-01"]},
            "start after the end of data", " (2025-01-01)",
        ),
        (
            {"end": "ended", "start": "begun", "follow_up": 60},
            {"begun": ["2024-02-01", "2015-05-02"], "ended": ["2024-02-05", "2015-06-01"]}, "follow-up does not fit",
            " (2024-02-01)",
        ),
    ],
)  # fmt: skip
def test_reasons_of_outcomes(
    tmp_path: Path, outcome: dict[str, Any], columns: dict[str, Any], reason: str, shown: str
) -> None:
    file = few(tmp_path, **columns)
    (problem,) = problems(file, {"x": outcome})
    assert problem.startswith(f"1 of 2 records cannot be used for x: {reason}{shown} [2015-16: 1]; ")
    cells = aggregate(file, aggregation({"x": outcome | {"leave_out": [reason]}}))
    assert cells.table["x_n"].tolist() == [1]
    assert cells.table["records"].tolist() == [2]


def test_follow_up_that_does_not_fit_is_not_used_even_where_the_event_was_seen(tmp_path: Path) -> None:
    """Counting only events that happened to be seen would make the last period look worse."""
    again = {"event": "again", "follow_up": 365, "leave_out": ["follow-up does not fit"]}
    file = few(
        tmp_path, referred=["2018-03-31", "2018-04-01", "2018-06-01"], again=["2018-04-02", "2018-04-02", "2018-06-02"]
    )
    cells = aggregate(file, aggregation({"again": again}, end_of_data="2019-04-01"))
    assert cells.table[["period", "again_count", "again_n"]].to_numpy().tolist() == [
        ["2017-18", 1, 1],
        ["2018-19", 1, 1],
    ]


def test_reasons_in_many_periods_name_the_largest(tmp_path: Path) -> None:
    dates = [f"{year}-{month:02d}-01" for year in (2014, 2015) for month in range(1, 13)]
    file = few(tmp_path, referred=[*dates, "2015-07-02"], plan=["x"] * 25)
    months = {"rule": "month", "first": "2014-01-01", "last": "2015-12-31"}
    (problem,) = problems(file, PLAN, periods=months)
    assert "[most in 2015-07: 2, 2014-01: 1, " in problem
    assert "and 14 more]" in problem


def test_missing_numbers_are_missing_and_not_wrong(tmp_path: Path) -> None:
    file = few(tmp_path, "a.parquet", plan=[1.0, float("nan"), 0.0, 0.5])
    assert [problem.split(" [")[0] for problem in problems(file, PLAN)] == [
        "1 of 4 records cannot be used for plan: no value",
        "1 of 4 records cannot be used for plan: not 0 or 1 (0.5)",
    ]


def test_yes_and_no_may_be_written_in_several_ways(tmp_path: Path) -> None:
    row = aggregate(few(tmp_path, plan=["1", "0", "1.0", "True", "false", "0.0"]), aggregation(PLAN)).table.iloc[0]
    assert (row["plan_count"], row["plan_n"]) == (3, 6)


def test_dates_in_a_format_of_their_own(tmp_path: Path) -> None:
    file = few(tmp_path, referred=["01/04/2015", "31/03/2015"])
    table = aggregate(file, aggregation(PLAN, date_format="%d/%m/%Y")).table
    assert table["period"].tolist() == ["2014-15", "2015-16"]


@pytest.mark.parametrize(
    "value", ["2015-04-01 23:59:59", "2015-04-01T00:00:00", "2015-04-01 10:00:00.250", " 2015-04-01"]
)
def test_times_of_day_are_left_off(tmp_path: Path, value: str) -> None:
    assert aggregate(few(tmp_path, referred=[value]), aggregation(PLAN)).table["period"].tolist() == ["2015-16"]
    stamped = few(tmp_path, "a.parquet", referred=[pd.Timestamp(value)])
    assert aggregate(stamped, aggregation(PLAN)).table["period"].tolist() == ["2015-16"]


def test_a_file_without_records_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    path.write_text("la,referred,plan\n")
    assert problems(path, PLAN) == ["there is no record"]
    lost = few(tmp_path, la=["", ""])
    assert problems(lost, PLAN, leave_out=["no unit"]) == ["all records are left out"]
