"""One row a published number: its value, the range it is known to lie in, and why it is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from primum.panel.read import list_some
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

    blocks = []
    for column in columns:
        block = keys if column.year is None else keys.assign(period=column.year, time_period=str(column.year))
        meanings = {text: _meaning(text, column, vintage) for text in rest[column.published].unique()}
        read = pd.DataFrame([meanings[text] for text in rest[column.published]], columns=list(VALUES[:-1]))
        blocks.append(
            block.assign(
                measure=column.name,
                kind=column.kind,
                **{name: read[name].to_numpy() for name in VALUES[:-1]},
                published=rest[column.published],
            )
        )
    return pd.concat(blocks, ignore_index=True)


def marks_of(keys: pd.DataFrame, rest: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Data-confidence marks below each other: columns of `keys`, then measure and mark."""
    import pandas as pd

    blocks = [
        (keys if column.year is None else keys.assign(period=column.year, time_period=str(column.year))).assign(
            measure=column.name, mark=rest[column.published]
        )
        for column in columns
    ]
    return pd.concat(blocks, ignore_index=True) if blocks else keys.iloc[:0].assign(measure="", mark="")


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
