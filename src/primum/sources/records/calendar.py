"""Periods that dates fall into, by a rule that is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

from primum.spec.strict import STRICT

Rule = Literal["calendar year", "financial year", "academic year", "quarter", "month"]
_YEAR = 12


class _Months(NamedTuple):
    """Months in a period; months of the year before the first one begins; 1 where named by the year it ends in."""

    length: int
    before: int
    ahead: int


_RULES: dict[Rule, _Months] = {
    "calendar year": _Months(12, 0, 0),
    "financial year": _Months(12, 3, 1),
    "academic year": _Months(12, 8, 1),
    "quarter": _Months(3, 0, 0),
    "month": _Months(1, 0, 0),
}


@dataclass(frozen=True)
class Calendar:
    """How dates become periods, and which periods are used.

    Periods are consecutive whole numbers. Years have that of the year they end in; quarters and months
    are counted from the year 0, so that April 2014 is 12 * 2014 + 3 = 24171.

    Attributes
    ----------
    rule
        "calendar year", "financial year" (ending in March), "academic year" (ending in August),
        "quarter" (from January, April, July and October) or "month".
    first, last
        First day of the first period and last day of the last one.

    Examples
    --------
    >>> years = Calendar("financial year", date(2014, 4, 1), date(2016, 3, 31))
    >>> list(years.numbers), years.number(date(2015, 3, 31)), years.label(2015), years.begin(2015).isoformat()
    ([2015, 2016], 2015, '2014-15', '2014-04-01')
    >>> months = Calendar("month", date(2014, 4, 1), date(2014, 5, 31))
    >>> [months.label(number) for number in months.numbers]
    ['2014-04', '2014-05']
    """

    __pydantic_config__ = STRICT

    rule: Rule
    first: date
    last: date

    @property
    def numbers(self) -> range:
        """Numbers of all periods."""
        return range(self.number(self.first), self.number(self.last) + 1)

    def number(self, day: date) -> int:
        """Number of the period that a day falls into."""
        months = _RULES[self.rule]
        return (_YEAR * day.year + day.month - 1 - months.before) // months.length + months.ahead

    def begin(self, number: int) -> date:
        """First day of a period."""
        months = _RULES[self.rule]
        year, month = divmod((number - months.ahead) * months.length + months.before, _YEAR)
        return date(year, month + 1, 1)

    def end(self, number: int) -> date:
        """Last day of a period."""
        return self.begin(number + 1) - timedelta(days=1)

    def label(self, number: int) -> str:
        """A period as people write it, such as 2014-15, 2014 Q2 or 2014-04."""
        begin = self.begin(number)
        match self.rule:
            case "calendar year":
                return str(begin.year)
            case "financial year" | "academic year":
                return f"{begin.year}-{self.end(number).year % 100:02d}"
            case "quarter":
                return f"{begin.year} Q{begin.month // 3 + 1}"
            case "month":
                return f"{begin:%Y-%m}"

    @property
    def labels(self) -> dict[int, str]:
        """Labels of all periods by their numbers."""
        return {number: self.label(number) for number in self.numbers}

    def sql(self, day: str) -> str:
        """`number` as an expression of DuckDB, of an expression that is a date."""
        months = _RULES[self.rule]
        return f"(({_YEAR} * year({day}) + month({day}) - 1 - {months.before}) // {months.length} + {months.ahead})"

    def problems(self) -> list[str]:
        """First and last days that are not those of a period."""
        found = []
        first, last = self.begin(self.number(self.first)), self.end(self.number(self.last))
        if first != self.first:
            found.append(
                f"periods.first: {self.first} is within a {self.rule}; give its first day, {first}, or another"
            )
        if last != self.last:
            found.append(f"periods.last: {self.last} is within a {self.rule}; give its last day, {last}, or another")
        if self.first > self.last:
            found.append(f"periods: first ({self.first}) is after last ({self.last}); swap them")
        return found
