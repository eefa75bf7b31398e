"""Exposure of each unit in each period, from the dates on which a programme started and was embedded."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from primum.panel.assemble import ramp
from primum.panel.rows import list_some
from primum.sources.records.calendar import Calendar

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("unit", "start", "embedded")


def read_programme(table: pd.DataFrame, units: pd.Series[Any]) -> tuple[pd.DataFrame, list[str]]:
    """Dates of a programme, checked against the units that have records.

    Parameters
    ----------
    table
        Columns ``unit``, ``start`` (a date; empty for comparators) and, where it takes time, ``embedded`` (the
        first day of full exposure; the start where empty). One row a unit.
    units
        The units that have records.

    Returns
    -------
    programme, problems
        Columns ``unit``, ``start`` and ``embedded``, a row a unit in `units`, dates as `datetime64` and missing
        for comparators.
    """
    import pandas as pd

    absent = [name for name in _COLUMNS[:2] if name not in table]
    if absent:
        return pd.DataFrame(), [f"the programme's table has no column {' and no column '.join(absent)}"]
    names = table["unit"].astype(str)
    problems: list[str] = []
    dates: dict[str, pd.Series[Any]] = {"key": names}
    for name in _COLUMNS[1:]:
        given = table[name] if name in table else pd.Series(pd.NaT, index=table.index)
        text = given.map(lambda value: value.isoformat()[:10] if isinstance(value, dt.date) else value)
        dates[name] = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce")
        wrong = given.notna() & dates[name].isna()
        if wrong.any():
            shown = list_some([f"{given[row]!r} ({names[row]})" for row in table.index[wrong]])
            problems.append(f"the programme's column {name} holds what is no date: {shown}; write 2015-03-31")
    problems += _contradictions(pd.DataFrame(dates), set(units.astype(str)))
    if problems:
        return pd.DataFrame(), problems
    programme = pd.DataFrame({"unit": units, "key": units.astype(str)}).merge(pd.DataFrame(dates), on="key", how="left")
    programme["embedded"] = programme["embedded"].fillna(programme["start"])
    return programme[list(_COLUMNS)], []


def _contradictions(programme: pd.DataFrame, units: set[str]) -> list[str]:
    started = programme["start"].notna()
    orphan = ~started & programme["embedded"].notna()
    early = programme["embedded"] < programme["start"]
    of = programme["key"]
    wrong = {
        "given twice in the programme's table: {}; give each unit one row": of[of.duplicated()],
        "embedded without a start: {}; give a start, or leave it empty": of[orphan],
        "embedded before the start: {}; correct either": of[early],
        "in the programme's table with a start, but without records: {}; correct the unit": of[
            started & ~of.isin(units)
        ],
    }
    found = [words.format(list_some(list(which))) for words, which in wrong.items() if len(which)]
    unlisted = sorted(units - set(of))
    if unlisted:
        advice = "give each unit a row, with an empty start for comparators"
        found.append(f"not in the programme's table: {list_some(unlisted)}; {advice}")
    return found


def with_exposure(table: pd.DataFrame, programme: pd.DataFrame, calendar: Calendar, at: int) -> pd.DataFrame:
    """Add exposure to a table of cells.

    Parameters
    ----------
    table
        Columns ``unit`` and ``time``, and others.
    programme
        Of `read_programme`.
    calendar
        The periods.
    at
        Place of the new columns.

    Returns
    -------
    DataFrame
        With ``exposure``, the mean over a period's days of an exposure that rises in equal daily steps from the
        start to full at the embedded date; ``start``, the period in which the start lies, and ``embedded``, the
        first period that is wholly embedded, missing for comparators.
    """
    import pandas as pd

    started = programme[programme["start"].notna()]
    numbers = list(calendar.numbers)
    bounds = np.array([calendar.begin(number) for number in [*numbers, numbers[-1] + 1]], dtype="datetime64[D]")
    days = np.arange(bounds[0], bounds[-1]).astype(np.int64)
    first, full = (started[name].to_numpy("datetime64[D]") for name in ("start", "embedded"))
    daily = ramp(days, first.astype(float), full.astype(float))
    begins = (bounds - bounds[0]).astype(np.int64)
    mean = np.add.reduceat(daily, begins[:-1], axis=1) / np.diff(begins)
    begun = [calendar.number(day) for day in first.tolist()]
    # a period counts as embedded from its first day on
    whole = [calendar.number(day - dt.timedelta(days=1)) + 1 for day in full.tolist()]
    periods = pd.DataFrame({"unit": started["unit"], "start": begun, "embedded": whole})
    share = pd.DataFrame(mean, started["unit"].to_list(), numbers).rename_axis("unit").reset_index()
    long = share.melt("unit", var_name="time", value_name="exposure").astype({"time": table["time"].dtype})
    long["unit"] = long["unit"].astype(table["unit"].dtype)
    found = table[["unit", "time"]].merge(long, how="left", on=["unit", "time"]).merge(periods, how="left", on="unit")
    made = table.copy()
    made.insert(at, "exposure", found["exposure"].fillna(0.0).to_numpy())
    for place, name in enumerate(("start", "embedded"), at + 1):
        made.insert(place, name, found[name].astype("Int64").set_axis(made.index))
    return made
