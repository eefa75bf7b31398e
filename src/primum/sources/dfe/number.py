"""Numbers as releases print them."""

from __future__ import annotations

import re
from functools import lru_cache

_NUMBER = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?|-?\.\d+")


@lru_cache(maxsize=2**16)
def number(text: str) -> float | None:
    """The number that a cell prints, with or without thousands separators; None if it prints none.

    Examples
    --------
    >>> number("12,371"), number("-0.5"), number("x"), number("1,23")
    (12371.0, -0.5, None, None)
    """
    return float(text.replace(",", "")) if _NUMBER.fullmatch(text) else None
