"""From a table of any kind to columns of numbers, with every problem found on the way."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from primum.panel.rows import SHOWN, Rows, list_some, show
from primum.panel.values import value_problems
from primum.spec import Layout

_SHOWN_EACH = 3
_EXACT = 2**53  # whole numbers beyond it are not told apart as floats
_FIX_CELLS = "give plain numbers, and leave cells empty where suppressed or missing"
_FIX_TIME = "give a whole number such as a year in every row"
_FIX_PILOT = "give 1 for pilots and 0 for comparators"
_FIX_UNIT = "make all of them text or all of them whole numbers"


def read_rows(table: Any, layout: Layout) -> tuple[Rows | None, list[str]]:
    """Read and check the columns that a layout names.

    Returns
    -------
    rows, problems
        Rows within the layout's periods, or None where unit or time cannot be read; what is
        wrong with single columns.
    """
    frame, problems = frame_of(table)
    if frame is None:
        return None, problems
    problems = _missing_columns(frame, layout)
    if len(frame) == 0:
        return None, [*problems, "the table has no rows"]
    columns = layout.columns
    present = set(frame.columns)
    if not {columns.unit, columns.time} <= present:
        return None, problems
    unit, found = names_in(frame[columns.unit], "unit")
    problems += found
    time, found = _whole(frame[columns.time], _FIX_TIME)
    problems += found
    numbers = {}
    for name in sorted(_number_columns(layout) & present):
        values, found = _numbers(frame[name], _FIX_PILOT if name == columns.pilot else _FIX_CELLS)
        problems += found
        if values is not None:
            numbers[name] = values
    if unit is None or time is None:
        return None, problems
    labels = unit.astype(str) if columns.label not in present else _text(frame[columns.label])
    keep = _within(time, layout)
    if not keep.any():
        return None, [*problems, _no_rows(time, layout)]
    regions = _text(frame[columns.regions])[keep] if columns.regions in present else None
    rows = Rows(
        number=np.arange(1, len(time) + 1)[keep],
        unit=unit[keep],
        time=time[keep],
        numbers={name: values[keep] for name, values in numbers.items()},
        labels=labels[keep],
        regions=regions,
    )
    problems += value_problems(rows, layout)
    return rows, problems


def frame_of(table: Any) -> tuple[nw.DataFrame[Any] | None, list[str]]:
    """A table of any kind in one form, or why it is none."""
    try:
        return nw.from_native(table, eager_only=True), []
    except TypeError:
        return None, [
            f"a value of type {type(table).__name__} is not a table; give a pandas or polars data frame or a "
            "pyarrow table, and read files with read_table"
        ]
    except nw.exceptions.DuplicateError as error:
        twice = ", ".join(re.findall("'.+'", str(error)))
        return None, [f"several columns have the same name: {twice}; rename or drop all but one of them"]


def _missing_columns(frame: nw.DataFrame[Any], layout: Layout) -> list[str]:
    columns = layout.columns
    wanted = [columns.unit, columns.time, columns.label, columns.regions, *sorted(_number_columns(layout))]
    absent = [name for name in dict.fromkeys(wanted) if name is not None and name not in frame.columns]
    return [f"there is no column '{name}'; {column_hint(name, frame.columns)}" for name in absent]


def column_hint(name: str, columns: Sequence[object]) -> str:
    """What may have been meant by the name of a column that is not there."""
    close = difflib.get_close_matches(name, [str(column) for column in columns], n=1)
    return f"did you mean {close[0]!r}?" if close else f"the columns are {', '.join(map(repr, columns))}"


def _number_columns(layout: Layout) -> set[str]:
    columns = layout.columns
    names = {columns.start, columns.embedded, columns.pilot, columns.exposure, *layout.moderators}
    names |= {name for measure in layout.measures for name in measure.columns}
    return {name for name in names if name is not None}


def _is_missing(value: object) -> bool:
    # pandas' own marks of absence are known by name, so that pandas need not be imported here
    return value is None or type(value).__name__ in ("NAType", "NaTType") or (_is_real(value) and value != value)


def _is_real(value: object) -> bool:
    return isinstance(value, Real | Decimal)


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _is_number_as_text(value: object) -> bool:
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False


def _numbers(column: nw.Series[Any], advice: str) -> tuple[NDArray[np.float64] | None, list[str]]:
    """A column as floats; anything that is not a number is a problem, nothing is coerced."""
    values = np.full(len(column), math.nan)
    texts: dict[str, list[int]] = {}
    others: dict[str, list[int]] = {}
    for row, value in enumerate(column.to_list()):
        if _is_missing(value):
            continue
        if _is_real(value):
            values[row] = _float(value)
        else:
            kind = texts if _is_number_as_text(value) else others
            kind.setdefault(repr(value), []).append(row)
    # a CSV column with one symbol in it is text throughout: then the symbol is what must be mended
    if others:
        return None, [f"column '{column.name}' holds values that are not numbers: {_where(others)}; {advice}"]
    if texts:
        return None, [f"column '{column.name}' holds numbers as text: {_where(texts)}; turn them into numbers"]
    infinite = np.flatnonzero(np.isinf(values)).tolist()
    if infinite:
        return None, [f"column '{column.name}' is infinite in {_rows_in_words(infinite)}; {advice}"]
    return values, []


def _where(values: dict[str, list[int]]) -> str:
    return list_some([f"{value} ({_rows_in_words(rows, _SHOWN_EACH)})" for value, rows in values.items()])


def _rows_in_words(rows: Sequence[int], shown: int = SHOWN) -> str:
    return f"row{'' if len(rows) == 1 else 's'} {list_some([row + 1 for row in rows], shown)}"


def _whole(column: nw.Series[Any], advice: str) -> tuple[NDArray[np.int64] | None, list[str]]:
    values, problems = _numbers(column, advice)
    if values is None:
        return None, problems
    wrong = ~((np.abs(values) < _EXACT) & (values == np.floor(values)))
    if wrong.any():
        rows = list_some([f"row {row + 1} ({show(values[row])})" for row in np.flatnonzero(wrong)])
        return None, [f"column '{column.name}' holds values that are not whole numbers: {rows}; {advice}"]
    return values.astype(np.int64), []


def names_in(column: nw.Series[Any], what: str) -> tuple[NDArray[Any] | None, list[str]]:
    """A column of names, all text or all whole numbers, of what is said; none may be missing."""
    values = column.to_list()
    missing = [
        row for row, value in enumerate(values) if _is_missing(value) or (isinstance(value, str) and not value.strip())
    ]
    if missing:
        rows = _rows_in_words(missing)
        return None, [f"column '{column.name}' (the {what}) is empty in {rows}; name the {what} in every row"]
    texts = [isinstance(value, str) for value in values]
    if all(texts):
        return np.asarray(values, dtype=str), []
    if any(texts):
        odd = texts.index(not texts[0])
        return None, [
            f"column '{column.name}' (the {what}) mixes text and numbers: {values[0]!r} in row 1, "
            f"{values[odd]!r} in row {odd + 1}; {_FIX_UNIT}"
        ]
    return _whole(column, _FIX_UNIT)


def _text(column: nw.Series[Any]) -> NDArray[np.str_]:
    return np.asarray(["" if _is_missing(value) else str(value) for value in column.to_list()], dtype=str)


def _within(time: NDArray[np.int64], layout: Layout) -> NDArray[np.bool_]:
    first, last = layout.periods.first, layout.periods.last
    return (time >= (time.min() if first is None else first)) & (time <= (time.max() if last is None else last))


def _no_rows(time: NDArray[np.int64], layout: Layout) -> str:
    bounds = [("from", layout.periods.first), ("up to", layout.periods.last)]
    used = " ".join(f"{word} {bound}" for word, bound in bounds if bound is not None)
    return f"no row lies within the periods {used}; the table has {time.min()} to {time.max()}"
