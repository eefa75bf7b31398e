"""Base weights of comparators, from a table of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from primum.errors import PanelError

COLUMNS = ("pilot", "comparator", "weight")
OUTCOME = "outcome"
_SHOWN = 5


def base_weights(table: Any, units: NDArray[Any], pilots: NDArray[np.bool_], outcomes: Sequence[str]) -> xr.DataArray:
    """Base weights, each pilot's adding up to 1.

    Parameters
    ----------
    table
        A data frame with columns pilot, comparator and weight, and outcome where they differ between outcomes.
    units
        Names of the units; shape (unit,).
    pilots
        Whether each is a pilot; shape (unit,).
    outcomes
        Names of the panel's outcomes.

    Returns
    -------
    DataArray
        Dims (base_pilot, base_unit), columns of pilots 0; with a column outcome, dims
        (base_outcome, base_pilot, base_unit).

    Raises
    ------
    PanelError
        With every problem in the table.
    """
    subject = "the table of base weights (row 1 is the first below the header)"
    frame = nw.from_native(table, eager_only=True)
    lacking = [name for name in COLUMNS if name not in frame.columns]
    if lacking:
        raise PanelError(subject, [f"column '{name}' is missing; columns are {frame.columns}" for name in lacking])
    named = OUTCOME in frame.columns
    pairs = frame.select(*COLUMNS, *([OUTCOME] if named else [])).rows()
    place = {name: position for position, name in enumerate(units.tolist())}
    groups = list(dict.fromkeys(row[3] for row in pairs)) if named else [None]
    base, seen, problems = np.zeros((len(groups), units.size, units.size)), set(), []
    for number, row in enumerate(pairs, start=1):
        pilot, comparator, weight, *outcome = row
        found = _row_problems(pilot, comparator, weight, place, pilots)
        found += [f"outcome {name!r} is not one of {list(outcomes)}" for name in outcome if name not in outcomes]
        if (pilot, comparator, *outcome) in seen:
            found.append(f"pair {pilot!r}, {comparator!r} is given twice; keep one")
        seen.add((pilot, comparator, *outcome))
        problems += [f"row {number}: {problem}" for problem in found]
        if not found:
            base[groups.index(outcome[0] if named else None), place[pilot], place[comparator]] = weight
    if named and not pairs:
        problems.append("the table has no rows")
    base = base[:, pilots]
    total = base.sum(axis=2, keepdims=True)
    if not problems:
        problems += [
            f"pilot {units[pilots].tolist()[i]!r} has no comparator with a weight above 0"
            f"{f' for {groups[g]}' if named else ''}; give it one"
            for g, i in np.argwhere(total[..., 0] == 0)
        ]
    if problems:
        raise PanelError(subject, problems)
    coords = {"base_outcome": groups, "base_pilot": units[pilots], "base_unit": units}
    found_weights = xr.DataArray(base / total, coords, dims=tuple(coords))
    return found_weights if named else found_weights.isel(base_outcome=0, drop=True)


def _row_problems(
    pilot: Any, comparator: Any, weight: Any, place: dict[Any, int], pilots: NDArray[np.bool_]
) -> list[str]:
    found = []
    for role, name, wanted in (("pilot", pilot, True), ("comparator", comparator, False)):
        if name not in place:
            found.append(f"{role} {name!r} is not a unit of the panel; units are such as {list(place)[:_SHOWN]}")
        elif pilots[place[name]] != wanted:
            found.append(f"{role} {name!r} is {'never' if wanted else 'at some time'} exposed; it cannot be a {role}")
    number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not number or not np.isfinite(weight) or weight < 0:
        found.append(f"weight {weight!r} must be a number, 0 or more")
    return found
