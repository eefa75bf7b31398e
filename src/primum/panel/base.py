"""Base weights of comparators, from a table of pairs."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from primum.errors import PanelError

COLUMNS = ("pilot", "comparator", "weight")
_SHOWN = 5


def base_weights(table: Any, units: NDArray[Any], pilots: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Base weights, each pilot's adding up to 1; shape (pilot, unit), columns of pilots 0.

    Parameters
    ----------
    table
        A data frame with columns pilot, comparator and weight.
    units
        Names of the units; shape (unit,).
    pilots
        Whether each is a pilot; shape (unit,).

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
    place = {name: position for position, name in enumerate(units.tolist())}
    base, seen, problems = np.zeros((units.size, units.size)), set(), []
    for row, (pilot, comparator, weight) in enumerate(frame.select(*COLUMNS).iter_rows(), start=1):
        found = _row_problems(pilot, comparator, weight, place, pilots)
        if (pilot, comparator) in seen:
            found.append(f"pair {pilot!r}, {comparator!r} is given twice; keep one")
        seen.add((pilot, comparator))
        problems += [f"row {row}: {problem}" for problem in found]
        if not found:
            base[place[pilot], place[comparator]] = weight
    base, total = base[pilots], base[pilots].sum(axis=1, keepdims=True)
    if not problems:
        alone = units[pilots][total[:, 0] == 0].tolist()
        problems += [f"pilot {name!r} has no comparator with a weight above 0; give it one" for name in alone]
    if problems:
        raise PanelError(subject, problems)
    return np.asarray(base / total)


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
