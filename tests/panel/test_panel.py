from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from primum.errors import InputError, PanelError, PrimumError
from primum.panel import Panel
from primum.sources import read_table
from primum.spec import Layout, Measure, Periods, Spec
from tests.panel.tables import (
    BESIDE,
    BINNED,
    BINS,
    BOUNDED,
    COUNT,
    DURATION,
    EVENTS,
    EXPOSURE,
    FRAMES,
    GRADES,
    LASTING,
    LEAVE_OUT,
    OPEN,
    PILOT,
    START,
    UNITS,
    YEARS,
    Break,
    again,
    bounds,
    drop,
    every,
    fill,
    opened,
    pick,
    put,
    rename,
    sound,
)

ROOT = Path(__file__).parents[2]
ENGLAND = Path("shared") / "data" / "la" / "la_year_panel.csv"


class Malformed(NamedTuple):
    """A sound table broken in one way, and the pieces of the message that the user must see."""

    name: str
    layout: Layout
    broken: Break
    words: tuple[str, ...]


def _periods(first: int | None = None, last: int | None = None) -> Layout:
    return replace(START, periods=Periods(first, last))


MALFORMED = [
    Malformed(
        "duplicate unit and time",
        START,
        again(4, 5),
        ("several: (A1, 2013) in rows 4 and 49, (A1, 2014) in rows 5 and 50", "keep one of them"),
    ),
    Malformed(
        "the same row three times",
        START,
        again(4, 4),
        ("(A1, 2013) in rows 4 and 49, (A1, 2013) in rows 4 and 50",),
    ),
    Malformed(
        "count above its denominator",
        START,
        put("kin", {3: 500}),
        ("column 'kin' is above its denominator 'care': row 3 (A1, 2012: 500 of 40)", "correct either"),
    ),
    Malformed(
        "negative count",
        START,
        put("kin", {18: -9}),
        ("column 'kin' has negative counts: row 18 (B1, 2011: -9)", "leave the cell empty"),
    ),
    Malformed(
        "negative denominator",
        DURATION,
        put("records", {18: -1}),
        ("column 'records' has negative counts: row 18 (B1, 2011: -1)", "leave the cell empty"),
    ),
    Malformed(
        "count that is not whole",
        START,
        put("kin", {2: 12.5, 7: 0.25}),
        ("column 'kin' has counts that are not whole numbers: row 2 (A1, 2011: 12.5), row 7 (A1, 2016: 0.25)", "rates"),
    ),
    Malformed(
        "suppression symbols among counts",
        START,
        put("kin", {3: "x", 9: "x", 6: "c"}),
        ("column 'kin' holds values that are not numbers: 'x' (rows 3, 9), 'c' (row 6)", "leave cells empty"),
    ),
    Malformed(
        "suppression symbol in a CSV, where it makes the whole column text",
        START,
        fill("care", lambda unit, year: "x" if (unit, year) == ("B1", 2011) else "40"),
        ("column 'care' holds values that are not numbers: 'x' (row 18);",),
    ),
    Malformed(
        "thousands separators",
        START,
        put("care", {1: "1,200"}),
        ("column 'care' holds values that are not numbers: '1,200' (row 1)", "give plain numbers"),
    ),
    Malformed(
        "infinite value",
        START,
        put("care", {3: np.inf, 4: -np.inf}),
        ("column 'care' is infinite in rows 3, 4", "leave cells empty"),
    ),
    Malformed(
        "whole number too large for a float",
        START,
        put("care", {3: 10**400}),
        ("column 'care' is infinite in row 3",),
    ),
    Malformed(
        "arrays in cells",
        START,
        put("kin", {3: np.zeros(2)}),
        ("column 'kin' holds values that are not numbers: array([0., 0.]) (row 3)",),
    ),
    Malformed(
        "value without a denominator",
        START,
        put("care", {4: None}),
        ("column 'care' is empty where 'kin' is not: row 4 (A1, 2013: 10)", "give both or leave both empty"),
    ),
    Malformed(
        "duration of 0",
        DURATION,
        put("days", {2: 0.0, 3: -4.5}),
        ("column 'days' must be above 0", "row 2 (A1, 2011: 0), row 3 (A1, 2012: -4.5)", "leave the cell empty"),
    ),
    Malformed(
        "duration of no records",
        DURATION,
        put("records", {2: 0}),
        ("column 'days' has values where its denominator 'records' is 0: row 2 (A1, 2011: 20.5)", "correct"),
    ),
    Malformed(
        "missing columns",
        START,
        drop("kin", "start"),
        ("2 problems", "there is no column 'kin'", "there is no column 'start'", "the columns are 'la', 'year'"),
    ),
    Malformed(
        "column with a space at its end",
        START,
        rename({"kin": "kin "}),
        ("there is no column 'kin'; did you mean 'kin '?",),
    ),
    Malformed(
        "missing unit column",
        START,
        drop("la"),
        ("there is no column 'la'; the columns are 'year'",),
    ),
    Malformed(
        "columns of the same name",
        START,
        lambda table: pd.concat([pd.DataFrame(table), pd.DataFrame({"kin": table["kin"]})], axis=1),
        ("several columns have the same name: 'kin'", "rename or drop"),
    ),
    Malformed(
        "columns of the same name in pyarrow",
        START,
        lambda table: pa.table([[1], [2]], names=["la", "la"]),
        ("several columns have the same name: 'la'",),
    ),
    Malformed(
        "missing unit",
        START,
        put("la", {3: None, 5: " "}),
        ("column 'la' (the unit) is empty in rows 3, 5", "name the unit in every row"),
    ),
    Malformed(
        "text and numbers as units",
        START,
        put("la", {4: 201}),
        ("column 'la' (the unit) mixes text and numbers: 'A1' in row 1, 201 in row 4", "all of them text"),
    ),
    Malformed(
        "broken numbers as units",
        START,
        fill("la", lambda unit, _: UNITS.index(unit) + 0.5),
        ("column 'la' holds values that are not whole numbers: row 1 (0.5)", "all of them whole numbers"),
    ),
    Malformed(
        "year as text",
        START,
        fill("year", lambda _, year: str(year)),
        ("column 'year' holds numbers as text: '2010' (rows 1, 9, 17 and 3 more)", "turn them into numbers"),
    ),
    Malformed(
        "financial years",
        START,
        fill("year", lambda _, year: f"{year}/{year - 1999}"),
        ("column 'year' holds values that are not numbers: '2010/11' (rows 1, 9", "give a whole number such as a year"),
    ),
    Malformed(
        "dates as years",
        START,
        fill("year", lambda _, year: datetime.date(year, 3, 31)),
        ("column 'year' holds values that are not numbers: datetime.date(2010, 3, 31) (rows 1, 9", "such as a year"),
    ),
    Malformed(
        "missing year",
        START,
        put("year", {4: None}),
        ("column 'year' holds values that are not whole numbers: row 4 (empty)", "in every row"),
    ),
    Malformed(
        "year out of reach",
        START,
        put("year", {4: 1e300}),
        ("column 'year' holds values that are not whole numbers: row 4 (1e+300)",),
    ),
    Malformed(
        "no row within the periods",
        _periods(first=2030),
        put("year", {}),
        ("no row lies within the periods from 2030; the table has 2010 to 2017",),
    ),
    Malformed(
        "no row up to the last period",
        _periods(first=1990, last=2000),
        put("year", {}),
        ("no row lies within the periods from 1990 up to 2000; the table has 2010 to 2017",),
    ),
    Malformed(
        "several labels",
        START,
        put("name", {5: "Oops", 20: None}),
        ("'name' must hold one label a unit: row 5 (A1: 'Oops', before 'Area A1'), row 20 (B1: ''", "in all its rows"),
    ),
    Malformed(
        "start that varies within a unit",
        START,
        put("start", {3: 2015, 4: 2015}),
        ("column 'start' must be the same in every period of a unit: A1 (2014 and 2015)", "give each unit one start"),
    ),
    Malformed(
        "start within a period",
        START,
        fill("start", lambda unit, _: 2013.5 if unit == "A2" else 2014 if unit == "A1" else None),
        ("column 'start' must hold whole periods: A2 (2013.5)", "such as a year"),
    ),
    Malformed(
        "embedded before the start",
        START,
        fill("embedded", lambda unit, _: 2012 if unit == "A2" else None),
        ("column 'embedded' lies before the start: A2 (2012 before 2014)", "correct either"),
    ),
    Malformed(
        "embedded without a start",
        START,
        put("embedded", dict.fromkeys(range(17, 25), 2015)),
        ("column 'embedded' is given for units without a start: B1 (2015)", "give a start, or leave it empty"),
    ),
    Malformed(
        "pilot flag that is not 0 or 1",
        PILOT,
        fill("pilot", lambda unit, _: {"A1": 2, "B1": None}.get(unit, 0)),
        ("column 'pilot' must be 1 for pilots and 0 for comparators: A1 (2), B1 (empty)",),
    ),
    Malformed(
        "pilot flag in words",
        PILOT,
        fill("pilot", lambda unit, _: "yes" if unit < "B" else "no"),
        ("column 'pilot' holds values that are not numbers: 'yes' (rows 1, 2, 3 and 13 more)", "give 1 for pilots"),
    ),
    Malformed(
        "pilot flag that varies by period",
        PILOT,
        fill("pilot", lambda unit, year: int(unit < "B" and year >= 2014)),
        ("column 'pilot' must be the same", "A1 (0 and 1), A2 (0 and 1)", "goes in columns.exposure"),
    ),
    Malformed(
        "exposure that falls",
        EXPOSURE,
        put("exposure", {8: 0.5}),
        ("column 'exposure' must not fall over time: (A1, 2017: 0.5)", "leave out the periods after exposure ends"),
    ),
    Malformed(
        "exposure in per cent",
        EXPOSURE,
        put("exposure", {7: 100.0, 8: 100.0}),
        ("column 'exposure' must lie between 0 and 1: (A1, 2016: 100), (A1, 2017: 100)", "not percentages"),
    ),
    Malformed(
        "exposure with a gap",
        EXPOSURE,
        put("exposure", {6: None}),
        ("column 'exposure' is empty, or has no row", "(A1, 2015: empty)", "give 0 where not exposed"),
    ),
    Malformed(
        "exposure without a row",
        EXPOSURE,
        pick(lambda unit, year: (unit, year) != ("A2", 2010)),
        ("column 'exposure' is empty, or has no row", "(A2, 2010: empty)"),
    ),
    Malformed(
        "unit exposed in every period",
        START,
        fill("start", lambda unit, _: {"A1": 2009, "A2": 2014}.get(unit)),
        ("pilot A1: exposed in every period", "add earlier periods or leave the unit out"),
    ),
    Malformed(
        "too few periods before exposure",
        _periods(first=2013),
        put("year", {}),
        ("pilots A1, A2: fewer than 2 periods before exposure", "add earlier periods or leave the unit out"),
    ),
    Malformed(
        "no comparators",
        START,
        pick(lambda unit, _: unit in ("A1", "A2", "B1")),
        ("the number of comparators (units never exposed in these periods) is 1", "add units", "at least 2 are needed"),
    ),
    Malformed(
        "no pilots",
        START,
        pick(lambda unit, _: unit > "B"),
        ("no unit is exposed in any period from 2010 to 2017", "check column 'start' and the periods used"),
    ),
    Malformed(
        "pilots never fully exposed",
        START,
        fill("embedded", lambda unit, _: 2020 if unit == "A1" else None),
        ("pilot A1: never fully exposed (exposure 1) in these periods", "add later periods"),
    ),
    Malformed(
        "pilot not observed before exposure",
        START,
        every(put("kin", dict.fromkeys(range(2, 5))), put("kin", dict.fromkeys(range(9, 12)))),
        ("pilots A1, A2: kinship is observed in fewer than 2 periods before exposure", "fill its cells"),
    ),
    Malformed(
        "pilot not observed under exposure",
        START,
        put("kin", dict.fromkeys(range(5, 9))),
        ("pilot A1: kinship is never observed under full exposure", "leave the unit out"),
    ),
    Malformed(
        "comparators not observed",
        START,
        put("kin", dict.fromkeys(range(25, 49))),
        ("kinship is observed more than once in fewer than 2 comparators", "leave the outcome out"),
    ),
    Malformed(
        "covariate that is not known everywhere",
        BESIDE,
        fill("wet", lambda unit, year: None if (unit, year) in {("A2", 2011), ("B1", 2016)} else year * ord(unit[1])),
        ("column 'wet' is a covariate and empty, or has no row, for (A2, 2011), (B1, 2016)", "leave the covariate out"),
    ),
    Malformed(
        "covariate of periods alone",
        BESIDE,
        fill("wet", lambda _, year: 0.1 * year),
        ("column 'wet' is a covariate that never moves in one unit otherwise than in all", "leave it out"),
    ),
    Malformed(
        "covariate of units alone",
        BESIDE,
        fill("wet", lambda unit, _: 0.1 * ord(unit[1])),
        ("column 'wet' is a covariate that never moves in one unit otherwise than in all", "leave it out"),
    ),
    Malformed(
        "covariate that is exposure",
        BESIDE,
        fill("wet", lambda unit, year: 3.0 + unit.startswith("A") * min(max(year - 2013, 0), 2) + 0.01 * (year % 2)),
        ("column 'wet': covariates that move as exposure does, so that no effect can be told from theirs",),
    ),
    Malformed(
        "covariate twice over",
        replace(START, measures=(replace(COUNT, covariates=("wet", "cold")),)),
        every(
            fill("wet", lambda unit, year: float(year * ord(unit[1]) % 7)),
            fill("cold", lambda unit, year: 5 - 2.0 * (year * ord(unit[1]) % 7)),
        ),
        ("column 'cold' is a covariate that says no more than wet does; leave one of them out",),
    ),
    Malformed(
        "covariate out of all proportion",
        BESIDE,
        fill("wet", lambda unit, year: 1e-290 * (year * ord(unit[1]) % 7)),
        ("column 'wet' is a covariate out of all proportion (up to 6e-290); give it in another unit",),
    ),
    Malformed(
        "interval of means that says nothing",
        LASTING,
        bounds({18: (0, None)}, of="days"),
        ("column 'low' says nothing where it is 0: row 18 (B1, 2011: 0); leave it empty there",),
    ),
    Malformed(
        "interval that ends before it begins",
        BOUNDED,
        bounds({18: (5, 1), 19: (2, 0)}),
        ("intervals from 'low' to 'high' end before they begin: row 18 (B1, 2011: 5 to 1), row 19 (B1, 2012: 2 to 0)",),
    ),
    Malformed(
        "half an interval",
        BOUNDED,
        bounds({18: (1, None)}),
        ("column 'high' is empty where 'low' is not: row 18 (B1, 2011: 1); give both or leave both empty",),
    ),
    Malformed(
        "the other half",
        BOUNDED,
        bounds({18: (None, 5)}),
        ("column 'low' is empty where 'high' is not: row 18 (B1, 2011: 5); give both or leave both empty",),
    ),
    Malformed(
        "bound above the denominator",
        BOUNDED,
        bounds({18: (1, 50)}),
        ("column 'high' is above its denominator 'care': row 18 (B1, 2011: 50 of 42)", "correct either"),
    ),
    Malformed(
        "negative bound",
        BOUNDED,
        bounds({18: (-1, 5)}),
        ("column 'low' has negative counts: row 18 (B1, 2011: -1)",),
    ),
    Malformed(
        "bound that is not whole",
        BOUNDED,
        bounds({18: (0.5, 5)}),
        ("column 'low' has counts that are not whole numbers: row 18 (B1, 2011: 0.5)",),
    ),
    Malformed(
        "symbol for a bound",
        BOUNDED,
        bounds({18: (1, "x")}),
        ("column 'high' holds values that are not numbers: 'x' (row 18)",),
    ),
    Malformed(
        "interval of means that begins below nothing",
        LASTING,
        bounds({18: (-1, 5)}, of="days"),
        (
            "column 'low' must not be below 0 for a lognormal or gamma outcome: row 18 (B1, 2011: -1)",
            "leave it empty where that side is open",
        ),
    ),
    Malformed(
        "interval of means that ends at nothing",
        LASTING,
        bounds({19: (None, 0)}, of="days"),
        ("column 'high' must be above 0 for a lognormal or gamma outcome: row 19 (B1, 2012: 0)",),
    ),
    Malformed(
        "interval of means without width",
        LASTING,
        bounds({18: (7.5, 7.5)}, of="days"),
        ("intervals from 'low' to 'high' have no width: row 18 (B1, 2011: 7.5 to 7.5); put what is known in 'days'",),
    ),
    Malformed(
        "mean beyond its only bound",
        LASTING,
        bounds({18: (100, None)}, known=True),
        ("column 'days' lies outside its interval from 'low' to 'high': row 18 (B1, 2011: 22.5, 100, empty)",),
    ),
    Malformed(
        "open interval without a denominator",
        LASTING,
        every(bounds({18: (5, None), 19: (None, 5)}, of="days"), put("records", {18: None, 19: None})),
        ("column 'records' is empty where an interval of 'days' is not: row 18 (B1, 2011), row 19 (B1, 2012)",),
    ),
    Malformed(
        "open interval out of nothing",
        LASTING,
        every(bounds({19: (None, 5)}, of="days"), put("records", {19: 0})),
        ("column 'records' is 0 where an interval of 'days' is given: row 19 (B1, 2012)",),
    ),
    Malformed(
        "value outside its interval",
        BOUNDED,
        bounds({2: (1, 5), 3: (10, 20)}, known=True),
        (
            "column 'kin' lies outside its interval from 'low' to 'high': row 2 (A1, 2011: 11, 1, 5)",
            "leave one of them empty",
        ),
    ),
    Malformed(
        "interval without a denominator",
        BOUNDED,
        every(bounds({18: (1, 5)}), put("care", {18: None})),
        ("column 'care' is empty where 'low' is not: row 18 (B1, 2011: 1)",),
    ),
    Malformed(
        "interval out of nothing",
        EVENTS,
        every(bounds({18: (1, 5)}), put("care", {18: 0})),
        ("column 'care' is 0 where 'low' is given: row 18 (B1, 2011: 1)",),
    ),
    Malformed(
        "interval too wide to say much",
        EVENTS,
        bounds({18: (0, 1000), 19: (1, 1000)}),
        ("intervals from 'low' to 'high' hold more than 1,000 values: row 18 (B1, 2011: 0 to 1000);", "narrow them"),
    ),
    Malformed(
        "bins of more records than there are",
        BINNED,
        put("long", {3: 500}),
        ("column 'short' and the outcome's other bins hold more records than 'records' says: row 3", "750 of 303"),
    ),
    Malformed(
        "a bin that was forgotten",
        replace(BINNED, measures=(Measure("length", BINS[:2], "records", "bins"),)),
        put("kin", {}),
        ("bins leave out more than 5% of the records in 'records': row 1 (A1, 2010: 250 of 301)", "name all bins"),
    ),
    Malformed(
        "negative bin",
        BINNED,
        every(put("short", {3: -5}), put("records", {3: None})),
        ("column 'short' has negative counts: row 3 (A1, 2012: -5)",),
    ),
    Malformed(
        "open records that are negative",
        OPEN,
        opened({3: (0, -2, 0)}),
        ("column 'open_middling' has negative counts: row 3 (A1, 2012: -2)",),
    ),
    Malformed(
        "open records that are not whole",
        OPEN,
        every(opened({4: (0, 2.5, 0)}), put("records", {4: 310})),
        ("column 'open_middling' has counts that are not whole numbers: row 4 (A1, 2013: 2.5)",),
    ),
    Malformed(
        "open records of one bin alone",
        OPEN,
        opened({3: (0, None, 4)}),
        (
            "column 'open_short' or other open records are empty where bins are not, or the other way round: row 3 (A1",
            "0 where there are none",
        ),
    ),
    Malformed(
        "open records without bins",
        OPEN,
        every(opened({3: (0, 1, 4)}), *(put(name, {3: None}) for name in BINS)),
        ("column 'open_short' or other open records are empty where bins are not, or the other way round: row 3 (A1",),
    ),
    Malformed(
        "a column of open records that is not there",
        OPEN,
        every(opened({}), lambda table: table.pop("open_long")),
        ("there is no column 'open_long'; did you mean 'open_middling'?",),
    ),
    Malformed(
        "open records that are not among all records",
        OPEN,
        every(opened({3: (0, 1, 4)}), put("records", {3: 301})),
        ("the outcome's other bins, with open records, hold more records than 'records' says: row 3",),
    ),
    Malformed(
        "negative category",
        GRADES,
        put("short", {3: -5}),
        ("column 'short' has negative counts: row 3 (A1, 2012: -5)",),
    ),
    Malformed(
        "a category that was forgotten",
        replace(GRADES, measures=(Measure("grade", BINS[:2], "records", "categories"),)),
        put("kin", {}),
        ("categories leave out more than 5% of the records in 'records': row 1", "name all categories"),
    ),
    Malformed(
        "symbol in a bin",
        BINNED,
        put("short", {3: "x"}),
        ("column 'short' holds values that are not numbers: 'x' (row 3)",),
    ),
    Malformed(
        "pilot whose bins are not observed before exposure",
        BINNED,
        every(*(put(name, dict.fromkeys(range(1, 4))) for name in BINS)),
        ("pilot A1: length is observed in fewer than 2 periods before exposure",),
    ),
    Malformed("no rows", START, pick(lambda unit, year: False), ("the table has no rows",)),
    Malformed("path instead of a table", START, lambda _: "areas.csv", ("type str is not a table", "read_table")),
    Malformed("dict instead of a table", START, dict, ("type dict is not a table", "pandas or polars data frame")),
    Malformed("series", START, lambda table: pd.Series(table["kin"]), ("type Series is not a table",)),
    Malformed("lazy frame", START, lambda table: pl.LazyFrame(table), ("type LazyFrame is not a table",)),
]  # fmt: skip


def _read_broken(broken: Break, layout: Layout) -> Panel:
    table = sound()
    given = broken(table)
    if isinstance(given, dict) and broken is not dict:
        given = pd.DataFrame(given)
    return Panel.from_frame(pd.DataFrame(table) if given is None else given, layout)


@pytest.mark.parametrize("case", MALFORMED, ids=lambda case: case.name)
def test_malformed_table_is_refused_in_words(case: Malformed) -> None:
    with pytest.raises(PanelError) as caught:
        _read_broken(case.broken, case.layout)
    message = str(caught.value)
    for words in case.words:
        assert words in message
    # one mistake makes one problem: no second message that follows from the first
    expected = 2 if case.name == "missing columns" else 1
    assert len(caught.value.problems) == expected, message


@pytest.mark.parametrize(
    ("layout", "change"),
    [
        (START, put("kin", {3: 40})),
        (START, every(put("kin", {3: 0}), put("care", {3: 0}))),
        (START, put("kin", {3: None})),
        (START, fill("embedded", lambda unit, _: 2014 if unit < "B" else None)),
        (START, fill("start", lambda unit, _: {"A1": 2014, "A2": 2012, "B1": 2018}.get(unit))),
        (START, pick(lambda unit, _: unit <= "B2")),
        (EXPOSURE, fill("exposure", lambda unit, year: float(unit < "B" and year >= 2017))),
        (BOUNDED, bounds({3: (0, 40), 4: (0, 0), 5: (5, 5)})),
        (BOUNDED, bounds({3: (12, 40), 4: (0, 10)}, known=True)),
        (EVENTS, bounds({3: (1, 1000)})),
        (DURATION, every(put("days", {3: None, 4: 25.0}), put("records", {3: 0}))),
        (DURATION, put("days", {3: 1e-9})),
    ],
    ids=[
        "all of the denominator",
        "none of none",
        "denominator alone",
        "embedded at the start",
        "start after the last period, and two periods before another",
        "two comparators",
        "one exposed period",
        "intervals of everything and of one value",
        "values at the ends of their intervals",
        "the widest interval",
        "no records and no duration",
        "short duration",
    ],
)
def test_the_edge_of_what_is_allowed(layout: Layout, change: Break) -> None:
    panel = _read_broken(change, layout)
    assert panel.pilots.tolist()[:3] == [True, True, False]


def test_every_problem_is_reported_at_once() -> None:
    broken = every(
        put("kin", {2: -1, 20: 0.5}),
        put("care", {6: 1}),
        put("start", {7: 2013}),
        put("name", {30: "Oops"}),
    )
    with pytest.raises(PanelError) as caught:
        _read_broken(broken, START)
    lines = str(caught.value).splitlines()
    assert lines[0] == "5 problems in the table (row 1 is the first below the header):"
    assert [line[:5] for line in lines[1:]] == [f"  {number}. " for number in range(1, 6)]
    for words in ("negative", "not whole numbers", "above its denominator", "one label", "A1 (2013 and 2014)"):
        assert words in str(caught.value)


def test_problems_of_single_columns_are_reported_together() -> None:
    broken = every(put("kin", {1: "x"}), put("care", {1: np.inf}), put("la", {2: None}), put("year", {3: "2012"}))
    with pytest.raises(PanelError, match=r"4 problems in the table(.|\n)*unit(.|\n)*'year'(.|\n)*'care'(.|\n)*'kin'"):
        _read_broken(broken, START)


def test_problems_of_the_design_are_reported_together() -> None:
    table = pd.DataFrame(sound())
    table = table[table["la"].isin(["A1", "A2", "B1"]) & (table["year"] >= 2013)]
    with pytest.raises(PanelError) as caught:
        Panel.from_frame(table, START)
    assert len(caught.value.problems) == 2
    assert "comparators" in caught.value.problems[0]
    assert "fewer than 2 periods before exposure" in caught.value.problems[1]


def test_problem_in_a_column_that_outcomes_share_is_reported_once() -> None:
    layout = replace(START, measures=(COUNT, replace(COUNT, name="other", value="pilot")))
    with pytest.raises(PanelError) as caught:
        _read_broken(put("care", {3: -5}), layout)
    assert [problem for problem in caught.value.problems if "negative" in problem] == [
        "column 'care' has negative counts: row 3 (A1, 2012: -5); leave the cell empty where the count is not known"
    ]


def test_error_is_one_of_ours() -> None:
    with pytest.raises(PanelError) as caught:
        Panel.from_frame(3, START)
    assert isinstance(caught.value, InputError)
    assert isinstance(caught.value, PrimumError)
    assert caught.value.subject.startswith("the table")


def _with_gaps() -> dict[str, list[Any]]:
    table = sound()
    put("kin", {2: None, 30: None})(table)
    put("care", {30: None})(table)
    return table


def test_pandas_polars_and_pyarrow_make_equal_panels() -> None:
    panels = {name: Panel.from_frame(frame(_with_gaps()), START) for name, frame in FRAMES.items()}
    nullable = Panel.from_frame(pd.DataFrame(_with_gaps()).convert_dtypes(), START)
    for panel in [*panels.values(), nullable]:
        assert panel == panels["pandas"]
        assert panel.fingerprint == panels["pandas"].fingerprint
    kinship = panels["polars"].dataset["kinship"]
    assert bool(np.isnan(kinship.sel(unit="A1", time=2011)))
    assert bool(np.isnan(kinship.sel(unit="B2", time=2015)))
    assert int(np.isnan(kinship).sum()) == 2
    assert float(kinship.sel(unit="B4", time=2017)) == 10 + 5 + 2017 % 3


def test_csv_makes_the_same_panel_as_the_frame(tmp_path: Path) -> None:
    frame = pd.DataFrame(_with_gaps())
    frame.to_csv(tmp_path / "areas.csv", index=False)
    assert Panel.from_frame(read_table(tmp_path / "areas.csv"), START) == Panel.from_frame(frame, START)


@pytest.mark.parametrize("kind", FRAMES)
def test_callers_table_is_not_changed(kind: str) -> None:
    frame, same = FRAMES[kind](_with_gaps()), FRAMES[kind](_with_gaps())
    panel = Panel.from_frame(frame, START)
    assert frame.equals(same)
    # nor does the panel hold the caller's memory
    if kind == "pandas":
        frame.loc[0, "care"] = 9999
        assert float(panel.dataset["kinship_denominator"][0, 0]) == 40


def test_order_of_rows_within_units_does_not_matter() -> None:
    frame = pd.DataFrame(_with_gaps())
    within = frame.sort_values(["la", "year"], ascending=[True, False])
    assert Panel.from_frame(within, START) == Panel.from_frame(frame, START)


def test_units_keep_the_order_of_their_first_row() -> None:
    frame = pd.DataFrame(sound())
    shuffled = frame.iloc[np.random.default_rng(5).permutation(len(frame))]
    panel = Panel.from_frame(shuffled, START)
    first_seen = list(dict.fromkeys(shuffled["la"]))
    assert first_seen != sorted(first_seen)
    assert panel.dataset["unit"].to_numpy().tolist() == first_seen
    assert panel.labels.tolist() == [f"Area {unit}" for unit in first_seen]
    assert panel.dataset["time"].to_numpy().tolist() == list(YEARS)
    # every cell went with its unit: the same panel once units are back in order
    assert panel.dataset.sel(unit=list(UNITS)).identical(Panel.from_frame(frame, START).dataset)


def test_missing_rows_become_missing_cells() -> None:
    panel = Panel.from_frame(pd.DataFrame(sound()).drop(index=[1, 29]), START)
    assert dict(panel.dataset.sizes) == {"unit": 6, "time": 8}
    for name in ("kinship", "kinship_denominator"):
        missing = np.argwhere(np.isnan(panel.dataset[name].to_numpy())).tolist()
        assert missing == [[0, 1], [3, 5]]
    # exposure is known without a row, because it comes from the unit's start
    assert panel.dataset["exposure"].to_numpy()[0].tolist() == [0, 0, 0, 0, 0.5, 1, 1, 1]


def test_periods_select_rows() -> None:
    panel = Panel.from_frame(pd.DataFrame(sound()), _periods(2011, 2016))
    assert panel.dataset["time"].to_numpy().tolist() == list(range(2011, 2017))


def test_unit_codes_may_be_whole_numbers() -> None:
    table = sound()
    table["la"] = [float(300 - UNITS.index(unit)) for unit in table["la"]]
    panel = Panel.from_frame(pd.DataFrame(table), START)
    assert panel.dataset["unit"].to_numpy().tolist() == [300, 299, 298, 297, 296, 295]
    assert panel.dataset["unit"].dtype == np.int64


def test_ways_to_give_exposure_agree() -> None:
    frame = pd.DataFrame(sound())
    expected = [0, 0, 0, 0, 0.5, 1, 1, 1]
    for layout in (START, PILOT, EXPOSURE):
        panel = Panel.from_frame(frame, layout)
        assert panel.dataset["exposure"].to_numpy().tolist() == [expected] * 2 + [[0] * 8] * 4
        assert not panel.dataset["left_out"].to_numpy().any()
        assert panel.pilots.tolist() == [True, True, False, False, False, False]


def test_embedding_can_be_left_out() -> None:
    panel = Panel.from_frame(pd.DataFrame(sound()), LEAVE_OUT)
    assert panel.dataset["exposure"].to_numpy()[:2].tolist() == [[0, 0, 0, 0, 0, 1, 1, 1]] * 2
    assert np.argwhere(panel.dataset["left_out"].to_numpy()).tolist() == [[0, 4], [1, 4]]
    # the outcome itself stays in the panel
    assert float(panel.dataset["kinship"].sel(unit="A1", time=2014)) == 10 + 2014 % 3


def test_arrays_are_read_only() -> None:
    panel = Panel.from_frame(pd.DataFrame(sound()), START)
    for name in [*panel.dataset.data_vars, "label"]:
        values = panel.dataset[name].to_numpy()
        with pytest.raises(ValueError, match="read-only"):
            values[...] = values
    with pytest.raises(ValueError, match="read-only"):
        panel.dataset["kinship"][0, 0] = 5.0
    with pytest.raises(ValueError, match="read-only"):
        panel.labels[0] = "Other"
    for name in ("unit", "time"):
        with pytest.raises(TypeError, match="cannot be modified"):
            panel.dataset[name].variable[0] = panel.dataset[name][1]
    with pytest.raises(FrozenInstanceError):
        panel.layout = PILOT  # type: ignore[misc]


def _changed(change: Break) -> Panel:
    table = sound()
    change(table)
    return Panel.from_frame(pd.DataFrame(table), START)


@pytest.mark.parametrize(
    "change",
    [
        put("kin", {1: 11}),
        put("kin", {1: None}),
        put("care", {48: 46}),
        fill("name", lambda unit, _: unit),
        fill("start", lambda unit, _: {"A1": 2013, "A2": 2014}.get(unit)),
        fill("la", lambda unit, _: f"{unit}x"),
        fill("year", lambda _, year: year + 1),
    ],
    ids=["count", "gap", "denominator", "label", "exposure", "unit", "time"],
)
def test_any_difference_shows_in_equality_and_fingerprint(change: Break) -> None:
    panel = _changed(put("kin", {}))
    other = _changed(change)
    assert other != panel
    assert other.fingerprint != panel.fingerprint


def test_equality_is_with_panels_only() -> None:
    panel = Panel.from_frame(pd.DataFrame(sound()), START)
    assert panel != "panel"
    # the same arrays, but read in another way
    assert panel != Panel.from_frame(pd.DataFrame(sound()), _periods(2010, 2017))
    with pytest.raises(TypeError, match="unhashable"):
        hash(panel)


def test_repr_counts_units_periods_and_cells() -> None:
    assert repr(Panel.from_frame(pd.DataFrame(_with_gaps()), START)) == (
        "Panel: 6 units (2 pilots, 4 comparators) x 8 periods (2010 to 2017)\n  kinship: 46 of 48 cells observed"
    )


ERRORS = replace(START, measures=(Measure("assessment", "days", None, "real", "error"),))


def test_standard_errors_are_read_beside_values() -> None:
    table = sound() | {"error": [1.5] * 48}
    put("days", {5: None, 6: 25.0})(table)
    put("error", {5: None})(table)
    dataset = Panel.from_frame(pd.DataFrame(table), ERRORS).dataset
    assert dataset["assessment_standard_error"].dims == ("unit", "time")
    assert float(dataset["assessment_standard_error"][0, 0]) == 1.5
    assert np.isnan(dataset["assessment_standard_error"][0, 4])


def test_values_need_standard_errors_above_nothing() -> None:
    table = sound() | {"error": [1.5] * 48}
    put("error", {1: 0.0, 3: None, 9: -2.0})(table)
    with pytest.raises(PanelError) as caught:
        Panel.from_frame(pd.DataFrame(table), ERRORS)
    assert caught.value.problems == (
        "column 'error' must be above 0, as every estimate has an error: row 1 (A1, 2010: 20.5 of 0), "
        "row 9 (A2, 2010: 21.5 of -2); give the standard error of every value, or leave both empty",
        "column 'error' is empty where 'days' is not: row 3 (A1, 2012: 20.5); "
        "give the standard error of every value, or leave both empty",
    )


def test_a_missing_column_of_standard_errors_is_named() -> None:
    with pytest.raises(PanelError, match="there is no column 'error'"):
        Panel.from_frame(pd.DataFrame(sound()), ERRORS)


def test_intervals_are_kept_as_the_table_has_them() -> None:
    panel = _read_broken(every(bounds({2: (1, 5), 30: (0, 3)}), put("care", {5: 0}), put("kin", {5: 0})), BOUNDED)
    low, high = (panel.dataset[f"kinship_{bound}"].to_numpy() for bound in ("low", "high"))
    assert np.argwhere(~np.isnan(low)).tolist() == np.argwhere(~np.isnan(high)).tolist() == [[0, 1], [3, 5]]
    assert (low[0, 1], high[0, 1], low[3, 5], high[3, 5]) == (1, 5, 0, 3)
    assert np.isnan(panel.dataset["kinship"].to_numpy()[[0, 3], [1, 5]]).all()
    assert repr(panel).splitlines()[1] == "  kinship: 47 of 48 cells observed, 2 of them as intervals"
    for other in (bounds({2: (1, 4), 30: (0, 3)}), bounds({2: (1, 5)})):
        assert panel != _read_broken(other, BOUNDED)
        assert panel.fingerprint != _read_broken(other, BOUNDED).fingerprint


def test_bins_are_kept_as_the_table_has_them() -> None:
    hide = every(put("short", {2: None, 3: None}), put("middling", {3: None, 4: None}), put("records", {4: None}))
    panel = _read_broken(hide, BINNED)
    length = panel.dataset["length"]
    assert length.dims == ("unit", "time", "length_bin")
    assert panel.dataset["length_bin"].to_numpy().tolist() == list(BINS)
    assert np.argwhere(np.isnan(length.to_numpy())).tolist() == [[0, 1, 0], [0, 2, 0], [0, 2, 1], [0, 3, 1]]
    assert float(length.sel(unit="A1", time=2011, length_bin="middling")) == 150
    # bins that are empty in part say something only where their total is known
    assert repr(panel).splitlines()[1] == "  length: 47 of 48 cells observed"
    assert panel != _read_broken(put("short", {2: None}), BINNED)
    assert panel.fingerprint != _read_broken(every(hide, put("long", {9: 50})), BINNED).fingerprint
    with pytest.raises(ValueError, match="read-only"):
        length[0, 0, 0] = 5.0


def test_totals_are_needed_only_where_a_bin_is_empty() -> None:
    alone = replace(BINNED, measures=(Measure("length", BINS, None, "bins"),))
    assert "48 of 48" in repr(_read_broken(put("kin", {}), alone))
    assert "47 of 48" in repr(_read_broken(put("short", {20: None}), alone))
    assert "47 of 48" in repr(_read_broken(every(*(put(name, {20: 0}) for name in (*BINS, "records"))), BINNED))


def test_open_records_are_kept_beside_bins() -> None:
    """Rows with nothing but records open in the first bin say nothing; open in a later one, they do."""
    nothing = every(*(put(name, dict.fromkeys((20, 21), 0)) for name in (*BINS, "records")))
    panel = _read_broken(every(nothing, opened({2: (1, 2, 0), 20: (5, 0, 0), 21: (5, 1, 0)})), OPEN)
    still = panel.dataset["length_open"]
    assert still.dims == ("unit", "time", "length_bin")
    assert still.sel(unit="A1", time=2011).to_numpy().tolist() == [1, 2, 0]
    assert repr(panel).splitlines()[1] == "  length: 47 of 48 cells observed"
    with pytest.raises(ValueError, match="read-only"):
        still[0, 0, 0] = 5.0


def test_categories_need_no_total() -> None:
    assert "48 of 48" in repr(_read_broken(put("kin", {}), GRADES))
    assert "47 of 48" in repr(_read_broken(put("short", {20: None}), GRADES))


def test_an_interval_counts_as_observed() -> None:
    """Pilot A1 is known before exposure, and under it, as intervals alone."""
    panel = _read_broken(bounds(dict.fromkeys(range(1, 9), (1, 5))), BOUNDED)
    assert "48 of 48 cells observed, 8 of them as intervals" in repr(panel)
    with pytest.raises(PanelError, match="kinship is observed in fewer than 2 periods before exposure"):
        _read_broken(bounds(dict.fromkeys(range(1, 9), (None, None))), BOUNDED)


def test_covariates_are_kept_as_the_table_has_them() -> None:
    panel = _read_broken(fill("wet", lambda unit, year: float(year * ord(unit[1]))), BESIDE)
    assert float(panel.dataset["covariate_wet"].sel(unit="B1", time=2012)) == 2012 * ord("1")


def test_of_a_mean_one_bound_is_enough() -> None:
    panel = _read_broken(bounds({18: (30, None), 19: (None, 12.5), 20: (10, 30)}, of="days"), LASTING)
    assert "48 of 48 cells observed, 3 of them as intervals" in repr(panel)
    alone = replace(LASTING, measures=(replace(LASTING.measures[0], high=None),))
    panel = _read_broken(bounds({18: (30, None), 19: (None, None)}, of="days"), alone)
    assert "47 of 48 cells observed, 1 of them as intervals" in repr(panel)


def test_every_problem_with_intervals_is_reported_at_once() -> None:
    broken = every(bounds({2: (5, 1), 10: (1, None), 18: (0.5, 5), 20: (1, 500)}), put("care", {30: -3}))
    with pytest.raises(PanelError) as caught:
        _read_broken(broken, BOUNDED)
    found = "\n".join(caught.value.problems)
    for words in ("end before they begin", "'high' is empty", "not whole", "above its denominator", "negative"):
        assert words in found, words


def test_normal_outcome_may_be_negative_and_needs_no_denominator() -> None:
    measure = replace(COUNT, name="change", value="days", denominator=None, kind="real")
    table = sound()
    table["days"][0] = -3.5
    panel = Panel.from_frame(pd.DataFrame(table), replace(START, measures=(measure,)))
    assert float(panel.dataset["change"][0, 0]) == -3.5
    assert "change_denominator" not in panel.dataset


@pytest.fixture
def england() -> Callable[[Spec], Panel]:
    path = ROOT.parent / ENGLAND
    if not path.is_file():
        pytest.skip(f"needs the English panel in ../{ENGLAND}, which is not part of the repository")
    return lambda spec: Panel.from_frame(read_table(path), spec.data)


def test_england(england: Callable[[Spec], Panel]) -> None:
    panel = england(Spec.read(ROOT / "models" / "rereferral-england.toml"))
    assert repr(panel) == (
        "Panel: 150 units (10 pilots, 140 comparators) x 9 periods (2011 to 2019)\n"
        "  rereferral: 1307 of 1350 cells observed"
    )
    assert panel.labels[panel.pilots].tolist() == [
        "Tower Hamlets",
        "Brent",
        "Wakefield",
        "Bristol, City of",
        "Leicestershire",
        "Wokingham",
        "Lincolnshire",
        "Norfolk",
        "Suffolk",
        "West Sussex",
    ]
    # the recording artefact that the data's README describes: 46%, 68% and 27% in 2015 to 2017
    wakefield = panel.dataset.isel(unit=panel.labels.tolist().index("Wakefield"))
    share = wakefield["rereferral"] / wakefield["rereferral_denominator"]
    assert share.sel(time=[2015, 2016, 2017]).to_numpy().round(2).tolist() == [0.46, 0.68, 0.27]
    assert wakefield["exposure"].to_numpy().tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    # Norfolk was not supplied for 2013 and 2014
    norfolk = panel.dataset["rereferral"].isel(unit=panel.labels.tolist().index("Norfolk"))
    assert norfolk["time"].to_numpy()[np.isnan(norfolk.to_numpy())].tolist() == [2013, 2014]


def test_messages_are_plain() -> None:
    """No message shows a Python name for what is missing, or breaks off."""
    for case in MALFORMED:
        with pytest.raises(PanelError) as caught:
            _read_broken(case.broken, case.layout)
        for problem in caught.value.problems:
            assert not re.search(r"\b(nan|None|NaT|np\.|Traceback)\b", problem), problem
            assert problem[-1] not in ".;: ", problem
