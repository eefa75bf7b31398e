"""What kind of number a column holds, read off its name and its values."""

from __future__ import annotations

import re
from typing import Literal, get_args

Kind = Literal["count", "percentage", "rate", "average", "unknown"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_MARK = re.compile(r"DCI$")
_NAMES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("percentage", re.compile(r"%|percent(?!ile)|(_|^)pc(t?)(_|$)|proportion", re.IGNORECASE)),
    ("average", re.compile(r"average|(_|^)mean(_|$)|median|percentile|quartile|(_|^)avg(_|$)", re.IGNORECASE)),
    ("count", re.compile(r"(_|^)(head)?counts?$", re.IGNORECASE)),
    ("rate", re.compile(r"(_|^)rates?(_|$|\d)|Rates?(?![a-z])|per_?10+k?(_|$)|Per10K", re.ASCII)),
)


def is_mark(column: str) -> bool:
    """Whether a column holds data-confidence marks (3, 2, 1, A, P), which are not numbers.

    Examples
    --------
    >>> is_mark("Referrals1112DCI"), is_mark("Referrals1112")
    (True, False)
    """
    return _MARK.search(column) is not None


def kind_by_name(measure: str) -> Kind | None:
    """The kind that a measure's name tells, None where it tells none.

    Examples
    --------
    >>> kind_by_name("rereferral_percent"), kind_by_name("CINThroRatePer10K"), kind_by_name("Median_days")
    ('percentage', 'rate', 'average')
    >>> kind_by_name("referral_count"), kind_by_name("Separated")
    ('count', None)
    """
    return next((kind for kind, pattern in _NAMES if pattern.search(measure)), None)
