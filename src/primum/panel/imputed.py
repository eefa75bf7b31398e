"""Imputations of one panel: a table of them taken apart, and what must be the same in all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import narwhals as nw
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from primum.panel.read import column_hint, frame_of, names_in
from primum.panel.rows import list_some
from primum.spec import Layout

Name = int | str

_DESIGN = ("unit", "time", "label", "region", "exposure", "left_out", "start")  # beside moderators and base weights


def split(table: Any, layout: Layout) -> tuple[dict[Name, nw.DataFrame[Any]], list[str]]:
    """A table's rows by imputation, in the order of first rows, and what keeps them from being told apart."""
    column = layout.columns.imputation
    if column is None:
        return {}, ["the layout names no column of imputations; set columns.imputation"]
    frame, problems = frame_of(table)
    if frame is None:
        return {}, problems
    if column not in frame.columns:
        return {}, [f"there is no column '{column}'; {column_hint(column, frame.columns)}"]
    found, problems = names_in(frame[column], "imputation")
    if found is None:
        return {}, problems
    names = list(dict.fromkeys(found.tolist()))
    if len(names) < 2:
        advice = "leave columns.imputation out where nothing was imputed several times"
        return {}, [f"column '{column}' names fewer than two imputations; {advice}"]
    return {name: frame.filter((found == name).tolist()) for name in names}, []


def in_words(problems: Mapping[Name, list[str]]) -> list[str]:
    """Every problem with the imputations that have it."""
    having: dict[str, list[Name]] = {}
    for name, found in problems.items():
        for problem in found:
            having.setdefault(problem, []).append(name)
    return [f"{_named(names, len(problems))}: {problem}" for problem, names in having.items()]


def differences(datasets: Mapping[Name, xr.Dataset]) -> list[str]:
    """What differs between imputations and must not: all but values and denominators.

    Parameters
    ----------
    datasets
        Of panels, by imputation; each is compared with the first.
    """
    first, *others = datasets
    return in_words({name: _differences(datasets[name], datasets[first], first) for name in (first, *others)})


def _differences(own: xr.Dataset, first: xr.Dataset, name: Name) -> list[str]:
    """What differs in one imputation from the first one, whose name is given."""
    found = []
    for dim in ("unit", "time"):
        mine, theirs = own[dim].values.tolist(), first[dim].values.tolist()
        odd = list_some(sorted(set(mine) ^ set(theirs)))
        if odd:
            found.append(f"other {dim}s than in imputation {name}: {odd}; each must hold the whole panel")
        elif mine != theirs:
            found.append(f"{dim}s in another order than in imputation {name}; give them in the same order")
    if set(own.variables) != set(first.variables):
        odd = list_some(sorted(map(str, set(own.variables) ^ set(first.variables))))
        found.append(f"not the same variables as in imputation {name}: {odd}; give them to all or to none")
    return found or [
        f"{variable} {_WHAT[measured]} imputation {name}{_where(own, wrong)}; {_FIX[measured]}"
        for variable, wrong, measured in _unlike(own, first)
        if wrong.any()
    ]


_WHAT = {True: "is empty in other cells than in", False: "differs from that in"}
_FIX = {
    True: "impute the same cells in all (and leave out the data before imputation, if they are among them)",
    False: "only values and denominators may differ",
}


def _unlike(own: xr.Dataset, first: xr.Dataset) -> Iterator[tuple[str, NDArray[np.bool_], bool]]:
    """Each variable, where it differs as it must not, and whether it is a measured one, whose values may."""
    for variable in map(str, own.variables):
        mine, theirs = own[variable].values, first[variable].values
        measured = variable not in _DESIGN and not variable.startswith(("moderator_", "base_"))
        if mine.dtype.kind == "f":
            empty = np.isnan(mine) != np.isnan(theirs)
            yield variable, empty if measured else empty | (np.nan_to_num(mine) != np.nan_to_num(theirs)), measured
        else:
            yield variable, mine != theirs, measured


def _where(own: xr.Dataset, wrong: NDArray[np.bool_]) -> str:
    """The units in which something differs; nothing where it is not by unit."""
    units = own["unit"].values
    rows = np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1)) if wrong.shape[:1] == units.shape else ()
    return f" for {list_some(units[rows].tolist())}" if len(rows) else ""


def _named(names: list[Name], total: int) -> str:
    if len(names) == total:
        return "every imputation"
    return f"imputation{'s' * (len(names) > 1)} {list_some(names)}"
