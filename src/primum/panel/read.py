"""From a table of any kind to columns of numbers, with every problem found on the way."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations
from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from primum.spec import Layout, Measure

_SHOWN = 5
_SHOWN_EACH = 3
MAX_VALUES = 1000
MAX_UNPLACED = 0.05
_EXACT = 2**53  # whole numbers beyond it are not told apart as floats
_FIX_CELLS = "give plain numbers, and leave cells empty where suppressed or missing"
_FIX_TIME = "give a whole number such as a year in every row"
_FIX_PILOT = "give 1 for pilots and 0 for comparators"
_FIX_UNIT = "make all of them text or all of them whole numbers"


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
        Columns of numbers by their name in the table; those that cannot be read are left out.
    labels
        Readable name of each row's unit, empty where the table gives none.
    """

    number: NDArray[np.int64]
    unit: NDArray[Any]
    time: NDArray[np.int64]
    numbers: dict[str, NDArray[np.float64]]
    labels: NDArray[np.str_]

    def name(self, rows: NDArray[np.bool_], *values: NDArray[np.float64], between: str = " of ") -> str:
        """Name the rows that are marked and their values, the first few in full."""

        def shown(i: int) -> str:
            found = between.join(show(column[i]) for column in values)
            return f"row {self.number[i]} ({self.unit[i]}, {self.time[i]}{': ' if found else ''}{found})"

        return list_some([shown(i) for i in np.flatnonzero(rows).tolist()])


def list_some(items: Sequence[object], shown: int = _SHOWN) -> str:
    """Join the first few items and count the rest.

    Examples
    --------
    >>> list_some(range(8))
    '0, 1, 2, 3, 4 and 3 more'
    """
    text = ", ".join(str(item) for item in items[:shown])
    return text if len(items) <= shown else f"{text} and {len(items) - shown} more"


def show(value: float) -> str:
    """A number as it stands in the table.

    Examples
    --------
    >>> show(1234567.0), show(0.5), show(float("nan"))
    ('1234567', '0.5', 'empty')
    """
    return "empty" if math.isnan(value) else f"{value:.15g}"


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
    rows = Rows(
        number=np.arange(1, len(time) + 1)[keep],
        unit=unit[keep],
        time=time[keep],
        numbers={name: values[keep] for name, values in numbers.items()},
        labels=labels[keep],
    )
    problems += _value_problems(rows, layout)
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
    wanted = [columns.unit, columns.time, columns.label, *sorted(_number_columns(layout))]
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


def _rows_in_words(rows: Sequence[int], shown: int = _SHOWN) -> str:
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


def _value_problems(rows: Rows, layout: Layout) -> list[str]:
    checks = [
        check
        for measure in layout.measures
        for check in (_bin_checks if measure.kind == "bins" else _checks)(rows, measure)
    ]
    problems = [
        f"column {what}: {rows.name(wrong, *shown)}; {advice}" for wrong, what, shown, advice in checks if wrong.any()
    ]
    problems += [problem for measure in layout.measures for problem in _interval_problems(rows, measure)]
    return list(dict.fromkeys(problems))  # outcomes may share a column


# rows that are wrong, what is wrong with them, the values to show, how to mend them
type _Check = tuple[NDArray[np.bool_], str, list[NDArray[np.float64]], str]


def _checks(rows: Rows, measure: Measure) -> list[_Check]:
    (name,), below = measure.values, measure.denominator
    if name not in rows.numbers:
        return []
    value = rows.numbers[name]
    checks: list[_Check] = []
    if measure.kind in {"count", "events"}:
        checks += _count_checks(name, value)
    if measure.kind == "positive":
        what = f"'{name}' must be above 0 for a lognormal or gamma outcome"
        checks.append((value <= 0, what, [value], "leave the cell empty where nothing was measured"))
    if measure.standard_error in rows.numbers:
        checks += _error_checks(name, value, measure.standard_error, rows.numbers[measure.standard_error])
    if below is None or below not in rows.numbers:
        return checks
    total = rows.numbers[below]
    known = ~np.isnan(value)
    if measure.kind == "events":  # person-years, say
        checks.append((total < 0, f"'{below}' is negative", [total], "leave the cell empty where it is not known"))
    else:
        checks += _count_checks(below, total)
    without = known & np.isnan(total)
    checks.append((without, f"'{below}' is empty where '{name}' is not", [value], "give both or leave both empty"))
    if measure.kind == "count":
        what = f"'{name}' is above its denominator '{below}'"
        checks.append((value > total, what, [value, total], "correct either, or leave both empty"))
    else:
        what = f"'{name}' has values where its denominator '{below}' is 0"
        checks.append((known & (total == 0), what, [value], "correct the denominator, or leave both empty"))
    return checks


def _bin_checks(rows: Rows, measure: Measure) -> list[_Check]:
    columns, below = measure.values, measure.denominator
    named = [name for name in (*columns, below) if name is not None]
    checks = [check for name in named if name in rows.numbers for check in _count_checks(name, rows.numbers[name])]
    if not set(named) <= set(rows.numbers):
        return checks
    counts = np.stack([rows.numbers[name] for name in columns])
    total = np.full(rows.time.size, np.nan) if below is None else rows.numbers[below]
    known, held = ~np.isnan(counts), np.nansum(counts, axis=0)
    bins = f"'{columns[0]}' and the outcome's other bins"
    what, advice = f"{bins} hold more records than '{below}' says", "correct either"
    checks.append((held > total, what, [held, total], advice))
    what, advice = (
        f"{bins} leave out more than {MAX_UNPLACED:.0%} of the records in '{below}'",
        "name all bins in value",
    )
    checks.append((known.all(axis=0) & (total - held > MAX_UNPLACED * total), what, [held, total], advice))
    return checks


def _count_checks(name: str, values: NDArray[np.float64]) -> list[_Check]:
    broken = ~np.isnan(values) & (values != np.floor(values))
    return [
        (values < 0, f"'{name}' has negative counts", [values], "leave the cell empty where the count is not known"),
        (broken, f"'{name}' has counts that are not whole numbers", [values], "give counts, not shares or rates"),
    ]


def _error_checks(name: str, value: NDArray[np.float64], column: str, error: NDArray[np.float64]) -> list[_Check]:
    without = ~np.isnan(value) & np.isnan(error)
    advice = "give the standard error of every value, or leave both empty"
    return [
        (error <= 0, f"'{column}' must be above 0, as every estimate has an error", [value, error], advice),
        (without, f"'{column}' is empty where '{name}' is not", [value], advice),
    ]


def _interval_problems(rows: Rows, measure: Measure) -> list[str]:
    """What is wrong with the bounds of counts; `_checks` has looked at the counts themselves."""
    if measure.low is None or measure.high is None or not {measure.low, measure.high} <= set(rows.numbers):
        return []
    bounds = {name: rows.numbers[name] for name in (measure.low, measure.high)}
    checks = [check for name, values in bounds.items() for check in _count_checks(name, values)]
    for (name, values), (other, others) in permutations(bounds.items()):
        alone = ~np.isnan(values) & np.isnan(others)
        checks.append((alone, f"'{other}' is empty where '{name}' is not", [values], "give both or leave both empty"))
    if measure.denominator in rows.numbers:
        checks += _bounded_checks(rows, measure, bounds[measure.low], bounds[measure.high])
    problems = [
        f"column {what}: {rows.name(wrong, *shown)}; {advice}" for wrong, what, shown, advice in checks if wrong.any()
    ]
    return problems + _pair_problems(rows, measure, bounds[measure.low], bounds[measure.high])


def _bounded_checks(rows: Rows, measure: Measure, low: NDArray[np.float64], high: NDArray[np.float64]) -> list[_Check]:
    below = measure.denominator
    assert below is not None
    total = rows.numbers[below]
    value = rows.numbers.get(measure.values[0], np.full(total.size, np.nan))
    alone = np.isnan(value) & ~np.isnan(low)  # a value is checked against its denominator by itself
    what = f"'{below}' is empty where '{measure.low}' is not"
    checks: list[_Check] = [(alone & np.isnan(total), what, [low], "give both or leave both empty")]
    if measure.kind == "count":
        what = f"'{measure.high}' is above its denominator '{below}'"
        checks.append((high > total, what, [high, total], "a count is at most its denominator; correct either"))
    else:
        what = f"'{measure.low}' has values where its denominator '{below}' is 0"
        checks.append((alone & (total == 0), what, [low], "correct the denominator, or leave both empty"))
    return checks


def _pair_problems(rows: Rows, measure: Measure, low: NDArray[np.float64], high: NDArray[np.float64]) -> list[str]:
    both, problems = f"'{measure.low}' to '{measure.high}'", []
    if (low > high).any():
        named = rows.name(low > high, low, high, between=" to ")
        problems.append(f"intervals from {both} end before they begin: {named}; correct either")
    if measure.values[0] in rows.numbers:
        value = rows.numbers[measure.values[0]]
        outside = (low <= high) & ((value < low) | (value > high))
        if outside.any():
            named = rows.name(outside, value, low, high, between=", ")
            advice = "correct the value or its bounds, or leave one of them empty"
            problems.append(f"column '{measure.value}' lies outside its interval from {both}: {named}; {advice}")
    wide = high - low >= MAX_VALUES
    if wide.any():
        named = rows.name(wide, low, high, between=" to ")
        advice = "leave them empty where so little is known, or narrow them"
        problems.append(f"intervals from {both} hold more than {MAX_VALUES:,} values: {named}; {advice}")
    return problems
