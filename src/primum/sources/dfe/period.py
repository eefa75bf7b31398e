"""Years: what a time_period covers, and which year the name of a column speaks of."""

from __future__ import annotations

import re

# identifiers whose time_period has two consecutive years, and those whose time_period has one
_TWO_YEARS = re.compile(r"(academic|financial|tax) year|term", re.IGNORECASE)
_ONE_YEAR = re.compile(
    r"(calendar|reporting) year|^week \d|^(january|february|march|april|may|june|july|august|september|october|"
    r"november|december)$",
    re.IGNORECASE,
)
_AT_DATE = re.compile(r"(?:3103|3112|3009)(\d\d)(?!\d)")
_FULL_YEAR = re.compile(r"_?(?<!\d)(20[0-4]\d)(?!\d)")
_TWO_DIGITS = re.compile(r"(?:(?<!\d)|(?<=S47))(\d\d)(\d\d)(?!\d)")


def last_year(time_period: str, identifier: str) -> int | str:
    """The year in which a period ends, or what is wrong with it.

    Parameters
    ----------
    time_period
        Four digits for calendar and reporting years, six for academic, financial and tax years.
    identifier
        The time_identifier beside it.

    Examples
    --------
    >>> last_year("201819", "Academic year"), last_year("2019", "Reporting year"), last_year("199900", "Tax year")
    (2019, 2019, 2000)
    >>> last_year("201820", "Academic year")
    "'201820' does not name two consecutive years"
    """
    if not re.fullmatch(r"\d{4}|\d{6}", time_period):
        return f"{time_period!r} has neither four nor six digits"
    if len(time_period) == 4:
        if _TWO_YEARS.search(identifier):
            return f"{time_period!r} has one year where '{identifier}' needs two, such as '201819'"
        return int(time_period)
    if _ONE_YEAR.search(identifier):
        return f"{time_period!r} has two years where '{identifier}' needs one, such as '2019'"
    first, second = int(time_period[:4]), int(time_period[4:])
    if (first + 1) % 100 != second:
        return f"{time_period!r} does not name two consecutive years"
    return first + 1


def year_in_name(column: str) -> tuple[str, int | None]:
    """The name of a column without its year, and the year, as releases of 2010-2019 wrote it.

    A date (310312), a year (2012) or two consecutive years (1112, the year ending in 2012).

    Examples
    --------
    >>> year_in_name("CINAt310312Mixed"), year_in_name("Referrals1112DCI"), year_in_name("CLA_Mar2014")
    (('CINAtMixed', 2012), ('ReferralsDCI', 2012), ('CLA_Mar', 2014))
    >>> year_in_name("CLA_cea1015"), year_in_name("MarPlace_Q1_2010"), year_in_name("S471213")
    (('CLA_cea1015', None), ('MarPlace_Q1', 2010), ('S47', 2013))
    """
    for pattern in (_AT_DATE, _FULL_YEAR, _TWO_DIGITS):
        found = pattern.search(column)
        if found is None:
            continue
        if pattern is _TWO_DIGITS and int(found[1]) + 1 != int(found[2]):
            continue
        year = int(found[found.lastindex or 1])
        return column[: found.start()] + column[found.end() :], year if year > 2000 else 2000 + year
    return column, None
