"""Years in time_period and in names of columns."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.sources.dfe.period import last_year, year_in_name


@settings(derandomize=True, deadline=None)
@given(st.integers(1950, 2098), st.sampled_from(["Academic year", "Financial year", "Tax year", "Autumn term"]))
def test_two_consecutive_years_end_in_the_second(first: int, identifier: str) -> None:
    assert last_year(f"{first}{(first + 1) % 100:02d}", identifier) == first + 1


@settings(derandomize=True, deadline=None)
@given(st.integers(1950, 2098), st.sampled_from(["Calendar year", "Reporting year", "Week 12", "January"]))
def test_one_year_is_itself(year: int, identifier: str) -> None:
    assert last_year(str(year), identifier) == year


@pytest.mark.parametrize(
    ("period", "identifier", "words"),
    [
        ("201820", "Academic year", "does not name two consecutive years"),
        ("2018", "Academic year", "needs two"),
        ("201819", "Reporting year", "needs one"),
        ("2018/19", "Academic year", "neither four nor six digits"),
        ("", "Reporting year", "neither four nor six digits"),
    ],
)
def test_what_contradicts_itself_is_said(period: str, identifier: str, words: str) -> None:
    assert words in str(last_year(period, identifier))


@pytest.mark.parametrize(
    ("column", "measure", "year"),
    [
        ("CINThro1112", "CINThro", 2012),
        ("%CINAt310315OCDuration<3mths", "%CINAtOCDuration<3mths", 2015),
        ("Mid2011Pop017", "MidPop017", 2011),
        ("Mid2009Pop0-17", "MidPop0-17", 2009),
        ("CLA_Mar2014", "CLA_Mar", 2014),
        ("MarPlace_A3_2010", "MarPlace_A3", 2010),
        ("S471213DCI", "S47DCI", 2013),
        ("S47in0910", "S47in", 2010),
        ("CLA_UASC2015_pc", "CLA_UASC_pc", 2015),
        ("CLA_cease16", "CLA_cease16", None),
        ("CLA_cea1015", "CLA_cea1015", None),
        ("CINAtMale10-15yrs", "CINAtMale10-15yrs", None),
        ("Assessment41-45days", "Assessment41-45days", None),
        ("CLA_LTE20", "CLA_LTE20", None),
    ],
)
def test_years_in_names(column: str, measure: str, year: int | None) -> None:
    assert year_in_name(column) == (measure, year)
