"""From a table of any kind to columns of numbers, with every problem found on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from primum.spec import Layout, Measure

_SHOWN = 5


@dataclass(frozen=True)
class Rows:
    """Checked columns of a table; one element a row, NaN where a number is missing.

    Attributes
    ----------
    number
        Row of the table, counted from 1.
    unit
        Unit of each row, all whole numbers or all text.
    time
        Period of each row.
    numbers
        Columns of numbers by their name in the table.
    labels
        Readable name of each row's unit.
    """

    number: NDArray[np.int64]
    unit: NDArray[Any]
    time: NDArray[np.int64]
    numbers: dict[str, NDArray[np.float64]]
    labels: NDArray[np.str_]

    def name(self, rows: NDArray[np.bool_]) -> str:
        """Name the rows that are marked, the first few in full."""
        return list_some([f"row {self.number[i]} ({self.unit[i]}, {self.time[i]})" for i in np.flatnonzero(rows)])


def list_some(items: Sequence[object]) -> str:
    """Join the first few items and count the rest.

    Examples
    --------
    >>> list_some(range(8))
    '0, 1, 2, 3, 4 and 3 more'
    """
    shown = ", ".join(str(item) for item in items[:_SHOWN])
    return shown if len(items) <= _SHOWN else f"{shown} and {len(items) - _SHOWN} more"


def read_rows(table: Any, layout: Layout) -> tuple[Rows | None, list[str]]:
    """Read and check the columns that a layout names.

    Returns
    -------
    rows, problems
        Rows within the layout's periods, or None where unit or time cannot be read; what is
        wrong with single columns.
    """
    try:
        frame = nw.from_native(table, eager_only=True)
    except TypeError:
        return None, [f"a {type(table).__name__} is not a table; give a pandas or polars data frame or a pyarrow table"]
    problems = _missing_columns(frame, layout)
    if len(frame) == 0:
        return None, [*problems, "the table has no rows"]
    columns = layout.columns
    present = set(frame.columns)
    if not {columns.unit, columns.time} <= present:
        return None, problems
    unit, found = _unit(frame[columns.unit])
    problems += found
    time, found = _whole(frame[columns.time])
    problems += found
    numbers = {}
    for name in sorted(_number_columns(layout) & present):
        numbers[name], found = _numbers(frame[name])
        problems += found
    if unit is None or time is None:
        return None, problems
    labels = unit if columns.label is None or columns.label not in present else _text(frame[columns.label])
    keep = _within(time, layout)
    if not keep.any():
        return None, [*problems, f"no row lies within the periods {layout.periods.first} to {layout.periods.last}"]
    rows = Rows(
        number=np.arange(1, len(time) + 1)[keep],
        unit=unit[keep],
        time=time[keep],
        numbers={name: values[keep] for name, values in numbers.items()},
        labels=np.asarray(labels).astype(str)[keep],
    )
    problems += _value_problems(rows, layout)
    return rows, problems


def _missing_columns(frame: nw.DataFrame[Any], layout: Layout) -> list[str]:
    columns = layout.columns
    wanted = [columns.unit, columns.time, columns.label, *sorted(_number_columns(layout))]
    absent = [name for name in dict.fromkeys(wanted) if name is not None and name not in frame.columns]
    return [f"there is no column '{name}'; the table has {', '.join(map(repr, frame.columns))}" for name in absent]


def _number_columns(layout: Layout) -> set[str]:
    columns = layout.columns
    names = {columns.start, columns.embedded, columns.pilot, columns.exposure}
    for measure in layout.measures:
        names |= {measure.value, measure.denominator}
    return {name for name in names if name is not None}


def _is_missing(value: object) -> bool:
    # pandas' own marks of absence are known by name, so that pandas need not be imported here
    return value is None or type(value).__name__ in ("NAType", "NaTType") or bool(value != value)


def _numbers(column: nw.Series[Any]) -> tuple[NDArray[np.float64], list[str]]:
    """A column as floats; anything that is not a number is a problem, nothing is coerced."""
    if column.dtype.is_numeric():
        values = np.array([math.nan if _is_missing(value) else value for value in column.to_list()], dtype=float)
    else:
        values, found = _from_objects(column)
        if found:
            return values, found
    infinite = np.isinf(values)
    if infinite.any():
        rows = list_some([f"row {row + 1}" for row in np.flatnonzero(infinite)])
        return values, [
            f"column '{column.name}' is not finite in {rows}; leave the cell empty where a value is missing"
        ]
    return values, []


def _from_objects(column: nw.Series[Any]) -> tuple[NDArray[np.float64], list[str]]:
    values = np.full(len(column), math.nan)
    wrong = []
    for row, value in enumerate(column.to_list()):
        if isinstance(value, Real):
            values[row] = float(value)
        elif not _is_missing(value):
            wrong.append(f"row {row + 1} ({value!r})")
    if not wrong:
        return values, []
    mixed = "mixes numbers with other values" if len(wrong) < len(column) else "holds no numbers"
    return values, [
        f"column '{column.name}' {mixed}: {list_some(wrong)}; "
        "give numbers, and leave cells empty where suppressed or missing"
    ]


def _whole(column: nw.Series[Any]) -> tuple[NDArray[np.int64] | None, list[str]]:
    values, problems = _numbers(column)
    if problems:
        return None, problems
    wrong = ~(np.isfinite(values) & (values == np.floor(values)))
    if wrong.any():
        rows = list_some([f"row {row + 1} ({values[row]:g})" for row in np.flatnonzero(wrong)])
        return None, [f"column '{column.name}' must hold whole numbers such as years, none missing: {rows}"]
    return values.astype(np.int64), []


def _unit(column: nw.Series[Any]) -> tuple[NDArray[Any] | None, list[str]]:
    values = column.to_list()
    missing = [row for row, value in enumerate(values) if _is_missing(value) or value == ""]
    if missing:
        return None, [
            f"column '{column.name}' (the unit) is empty in {list_some([f'row {row + 1}' for row in missing])}"
        ]
    texts = [isinstance(value, str) for value in values]
    if all(texts):
        return np.asarray(values, dtype=str), []
    if any(texts):
        odd = texts.index(not texts[0])
        return None, [
            f"column '{column.name}' (the unit) mixes text and numbers: {values[0]!r} in row 1, "
            f"{values[odd]!r} in row {odd + 1}; make all of them text or all of them whole numbers"
        ]
    return _whole(column)


def _text(column: nw.Series[Any]) -> NDArray[np.str_]:
    return np.asarray(["" if _is_missing(value) else str(value) for value in column.to_list()], dtype=str)


def _within(time: NDArray[np.int64], layout: Layout) -> NDArray[np.bool_]:
    first, last = layout.periods.first, layout.periods.last
    return (time >= (time.min() if first is None else first)) & (time <= (time.max() if last is None else last))


def _value_problems(rows: Rows, layout: Layout) -> list[str]:
    problems: list[str] = []
    for measure in layout.measures:
        if measure.value in rows.numbers:
            problems += _measure_problems(rows, measure)
    return problems


def _measure_problems(rows: Rows, measure: Measure) -> list[str]:
    problems: list[str] = []

    def flag(wrong: NDArray[np.bool_], message: Callable[[str], str]) -> None:
        if wrong.any():
            problems.append(message(rows.name(wrong)))

    value = rows.numbers[measure.value]
    if measure.kind == "count":
        flag(value < 0, lambda where: f"column '{measure.value}' has negative counts: {where}")
        flag(
            np.isfinite(value) & (value != np.floor(value)),
            lambda where: f"column '{measure.value}' has counts that are not whole numbers: {where}",
        )
    if measure.kind == "positive":
        flag(value <= 0, lambda where: f"column '{measure.value}' must be above 0 for a lognormal outcome: {where}")
    if measure.denominator is None or measure.denominator not in rows.numbers:
        return problems
    total = rows.numbers[measure.denominator]
    name = measure.denominator
    flag(total < 0, lambda where: f"column '{name}' has negative denominators: {where}")
    flag(
        np.isfinite(total) & (total != np.floor(total)),
        lambda where: f"column '{name}' has denominators that are not whole numbers: {where}",
    )
    flag(
        np.isfinite(value) & np.isnan(total),
        lambda where: f"column '{name}' is missing where '{measure.value}' is not: {where}; give both or neither",
    )
    if measure.kind == "count":
        flag(value > total, lambda where: f"'{measure.value}' is above its denominator '{name}': {where}")
    else:
        flag(
            np.isfinite(value) & (total == 0),
            lambda where: f"'{measure.value}' has a value but its denominator '{name}' is 0: {where}",
        )
    return problems
