"""A small sound table as a dict of lists, the layouts that read it, and ways to break it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa

from primum.spec import Columns, Layout, Measure, Periods, Treatment

Table = dict[str, list[Any]]
Break = Callable[[Table], object]

UNITS = ("A1", "A2", "B1", "B2", "B3", "B4")
YEARS = range(2010, 2018)

COUNT = Measure("kinship", "kin", "care", "count")
COUNT_BOUNDED = replace(COUNT, low="low", high="high")
DAYS = Measure("assessment", "days", "records", "positive")
START = Layout(
    Columns("la", "year", label="name", start="start", embedded="embedded"), Periods(), Treatment(), (COUNT,)
)
LEAVE_OUT = Layout(START.columns, Periods(), Treatment(embedding="leave out"), (COUNT,))
PILOT = Layout(Columns("la", "year", pilot="pilot"), Periods(), Treatment(start=2014, embedded=2015), (COUNT,))
EXPOSURE = Layout(Columns("la", "year", exposure="exposure"), Periods(), Treatment(), (COUNT,))
BOUNDED = Layout(START.columns, Periods(), Treatment(), (COUNT_BOUNDED,))
EVENTS = Layout(START.columns, Periods(), Treatment(), (replace(COUNT_BOUNDED, kind="events"),))
BINS = ("short", "middling", "long")
BINNED = Layout(START.columns, Periods(), Treatment(), (Measure("length", BINS, "records", "bins"),))
STILL = ("open_short", "open_middling", "open_long")
OPEN = Layout(START.columns, Periods(), Treatment(), (Measure("length", BINS, "records", "bins", open=STILL),))
GRADES = Layout(START.columns, Periods(), Treatment(), (Measure("grade", BINS, None, "categories"),))
BESIDE = Layout(START.columns, Periods(), Treatment(), (replace(COUNT, covariates=("wet",)),))
LASTING = Layout(START.columns, Periods(), Treatment(), (replace(DAYS, low="low", high="high"),))
DURATION = Layout(START.columns, Periods(), Treatment(), (DAYS,))

FRAMES: dict[str, Callable[[Table], Any]] = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}


def sound() -> Table:
    """Six units by eight years, unit by unit, so that unit k's year t is row 8 k + t - 2009.

    A1 and A2 are pilots from 2014, fully from 2015.
    """
    table: Table = {name: [] for name in ("la", "year", "name", "start", "embedded", "pilot", "exposure")}
    table |= {name: [] for name in ("kin", "care", "days", "records", *BINS)}
    for number, unit in enumerate(UNITS):
        pilot = unit.startswith("A")
        for year in YEARS:
            row = {
                "la": unit,
                "year": year,
                "name": f"Area {unit}",
                "start": 2014 if pilot else None,
                "embedded": 2015 if pilot else None,
                "pilot": int(pilot),
                "exposure": (0.0 if year < 2014 else 0.5 if year == 2014 else 1.0) if pilot else 0.0,
                "kin": 10 + number + year % 3,
                "care": 40 + number,
                "days": 20.5 + number,
                "records": 300 + year % 7,
                "short": 100,
                "middling": 150,
                "long": 50 + year % 7,
            }
            for column, value in row.items():
                table[column].append(value)
    return table


def put(column: str, cells: dict[int, Any]) -> Break:
    """Put other values into some rows of a column; rows are counted from 1, as in the messages."""

    def change(table: Table) -> None:
        for row, value in cells.items():
            table[column][row - 1] = value

    return change


def fill(column: str, value: Callable[[str, int], Any]) -> Break:
    """Give a column another value in every row, made from the row's unit and year."""

    def change(table: Table) -> None:
        table[column] = [value(unit, year) for unit, year in zip(table["la"], table["year"], strict=True)]

    return change


def pick(rows: Callable[[str, int], bool]) -> Break:
    """Keep only some rows, chosen by their unit and year."""

    def change(table: Table) -> Table:
        keep = [rows(unit, year) for unit, year in zip(table["la"], table["year"], strict=True)]
        return {
            name: [value for value, kept in zip(values, keep, strict=True) if kept] for name, values in table.items()
        }

    return change


def again(*rows: int) -> Break:
    """Repeat some rows, counted from 1, at the end."""

    def change(table: Table) -> None:
        for values in table.values():
            values.extend([values[row - 1] for row in rows])

    return change


def opened(cells: dict[int, tuple[Any, ...]]) -> Break:
    """Give some rows, counted from 1, open records, which count among all; the others have none."""

    def change(table: Table) -> None:
        for place, name in enumerate(STILL):
            table[name] = [cells.get(row, (0, 0, 0))[place] for row in range(1, len(table["la"]) + 1)]
        for row, still in cells.items():
            table["records"][row - 1] += sum(each for each in still if each is not None and each > 0)

    return change


def bounds(cells: dict[int, tuple[Any, Any]], known: bool = False, of: str = "kin") -> Break:
    """Give some rows, counted from 1, bounds in place of a value, or beside it; the others have none."""

    def change(table: Table) -> None:
        rows = range(1, len(table["la"]) + 1)
        table["low"] = [cells.get(row, (None, None))[0] for row in rows]
        table["high"] = [cells.get(row, (None, None))[1] for row in rows]
        if not known:
            put(of, dict.fromkeys(cells))(table)

    return change


def rename(columns: dict[str, str]) -> Break:
    """Call some columns by other names."""
    return lambda table: {columns.get(name, name): values for name, values in table.items()}


def drop(*columns: str) -> Break:
    """Leave some columns out."""
    return lambda table: {name: values for name, values in table.items() if name not in columns}


def every(*changes: Break) -> Break:
    """One change after the other, each in place."""

    def change(table: Table) -> None:
        for part in changes:
            part(table)

    return change
