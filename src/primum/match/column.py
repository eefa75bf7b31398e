"""One column of a table of covariates: numbers, or texts, and nothing between."""

from __future__ import annotations

import math
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from primum.panel.rows import list_some


def read_column(column: nw.Series[Any]) -> tuple[NDArray[Any] | None, list[str]]:
    """A column as floats, NaN where missing, or as texts, None where missing.

    Returns
    -------
    values, problems
        None where the column holds both, numbers written as text, or neither.
    """
    missing = column.is_null().to_list()
    values = [None if gone else value for value, gone in zip(column.to_list(), missing, strict=True)]
    texts = {row: value for row, value in enumerate(values, start=1) if isinstance(value, str)}
    if not texts:
        return _floats(column.name, values)
    numbers = [row for row, value in enumerate(values, start=1) if row not in texts and value is not None]
    written = [row for row, value in texts.items() if _is_number(value)]
    if numbers or written:
        words = {repr(value): row for row, value in texts.items() if row not in written}
        which = list_some([f"{word} (row {row})" for word, row in words.items()]) or f"row {written[0]}"
        return None, [
            f"column '{column.name}' holds numbers as text, or numbers and text: {which}; give plain numbers, "
            "and leave cells empty where missing"
        ]
    return np.array(values, dtype=object), []


def _floats(name: str, values: list[Any]) -> tuple[NDArray[np.float64] | None, list[str]]:
    try:
        found = np.array([math.nan if value is None else float(value) for value in values])
    except TypeError:
        return None, [f"column '{name}' holds neither numbers nor text; leave it out, or give numbers"]
    if np.isinf(found).any():
        return None, [f"column '{name}' is infinite in row {np.flatnonzero(np.isinf(found))[0] + 1}; leave it empty"]
    if np.isnan(found).all():
        return None, [f"column '{name}' is empty; leave it out"]
    return found, []


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text.replace(",", "")))
    except ValueError:
        return False
