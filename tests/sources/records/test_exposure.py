"""Exposure from the dates on which a programme started and was embedded."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from primum.errors import SourceError
from primum.sources.records import aggregate
from primum.sources.records.calendar import Calendar
from primum.sources.records.exposure import read_programme, with_exposure
from tests.sources.records.made import aggregation, few

MONTHS = Calendar("month", date(2015, 1, 1), date(2015, 6, 30))


def exposed(start: str | None, embedded: str | None = None, calendar: Calendar = MONTHS) -> pd.DataFrame:
    table = pd.DataFrame({"unit": "A", "time": list(calendar.numbers)})
    given = pd.DataFrame({"unit": ["A"], "start": [start], "embedded": [embedded]})
    programme, problems = read_programme(given, pd.Series(["A"]))
    assert problems == []
    return with_exposure(table, programme, calendar, 2)


def test_a_start_without_embedding_exposes_from_that_day_on() -> None:
    found = exposed("2015-02-15")
    assert found["exposure"].tolist() == [0, 0.5, 1, 1, 1, 1]  # 14 of 28 days
    assert set(found["start"]) == {MONTHS.number(date(2015, 2, 1))}
    assert set(found["embedded"]) == {MONTHS.number(date(2015, 3, 1))}


def test_exposure_rises_by_equal_daily_steps() -> None:
    """Full on the day of embedding: in closed form, the mean of 1/60, ..., 31/60 in March is 16/60."""
    found = exposed("2015-03-01", "2015-04-29")
    assert found["exposure"].tolist()[:2] == [0, 0]
    assert found["exposure"].tolist()[2] == pytest.approx(16 / 60, rel=1e-14)
    # April: 32/60 to 60/60 on the 29th, and 1 on the 30th
    assert found["exposure"].tolist()[3] == pytest.approx((29 * (32 + 60) / 2 / 60 + 1) / 30, rel=1e-14)
    assert found["exposure"].tolist()[4:] == [1, 1]
    assert found["start"].iloc[0] == MONTHS.number(date(2015, 3, 1))
    assert found["embedded"].iloc[0] == MONTHS.number(date(2015, 5, 1))


def test_a_period_that_begins_embedded_is_embedded() -> None:
    assert exposed("2015-03-01")["embedded"].iloc[0] == MONTHS.number(date(2015, 3, 1))


def test_comparators_have_no_dates_and_late_starts_no_exposure() -> None:
    assert exposed(None)["exposure"].tolist() == [0] * 6
    assert exposed(None)["start"].isna().all()
    late = exposed("2017-01-01")
    assert late["exposure"].tolist() == [0] * 6
    assert late["start"].iloc[0] == MONTHS.number(date(2017, 1, 1))
    early = exposed("2010-01-01", "2014-12-31")
    assert early["exposure"].tolist() == [1] * 6


def test_contradictions_are_told_at_once() -> None:
    given = pd.DataFrame(
        {
            "unit": ["A", "A", "B", "C", "Z"],
            "start": ["2015-01-01", None, None, "2015-02-01", "2015-01-01"],
            "embedded": [None, None, "2015-03-01", "2015-01-01", None],
        }
    )
    _, problems = read_programme(given, pd.Series(["A", "B", "C", "D"]))
    assert problems == [
        "given twice in the programme's table: A; give each unit one row",
        "embedded without a start: B; give a start, or leave it empty",
        "embedded before the start: C; correct either",
        "in the programme's table with a start, but without records: Z; correct the unit",
        "not in the programme's table: D; give each unit a row, with an empty start for comparators",
    ]
    _, problems = read_programme(given.assign(start="1 May"), pd.Series(["A", "B", "C", "Z"]))
    assert problems[0] == (
        "the programme's column start holds what is no date: '1 May' (A), '1 May' (A), '1 May' (B), '1 May' (C), "
        "'1 May' (Z); write 2015-03-31"
    )
    assert read_programme(given[["embedded"]], pd.Series(["A"]))[1] == [
        "the programme's table has no column unit and no column start"
    ]


@pytest.mark.parametrize("kind", [str, date.fromisoformat, pd.Timestamp])
def test_dates_of_any_type(kind: Any) -> None:
    given = pd.DataFrame({"unit": [301], "start": [kind("2015-03-31")]})
    programme, problems = read_programme(given, pd.Series([301]))
    assert problems == []
    assert programme["start"].tolist() == programme["embedded"].tolist() == [pd.Timestamp("2015-03-31")]


def test_programme_and_records_are_checked_together(tmp_path: Path) -> None:
    file = few(tmp_path, la=["A", ""])
    with pytest.raises(SourceError) as caught:
        aggregate(file, aggregation(), pd.DataFrame({"unit": ["B"], "start": ["2015-01-01"]}))
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "1 of 2 records cannot be used",
        "in the programme's table with a start, but without records",
        "not in the programme's table",
    ]


def test_outcomes_that_look_ahead_are_told(tmp_path: Path) -> None:
    programme = pd.DataFrame({"unit": ["A"], "start": [None]})
    cells = aggregate(few(tmp_path, la=["A"]), aggregation(), programme)
    assert "again, stay may reach from before a programme's start into it" in cells.notices[-1]
    assert list(cells.table)[:6] == ["unit", "time", "period", "exposure", "start", "embedded"]
