"""Joining a table of covariates to a panel, by unit and by period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from primum.match.column import read_column
from primum.panel import Panel
from primum.panel.rows import list_some
from primum.spec import Layout

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Covariates:
    """Covariates of a panel's units; make one with `primum.covariates`.

    Attributes
    ----------
    fixed
        Numbers that a unit has one of, NaN where missing; each of shape (unit,).
    varying
        Numbers by period, NaN where missing; each of shape (unit, time).
    categories
        Texts that a unit has one of, None where missing; each of shape (unit,).
    notes
        What a reader must know: rows that are not used, covariates measured too late.
    """

    fixed: Mapping[str, Array]
    varying: Mapping[str, Array]
    categories: Mapping[str, NDArray[Any]]
    notes: tuple[str, ...] = ()


NONE = Covariates({}, {}, {})


def join(panel: Panel, frame: nw.DataFrame[Any], where: str, use: Sequence[str] | None) -> tuple[Covariates, list[str]]:
    """Columns of one table, laid out by the panel's units and periods.

    Parameters
    ----------
    panel
        The panel.
    frame
        The table.
    where
        What to call it.
    use
        Columns to use; all but those of the panel's layout where absent.

    Returns
    -------
    covariates, problems
        Columns that cannot be read are left out.
    """
    unit, time = panel.layout.columns.unit, panel.layout.columns.time
    if unit not in frame.columns:
        return NONE, [f"{where}: there is no column '{unit}' of units; the columns are {frame.columns}"]
    named = [name for name in frame.columns if name not in (unit, time)]
    wanted = [name for name in named if name not in _layout(panel.layout)] if use is None else list(use)
    by_period = time in frame.columns
    rows, times, notes, problems = _rows(panel, frame, where)
    fixed: dict[str, Array] = {}
    varying: dict[str, Array] = {}
    categories: dict[str, NDArray[Any]] = {}
    for name in named if not problems else []:
        if name not in wanted:
            continue
        values, found = read_column(frame[name])
        problems += [f"{where}: {problem}" for problem in found]
        if values is None:
            continue
        if values.dtype == object:
            categories[name], found = _one_a_unit(name, values, rows, panel)
            problems += [f"{where}: {problem}" for problem in found]
        elif by_period:
            varying[name] = _grid(values, rows, times, panel)
        else:
            fixed[name] = _grid(values, rows, np.where(rows >= 0, 0, -1), panel)[:, 0]
    return Covariates(fixed, varying, categories, tuple(notes)), problems


def _layout(layout: Layout) -> set[str | None]:
    columns = layout.columns
    names = {columns.label, columns.start, columns.embedded, columns.pilot, columns.exposure}
    return names | {name for measure in layout.measures for name in measure.columns}


def _rows(
    panel: Panel, frame: nw.DataFrame[Any], where: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str], list[str]]:
    """Position of each row's unit and period in the panel, -1 where it has none; notes and problems."""
    columns = panel.layout.columns
    units, times = panel.dataset["unit"].values.tolist(), panel.dataset["time"].values.tolist()
    by_period = columns.time in frame.columns
    keys = list(zip(frame[columns.unit], frame[columns.time] if by_period else [0] * len(frame), strict=True))
    places = {unit: place for place, unit in enumerate(units)}
    periods = {time: place for place, time in enumerate(times)} if by_period else {0: 0}
    rows = np.array([places.get(unit, -1) for unit, _ in keys], dtype=np.int64)
    when = np.array([periods.get(time, -1) for _, time in keys], dtype=np.int64)
    if not (rows >= 0).any():
        given = repr(keys[0][0]) if keys else "no rows"
        return rows, when, [], [f"{where}: no unit is in the panel; it has {given}, and the panel {units[0]!r}"]
    twice = [key if by_period else key[0] for key, count in Counter(keys).items() if count > 1]
    problems = [f"{where}: rows are given twice: {list_some(twice)}; keep one of them"] if twice else []
    unknown = list(dict.fromkeys(unit for unit, _ in keys if unit not in places))
    notes = [f"{where}: units that are not in the panel are not used: {list_some(unknown)}"] if unknown else []
    outside = sorted({time for _, time in keys if time not in periods})
    if outside:
        notes.append(f"{where}: periods that are not in the panel are not used: {list_some(outside)}")
    return rows, when, notes, problems


def _grid(values: Array, rows: NDArray[np.int64], times: NDArray[np.int64], panel: Panel) -> Array:
    cells = np.full((panel.dataset.sizes["unit"], panel.dataset.sizes["time"]), np.nan)
    known = (rows >= 0) & (times >= 0)
    cells[rows[known], times[known]] = values[known]
    return cells


def _one_a_unit(
    name: str, values: NDArray[Any], rows: NDArray[np.int64], panel: Panel
) -> tuple[NDArray[Any], list[str]]:
    found = np.full(panel.dataset.sizes["unit"], None, dtype=object)
    several = set()
    for row, value in zip(rows.tolist(), values, strict=True):
        if row < 0 or value is None:
            continue
        if found[row] not in (None, value):
            several.add(panel.dataset["unit"].values.tolist()[row])
        found[row] = value
    if not several:
        return found, []
    which = list_some(sorted(several))
    return found, [f"column '{name}' holds text that differs within a unit: {which}; leave it out with use"]
