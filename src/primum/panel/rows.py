"""Rows: columns of a table as arrays, and how rows and values are named in errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHOWN = 5


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
    regions
        Region of each row's unit, empty where it is missing; None where no column of regions is read.
    """

    number: NDArray[np.int64]
    unit: NDArray[Any]
    time: NDArray[np.int64]
    numbers: dict[str, NDArray[np.float64]]
    labels: NDArray[np.str_]
    regions: NDArray[np.str_] | None = None

    def name(self, rows: NDArray[np.bool_], *values: NDArray[np.float64], between: str = " of ") -> str:
        """Name the rows that are marked and their values, the first few in full."""

        def shown(i: int) -> str:
            found = between.join(show(column[i]) for column in values)
            return f"row {self.number[i]} ({self.unit[i]}, {self.time[i]}{': ' if found else ''}{found})"

        return list_some([shown(i) for i in np.flatnonzero(rows).tolist()])


def list_some(items: Sequence[object], shown: int = SHOWN) -> str:
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
