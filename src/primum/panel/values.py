"""Whether the values of outcomes can be what their layout says that they are."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from primum.panel.rows import Rows
from primum.spec import Layout, Measure

MAX_VALUES = 1000
MAX_UNPLACED = 0.05


def value_problems(rows: Rows, layout: Layout) -> list[str]:
    """What is wrong with the values of outcomes, each kind of mistake once, with the rows it is in."""
    checks = [
        check for measure in layout.measures for check in (_split_checks if measure.split else _checks)(rows, measure)
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


def _split_checks(rows: Rows, measure: Measure) -> list[_Check]:
    columns, below = (*measure.values, *measure.open), measure.denominator
    named = [name for name in (*columns, below) if name is not None]
    checks = [check for name in named if name in rows.numbers for check in _count_checks(name, rows.numbers[name])]
    if not set(named) <= set(rows.numbers):
        return checks
    counts = np.stack([rows.numbers[name] for name in columns])
    total = np.full(rows.time.size, np.nan) if below is None else rows.numbers[below]
    known, held = ~np.isnan(counts), np.nansum(counts, axis=0)
    if measure.open:
        some, still = known[: len(measure.values)].any(axis=0), known[len(measure.values) :]
        what = f"'{measure.open[0]}' or other open records are empty where bins are not, or the other way round"
        advice = "give the open records of every bin, 0 where there are none, or leave all of them and all bins empty"
        checks.append(((still != some).any(axis=0), what, [], advice))
    kind = "bins" if measure.kind == "bins" else "categories"
    bins = f"'{columns[0]}' and the outcome's other {kind}" + (", with open records," if measure.open else "")
    what, advice = f"{bins} hold more records than '{below}' says", "correct either"
    checks.append((held > total, what, [held, total], advice))
    what, advice = (
        f"{bins} leave out more than {MAX_UNPLACED:.0%} of the records in '{below}'",
        f"name all {kind} in value",
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
    """What is wrong with bounds of counts and means; `_checks` has looked at the values themselves."""
    bounds = {name: rows.numbers[name] for name in (measure.low, measure.high) if name in rows.numbers}
    if not bounds or not {measure.low, measure.high} - {None} <= set(bounds):
        return []
    counted, checks = measure.kind in {"count", "events"}, []
    for name, values in bounds.items():
        checks += _count_checks(name, values) if counted else _bound_checks(measure, name, values)
    for (name, values), (other, others) in permutations(bounds.items()) if counted else ():
        alone = ~np.isnan(values) & np.isnan(others)
        checks.append((alone, f"'{other}' is empty where '{name}' is not", [values], "give both or leave both empty"))
    for beside in (measure.denominator, measure.standard_error):
        if beside in rows.numbers:
            checks += _bounded_checks(rows, measure, beside, bounds)
    problems = [
        f"column {what}: {rows.name(wrong, *shown)}; {advice}" for wrong, what, shown, advice in checks if wrong.any()
    ]
    return problems + _pair_problems(rows, measure)


def _bound_checks(measure: Measure, name: str, values: NDArray[np.float64]) -> list[_Check]:
    """What is wrong with one bound of means."""
    if measure.kind != "positive":
        return []
    wrong, least = (values < 0, "must not be below 0") if name == measure.low else (values <= 0, "must be above 0")
    advice = "correct it, or leave it empty where that side is open"
    return [(wrong, f"'{name}' {least} for a lognormal or gamma outcome", [values], advice)]


def _bounded_checks(rows: Rows, measure: Measure, beside: str, bounds: dict[str, NDArray[np.float64]]) -> list[_Check]:
    """What is wrong with intervals beside a denominator or a standard error."""
    number, name = rows.numbers[beside], next(iter(bounds))
    value = rows.numbers.get(measure.values[0], np.full(number.size, np.nan))
    # a value is checked against what is beside it by itself
    alone = np.isnan(value) & ~np.isnan(list(bounds.values())).all(axis=0)
    either = len(bounds) > 1 and measure.kind not in {"count", "events"}
    whose, shown = (f"an interval of '{measure.value}'", []) if either else (f"'{name}'", [bounds[name]])
    what = f"'{beside}' is empty where {whose} is not"
    checks: list[_Check] = [(alone & np.isnan(number), what, shown, "give both or leave both empty")]
    if beside == measure.standard_error:
        return checks
    if measure.kind == "count":
        high = bounds[measure.high or ""]
        what = f"'{measure.high}' is above its denominator '{beside}'"
        checks.append((high > number, what, [high, number], "a count is at most its denominator; correct either"))
    else:
        what = f"'{beside}' is 0 where {whose} is given"
        checks.append((alone & (number == 0), what, shown, "correct the denominator, or leave both empty"))
    return checks


def _pair_problems(rows: Rows, measure: Measure) -> list[str]:
    none = np.full(rows.time.size, np.nan)
    low, high = (none if bound is None else rows.numbers[bound] for bound in (measure.low, measure.high))
    counted = measure.kind in {"count", "events"}
    both, problems = " to ".join(f"'{bound}'" for bound in (measure.low, measure.high) if bound), []
    if (low > high).any():
        named = rows.name(low > high, low, high, between=" to ")
        problems.append(f"intervals from {both} end before they begin: {named}; correct either")
    value = rows.numbers.get(measure.values[0], none)
    outside = ~(low > high) & ((value < low) | (value > high))
    if outside.any():
        named = rows.name(outside, value, low, high, between=", ")
        advice = "correct the value or its bounds, or leave one of them empty"
        problems.append(f"column '{measure.value}' lies outside its interval from {both}: {named}; {advice}")
    narrow = (low == high) & np.isnan(value) & (not counted)
    if narrow.any():
        named = rows.name(narrow, low, high, between=" to ")
        problems.append(f"intervals from {both} have no width: {named}; put what is known in '{measure.value}'")
    empty = (low <= 0) & np.isnan(high) & np.isnan(value) & (measure.kind == "positive")
    if empty.any():
        named = rows.name(empty, low)
        problems.append(f"column '{measure.low}' says nothing where it is 0: {named}; leave it empty there")
    wide = (high - low >= MAX_VALUES) & counted
    if wide.any():
        named = rows.name(wide, low, high, between=" to ")
        advice = "leave them empty where so little is known, or narrow them"
        problems.append(f"intervals from {both} hold more than {MAX_VALUES:,} values: {named}; {advice}")
    return problems
