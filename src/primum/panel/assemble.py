"""From checked rows to an array a column, dims (unit, time), and the exposure they imply."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from primum.panel.rows import Rows, list_some, show
from primum.spec import Layout

Mask = NDArray[np.bool_]
type _Variables = dict[str, tuple[tuple[str, ...], NDArray[np.generic]]]


def assemble(rows: Rows, layout: Layout) -> tuple[xr.Dataset | None, list[str]]:
    """Lay rows out by unit and period.

    Returns
    -------
    dataset, problems
        The panel's dataset, or None where rows or exposure contradict each other.
    """
    problems = _duplicates(rows)
    if problems:
        return None, problems
    units, first_row, unit_index = np.unique(rows.unit, return_index=True, return_inverse=True)
    order = np.argsort(first_row, kind="stable")
    unit_index = np.argsort(order)[unit_index]
    times, time_index = np.unique(rows.time, return_inverse=True)

    def grid(values: NDArray[np.float64]) -> NDArray[np.float64]:
        cells = np.full((units.size, times.size), np.nan)
        cells[unit_index, time_index] = values
        return cells

    cells = {name: grid(values) for name, values in rows.numbers.items()}
    present = ~np.isnan(grid(np.ones(rows.time.size)))
    names = units[order]
    labels, problems = _labels(rows, layout, first_row[order], unit_index)
    regions, found = _regions(rows, layout, unit_index, names)
    problems += found
    wanted = {layout.columns.start, layout.columns.pilot, layout.columns.exposure, layout.columns.embedded} - {None}
    if not wanted <= set(cells):
        return None, problems
    exposure, left_out, start, found = _exposure(cells, present, layout, names, times)
    problems += found
    variables, bins = _measured(cells, layout)
    variables["exposure"] = (("unit", "time"), exposure)
    variables["left_out"] = (("unit", "time"), left_out)
    variables["start"] = (("unit",), start)
    for name in layout.moderators:
        if name in cells:
            advice = "a moderator is what is known of a unit before it starts; give one value a unit"
            values, found = _constant(cells[name], present, names, name, advice)
            problems += found + _moderator_problems(values, (exposure > 0).any(axis=1), names, name)
            variables[f"moderator_{name}"] = (("unit",), values)
    coords = {"unit": names, "time": times, "label": ("unit", labels), **regions, **bins}
    return xr.Dataset(variables, coords), problems


def _measured(cells: dict[str, NDArray[np.float64]], layout: Layout) -> tuple[_Variables, dict[str, NDArray[np.str_]]]:
    """Variables of outcomes, as far as the table has their columns, and the names of their bins or categories."""
    variables: _Variables = {}
    bins = {}
    for measure in layout.measures:
        if measure.split:
            dims = ("unit", "time", f"{measure.name}_bin")
            for name, columns in ((measure.name, measure.values), (f"{measure.name}_open", measure.open)):
                if columns and set(columns) <= set(cells):
                    variables[name] = (dims, np.stack([cells[column] for column in columns], axis=-1))
            bins[dims[2]] = np.array(measure.values)
        elif measure.value in cells:
            variables[measure.name] = (("unit", "time"), cells[measure.values[0]])
        for part, column in measure.parts.items():
            if column in cells:
                variables[f"{measure.name}_{part}"] = (("unit", "time"), cells[column])
        for column in measure.covariates:
            if column in cells:
                variables[f"covariate_{column}"] = (("unit", "time"), cells[column])
    return variables, bins


def ramp(time: NDArray[np.int64], start: NDArray[np.float64], embedded: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exposure that rises in equal steps from the start to full exposure.

    Parameters
    ----------
    time
        Periods; shape (time,).
    start, embedded
        First period with any exposure and first period of full exposure, NaN for
        comparators; shape (unit,).

    Returns
    -------
    ndarray
        Exposure between 0 and 1; shape (unit, time).

    Examples
    --------
    >>> ramp(np.arange(2014, 2019), np.array([2015.0, np.nan]), np.array([2017.0, np.nan])).round(2)
    array([[0.  , 0.33, 0.67, 1.  , 1.  ],
           [0.  , 0.  , 0.  , 0.  , 0.  ]])
    """
    steps = (embedded - start + 1)[:, None]
    raised = (time[None, :] - start[:, None] + 1) / steps
    return np.where(np.isnan(start)[:, None], 0.0, np.clip(raised, 0.0, 1.0))


def _duplicates(rows: Rows) -> list[str]:
    keys = list(zip(rows.unit.tolist(), rows.time.tolist(), strict=True))
    seen: dict[tuple[object, int], int] = {}
    twice = []
    for number, key in zip(rows.number.tolist(), keys, strict=True):
        if key in seen:
            twice.append(f"({key[0]}, {key[1]}) in rows {seen[key]} and {number}")
        else:
            seen[key] = number
    if not twice:
        return []
    return [f"a unit and period must have one row, but some have several: {list_some(twice)}; keep one of them"]


def _constant(
    cells: NDArray[np.float64], present: Mask, names: NDArray[np.generic], column: str, advice: str
) -> tuple[NDArray[np.float64], list[str]]:
    """The one value a unit has in a column, NaN where it is always missing."""
    known = ~np.isnan(cells)
    low = np.where(known, cells, np.inf).min(axis=1)
    high = np.where(known, cells, -np.inf).max(axis=1)
    some = known.any(axis=1)
    wrong = some & (low != high)
    problems = []
    if wrong.any():
        which = list_some([f"{name} ({show(low[i])} and {show(high[i])})" for i, name in enumerate(names) if wrong[i]])
        problems.append(f"column '{column}' must be the same in every period of a unit: {which}; {advice}")
    partly = some & (present & ~known).any(axis=1)
    if partly.any():
        which = list_some([names[i] for i in np.flatnonzero(partly)])
        problems.append(f"column '{column}' is given in some rows of a unit and empty in others: {which}; fill all")
    return np.where(some, low, np.nan), problems


def _period(
    cells: NDArray[np.float64], present: Mask, names: NDArray[np.generic], column: str, advice: str
) -> tuple[NDArray[np.float64], list[str]]:
    """The one period a unit has in a column, NaN where it is always missing."""
    periods, problems = _constant(cells, present, names, column, advice)
    wrong = ~np.isnan(periods) & (periods != np.floor(periods))
    if wrong.any():
        which = list_some([f"{name} ({show(periods[i])})" for i, name in enumerate(names) if wrong[i]])
        problems.append(f"column '{column}' must hold whole periods: {which}; give the period, such as a year")
    return periods, problems


def _exposure(
    cells: dict[str, NDArray[np.float64]],
    present: Mask,
    layout: Layout,
    names: NDArray[np.generic],
    times: NDArray[np.int64],
) -> tuple[NDArray[np.float64], Mask, NDArray[np.float64], list[str]]:
    """Exposure, which cells are left out, and the start (unit,); `present` says which unit-periods have a row."""
    columns, treatment = layout.columns, layout.treatment
    if columns.exposure is not None:
        exposure, problems = _given_exposure(cells[columns.exposure], present, names, times, columns.exposure)
        start = np.where((exposure > 0).any(axis=1), times[(exposure > 0).argmax(axis=1)], np.nan)
        return exposure, np.zeros(exposure.shape, dtype=bool), start, problems
    if columns.start is not None:
        advice = "give each unit one start (exposure of any other shape goes in columns.exposure)"
        start, problems = _period(cells[columns.start], present, names, columns.start, advice)
        embedded = start
        if columns.embedded is not None:
            advice = "give each unit one period of full exposure"
            given, found = _period(cells[columns.embedded], present, names, columns.embedded, advice)
            problems += found + _embedding_problems(start, given, names, columns.embedded)
            embedded = np.where(np.isnan(given), start, given)
    else:
        assert columns.pilot is not None
        assert treatment.start is not None
        advice = "exposure that varies by period goes in columns.exposure"
        flag, problems = _constant(cells[columns.pilot], present, names, columns.pilot, advice)
        wrong = ~np.isin(flag, (0.0, 1.0))
        if wrong.any():
            which = list_some([f"{name} ({show(flag[i])})" for i, name in enumerate(names) if wrong[i]])
            problems.append(f"column '{columns.pilot}' must be 1 for pilots and 0 for comparators: {which}")
        start = np.where(flag == 1, float(treatment.start), np.nan)
        embedded = start if treatment.embedded is None else np.where(flag == 1, float(treatment.embedded), np.nan)
    exposure = ramp(times, start, embedded)
    left_out = (times >= start[:, None] - treatment.anticipation) & (times < start[:, None])
    if treatment.embedding == "leave out":
        return np.where(exposure < 1, 0.0, 1.0), left_out | ((exposure > 0) & (exposure < 1)), start, problems
    return exposure, left_out, start, problems


def _moderator_problems(values: NDArray[np.float64], pilot: Mask, names: NDArray[np.generic], column: str) -> list[str]:
    """Pilots of which a moderator is not known; comparators need none."""
    unknown = np.isnan(values) & pilot
    if not unknown.any():
        return []
    which = list_some(names[unknown].tolist())
    return [f"column '{column}' is a moderator and empty for pilots {which}; fill it, or leave the moderator out"]


def _embedding_problems(
    start: NDArray[np.float64], embedded: NDArray[np.float64], names: NDArray[np.generic], column: str
) -> list[str]:
    problems = []
    orphan = np.isnan(start) & ~np.isnan(embedded)
    if orphan.any():
        which = list_some([f"{names[i]} ({show(embedded[i])})" for i in np.flatnonzero(orphan)])
        problems.append(
            f"column '{column}' is given for units without a start: {which}; give a start, or leave it empty"
        )
    early = embedded < start
    if early.any():
        which = list_some([f"{names[i]} ({show(embedded[i])} before {show(start[i])})" for i in np.flatnonzero(early)])
        problems.append(f"column '{column}' lies before the start: {which}; correct either")
    return problems


def _given_exposure(
    exposure: NDArray[np.float64], present: Mask, names: NDArray[np.generic], times: NDArray[np.int64], column: str
) -> tuple[NDArray[np.float64], list[str]]:
    problems = []

    def flag(wrong: Mask, text: str) -> None:
        if wrong.any():
            which = list_some([f"({names[i]}, {times[t]}: {show(exposure[i, t])})" for i, t in np.argwhere(wrong)])
            problems.append(f"column '{column}' {text.format(which)}")

    pilot = (exposure > 0).any(axis=1, keepdims=True)
    flag(
        np.isnan(exposure) & (pilot | present),
        "is empty, or has no row for a unit that is exposed in other periods: {}; give 0 where not exposed",
    )
    flag((exposure < 0) | (exposure > 1), "must lie between 0 and 1: {}; give shares, not percentages")
    filled = np.where(np.isnan(exposure), 0.0, exposure)
    fell = np.zeros(exposure.shape, dtype=bool)
    fell[:, 1:] = (np.diff(filled, axis=1) < 0) & ~np.isnan(exposure[:, 1:])
    flag(fell, "must not fall over time: {}; leave out the periods after exposure ends, or the unit")
    return filled, problems


def _labels(
    rows: Rows, layout: Layout, first_row: NDArray[np.int64], unit_index: NDArray[np.int64]
) -> tuple[NDArray[np.str_], list[str]]:
    labels = rows.labels[first_row]
    before = labels[unit_index]
    wrong = np.flatnonzero(rows.labels != before)
    problems = []
    if wrong.size:
        cells = [f"row {rows.number[i]} ({rows.unit[i]}: '{rows.labels[i]}', before '{before[i]}')" for i in wrong]
        problems.append(
            f"column '{layout.columns.label}' must hold one label a unit: {list_some(cells)}; "
            "give the same one in all its rows"
        )
    shown = np.where(labels == "", rows.unit[first_row].astype(str), labels)
    names, counts = np.unique(shown, return_counts=True)
    if (counts > 1).any():
        problems.append(
            f"column '{layout.columns.label}' gives several units the same label: "
            f"{list_some(names[counts > 1].tolist())}; give each its own, or leave columns.label out"
        )
    return shown, problems


def _regions(
    rows: Rows, layout: Layout, unit_index: NDArray[np.int64], names: NDArray[np.generic]
) -> tuple[_Variables, list[str]]:
    """The region of every unit, where the layout has a column of them, and units that do not have one region."""
    column, regions = layout.columns.regions, rows.regions
    if regions is None:
        return {}, []
    of_unit = [np.unique(regions[unit_index == i]) for i in range(names.size)]
    empty = [str(name) for name, found in zip(names, of_unit, strict=True) if "" in found]
    several = [
        f"{name} ({' and '.join(found[found != ''])})"
        for name, found in zip(names, of_unit, strict=True)
        if (found != "").sum() > 1
    ]
    problems = []
    if empty:
        problems.append(f"column '{column}' is empty for units {list_some(empty)}; name the region in all their rows")
    if several:
        problems.append(
            f"column '{column}' must be the same in every period of a unit: {list_some(several)}; "
            "give each unit one region"
        )
    return {"region": (("unit",), np.array([found[-1] for found in of_unit]))}, problems
