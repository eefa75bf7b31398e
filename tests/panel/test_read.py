from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.panel.read import read_rows
from primum.panel.rows import Rows, list_some, show
from primum.spec import Layout, Periods
from tests.panel.tables import FRAMES, START, fill, put, sound


def _rows(table: Any, layout: Layout = START) -> Rows:
    rows, problems = read_rows(table, layout)
    assert problems == []
    assert rows is not None
    return rows


@settings(derandomize=True, deadline=None)
@given(st.lists(st.integers(0, 99), max_size=20), st.integers(1, 9))
def test_list_some_names_the_first_and_counts_the_rest(items: list[int], shown: int) -> None:
    text = list_some(items, shown)
    named, _, rest = text.partition(" and ")
    parts = named.split(", ") if named else []
    assert parts == [str(item) for item in items[:shown]]
    assert rest == (f"{len(items) - shown} more" if len(items) > shown else "")


@pytest.mark.parametrize(
    ("value", "text"),
    [(2014.0, "2014"), (1234567.0, "1234567"), (0.1, "0.1"), (-9.0, "-9"), (1e300, "1e+300"), (np.nan, "empty")],
)
def test_show_writes_numbers_as_the_table_does(value: float, text: str) -> None:
    assert show(value) == text


@pytest.mark.parametrize("kind", FRAMES)
def test_columns_come_out_as_numbers(kind: str) -> None:
    table = sound()
    put("kin", {3: None})(table)
    rows = _rows(FRAMES[kind](table))
    assert rows.number.tolist() == list(range(1, 49))
    assert rows.unit[:9].tolist() == ["A1"] * 8 + ["A2"]
    assert rows.time.dtype == np.int64
    assert rows.time[:2].tolist() == [2010, 2011]
    assert sorted(rows.numbers) == ["care", "embedded", "kin", "start"]
    np.testing.assert_array_equal(rows.numbers["kin"][:4], [10, 11, np.nan, 10])
    np.testing.assert_array_equal(rows.numbers["start"][[0, 47]], [2014, np.nan])
    assert rows.labels[[0, 47]].tolist() == ["Area A1", "Area B4"]


@pytest.mark.parametrize(
    "column",
    [
        pd.array([10, None, 12] * 16, dtype="Int64"),
        pd.array([10, None, 12] * 16, dtype="int64[pyarrow]"),
        pd.Series([10, None, 12] * 16, dtype=object),
        pd.Series([10, float("nan"), 12] * 16),
        pd.Series([10, pd.NaT, Fraction(12)] * 16, dtype=object),
        pd.Series([Decimal(10), Decimal("NaN"), np.int16(12)] * 16, dtype=object),
    ],
    ids=["nullable", "arrow", "None", "nan", "NaT", "Decimal"],
)
def test_any_mark_of_absence_is_missing(column: Any) -> None:
    rows = _rows(pd.DataFrame(sound()).assign(kin=column))
    np.testing.assert_array_equal(rows.numbers["kin"], [10, np.nan, 12] * 16)


def test_nan_in_polars_and_pyarrow_is_missing_like_null() -> None:
    table = sound()
    fill("kin", lambda unit, _: float("nan") if unit == "A1" else 7.0)(table)
    for frame in (pl.DataFrame(table), pa.table(table)):
        np.testing.assert_array_equal(_rows(frame).numbers["kin"], [np.nan] * 8 + [7.0] * 40)


def test_categories_serve_as_units_and_labels() -> None:
    frame = pd.DataFrame(sound()).astype({"la": "category", "name": "category"})
    rows = _rows(frame)
    assert rows.unit[[0, 8]].tolist() == ["A1", "A2"]
    assert rows.labels[[0, 8]].tolist() == ["Area A1", "Area A2"]


def test_labels_are_the_units_where_the_layout_names_none() -> None:
    layout = replace(START, columns=replace(START.columns, label=None))
    assert _rows(pd.DataFrame(sound()), layout).labels[[0, 47]].tolist() == ["A1", "B4"]


def test_rows_keep_their_number_in_the_table_when_periods_are_chosen() -> None:
    rows = _rows(pd.DataFrame(sound()), replace(START, periods=Periods(2012, 2016)))
    assert rows.number[:6].tolist() == [3, 4, 5, 6, 7, 11]
    assert set(rows.time.tolist()) == set(range(2012, 2017))
    marked = (rows.unit == "A2") & (rows.time == 2012)
    assert rows.name(marked) == "row 11 (A2, 2012)"
    assert rows.name(marked, rows.numbers["kin"], rows.numbers["care"]) == "row 11 (A2, 2012: 13 of 41)"


def test_whole_numbers_that_floats_cannot_tell_apart_are_refused() -> None:
    table = sound()
    table["la"] = [2**53 + row for row in range(48)]
    rows, problems = read_rows(pd.DataFrame(table), START)
    assert rows is None
    assert len(problems) == 1
    assert "column 'la' holds values that are not whole numbers: row 1 (9.00719925474099e+15)" in problems[0]


def test_columns_that_cannot_be_read_are_left_out() -> None:
    table = sound()
    put("care", {1: "x"})(table)
    rows, problems = read_rows(pd.DataFrame(table), START)
    assert rows is not None
    assert "care" not in rows.numbers
    assert len(problems) == 1


def test_more_symbols_than_fit_are_counted() -> None:
    table = sound()
    fill("kin", lambda unit, year: f"{unit}?")(table)
    _, problems = read_rows(pd.DataFrame(table), START)
    assert problems[0].count("rows ") == 5
    assert "'A1?' (rows 1, 2, 3 and 5 more)" in problems[0]
    assert "'B3?' (rows 33, 34, 35 and 5 more) and 1 more; give plain numbers" in problems[0]
