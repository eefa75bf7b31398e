from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from primum.sources.records.calendar import Calendar, Rule

RULES: list[Rule] = ["calendar year", "financial year", "academic year", "quarter", "month"]


def calendar(rule: Rule) -> Calendar:
    return Calendar(rule, date(2000, 1, 1), date(2000, 12, 31))


@given(st.sampled_from(RULES), st.dates(date(1990, 1, 1), date(2060, 12, 31)))
def test_every_day_lies_in_its_period_and_periods_follow_each_other(rule: Rule, day: date) -> None:
    made = calendar(rule)
    number = made.number(day)
    assert made.begin(number) <= day <= made.end(number)
    assert made.number(made.end(number) + timedelta(days=1)) == number + 1
    assert made.begin(number + 1) == made.end(number) + timedelta(days=1)


@pytest.mark.parametrize(
    ("rule", "day", "number", "label"),
    [
        ("calendar year", date(2015, 12, 31), 2015, "2015"),
        ("financial year", date(2015, 3, 31), 2015, "2014-15"),
        ("financial year", date(2015, 4, 1), 2016, "2015-16"),
        ("financial year", date(1999, 4, 1), 2000, "1999-00"),
        ("academic year", date(2015, 8, 31), 2015, "2014-15"),
        ("academic year", date(2015, 9, 1), 2016, "2015-16"),
        ("quarter", date(2015, 10, 1), 2015 * 4 + 3, "2015 Q4"),
        ("month", date(2015, 10, 31), 2015 * 12 + 9, "2015-10"),
    ],
)
def test_periods_have_numbers_and_labels(rule: Rule, day: date, number: int, label: str) -> None:
    assert calendar(rule).number(day) == number
    assert calendar(rule).label(number) == label


def test_first_and_last_must_be_those_of_periods() -> None:
    assert Calendar("financial year", date(2014, 4, 1), date(2016, 3, 31)).problems() == []
    assert Calendar("financial year", date(2014, 5, 1), date(2016, 3, 30)).problems() == [
        "periods.first: 2014-05-01 is within a financial year; give its first day, 2014-04-01, or another",
        "periods.last: 2016-03-30 is within a financial year; give its last day, 2016-03-31, or another",
    ]
    assert Calendar("month", date(2014, 5, 1), date(2014, 4, 30)).problems() == [
        "periods: first (2014-05-01) is after last (2014-04-30); swap them"
    ]
