"""Keeping some measures and years of a release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from primum.errors import SourceError
from primum.panel.read import list_some

if TYPE_CHECKING:
    import pandas as pd


def select(
    cells: pd.DataFrame, measures: Sequence[str] | None = None, first: int | None = None, last: int | None = None
) -> pd.DataFrame:
    """Cells of some measures and years, by default all.

    Raises
    ------
    SourceError
        If there is no such measure, or nothing within these years.
    """
    have = list(dict.fromkeys(cells["measure"]))
    absent = [name for name in measures or () if name not in have]
    problems = [f"there is no measure {name!r}; the measures are {list_some(have, 20)}" for name in absent]
    years = cells["period"]
    start, end = (years.min() if first is None else first), (years.max() if last is None else last)
    within = years.between(start, end)
    if not within.any():
        problems.append(
            f"nothing is about the years {start} to {end}; the cells are about {years.min()} to {years.max()}"
        )
    if problems:
        raise SourceError("what was asked for", problems)
    return cells[within & cells["measure"].isin(have if measures is None else list(measures))].reset_index(drop=True)
