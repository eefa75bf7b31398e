"""One row a published number: its value, the range it is known to lie in, and why it is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from primum.panel.rows import list_some
from primum.sources.dfe.column import Column
from primum.sources.dfe.number import number
from primum.sources.dfe.vintage import SPREADSHEET_ERRORS, Vintage

if TYPE_CHECKING:
    import pandas as pd

VALUES = ("value", "low", "high", "reason", "published")
SUPPRESSED = (1.0, 5.0)  # any count from 1 to 5 is suppressed: the rule in the notes of every release


def cells_of(keys: pd.DataFrame, rest: pd.DataFrame, columns: Sequence[Column], vintage: Vintage) -> pd.DataFrame:
    """All measures of a file below each other.

    Parameters
    ----------
    keys
        Place, period and filters; one row a row of the file.
    rest
        The columns of the file as published.
    columns
        Those whose role is "measure".
    vintage
        Says what symbols mean.

    Returns
    -------
    DataFrame
        Columns of `keys`, then measure, kind, and value, low, high, reason and published.
    """
    import pandas as pd

    published = [text for column in columns for text in rest[column.published]]
    meanings = [_meanings(rest[column.published], column, vintage) for column in columns]
    values = pd.DataFrame([cell for block in meanings for cell in block], columns=list(VALUES[:-1]))
    values["published"] = published
    return _below_each_other(keys, columns).join(values)


def marks_of(keys: pd.DataFrame, rest: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Data-confidence marks below each other: columns of `keys`, then measure and mark."""
    marks = [mark for column in columns for mark in rest[column.published]]
    return _below_each_other(keys, columns).drop(columns="kind").assign(mark=np.asarray(marks, dtype=str))


def _below_each_other(keys: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """The keys once a column, with its name, kind and year."""
    count = len(keys)
    table = keys.iloc[np.tile(np.arange(count), len(columns))].reset_index(drop=True)
    dated = np.repeat([column.year is not None for column in columns], count).astype(bool)
    years = np.repeat([column.year or 0 for column in columns], count)
    if dated.any():
        table["period"] = np.where(dated, years, table["period"])
        table["time_period"] = table["time_period"].where(~dated, years.astype(str))
    table["measure"] = np.repeat(np.asarray([column.name for column in columns], dtype=str), count)
    table["kind"] = np.repeat(np.asarray([str(column.kind) for column in columns], dtype=str), count)
    return table


def unreadable(rest: pd.DataFrame, columns: Sequence[Column], vintage: Vintage) -> list[str]:
    """Symbols that the vintage does not have, by where they are."""
    places: dict[str, list[str]] = {}
    for column in columns:
        cells = rest[column.published]
        for text in cells.unique():
            if number(text) is None and text and text.lower() not in {*vintage.symbols, *SPREADSHEET_ERRORS}:
                row = cells.index[cells == text][0] + 1
                places.setdefault(text, []).append(f"column {column.published!r}, row {row}")
    known = ", ".join(map(repr, vintage.symbols))
    return [
        f"symbol {text!r} has no meaning in the vintage {vintage.name} ({known}): {list_some(where)}; "
        "give the vintage in which the file was published"
        for text, where in places.items()
    ]


def _meanings(cells: pd.Series[str], column: Column, vintage: Vintage) -> list[tuple[float, float, float, str]]:
    known = {text: _meaning(text, column, vintage) for text in cells.unique()}
    return [known[text] for text in cells]


def _meaning(text: str, column: Column, vintage: Vintage) -> tuple[float, float, float, str]:
    value = number(text)
    if value is not None:
        return value, value, value, ""
    if not text:
        return np.nan, np.nan, np.nan, "empty"
    if text.lower() in SPREADSHEET_ERRORS:
        return np.nan, np.nan, np.nan, "spreadsheet error"
    reason = vintage.symbols[text.lower()]
    low, high = SUPPRESSED if reason == "suppressed" and column.kind == "count" else (np.nan, np.nan)
    return np.nan, low, high, reason
