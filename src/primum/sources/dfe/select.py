"""Keeping some measures, years and labels of a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from primum.errors import SourceError
from primum.panel.rows import list_some

if TYPE_CHECKING:
    import pandas as pd


def select(
    cells: pd.DataFrame,
    measures: Sequence[str] | None = None,
    first: int | None = None,
    last: int | None = None,
    where: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Cells of some measures and years, and with some labels; by default all.

    Parameters
    ----------
    cells
        `Release.cells`.
    measures
        Names of measures.
    first, last
        First and last year.
    where
        The value to keep of columns that label rows, such as ``{"sex": "Total"}``.

    Raises
    ------
    SourceError
        If there is no such measure, column or value, or nothing within these years.
    """
    have = list(dict.fromkeys(cells["measure"]))
    absent = [name for name in measures or () if name not in have]
    problems = [f"there is no measure {name!r}; the measures are {list_some(have, 20)}" for name in absent]
    years = cells["period"]
    start, end = (years.min() if first is None else first), (years.max() if last is None else last)
    kept = years.between(start, end)
    if not kept.any():
        problems.append(f"nothing is about {start} to {end}; the cells are about {years.min()} to {years.max()}")
    kept &= cells["measure"].isin(have if measures is None else list(measures))
    for name, value in (where or {}).items():
        values = list(dict.fromkeys(cells[name].astype(str))) if name in cells else []
        if value not in values:
            allowed = f"values are {list_some(values)}" if values else f"columns are {list_some(list(cells), 20)}"
            problems.append(f"no row has {value!r} in column {name!r}; {allowed}")
        else:
            kept &= cells[name].astype(str) == value
    if problems:
        raise SourceError("what was asked for", problems)
    return cells[kept].reset_index(drop=True)
