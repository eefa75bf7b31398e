"""Vintages: what symbols mean, and when that can be told from a file."""

from __future__ import annotations

from itertools import chain, combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from primum.sources.dfe.vintage import Layout, guess, named, vintages

SYMBOLS = sorted({symbol for vintage in vintages() for symbol in vintage.symbols})
REASONS = {"suppressed", "not available", "not applicable", "rounds to zero", "low reliability"}


def test_every_symbol_has_a_reason_that_is_known() -> None:
    assert set(chain.from_iterable(vintage.symbols.values() for vintage in vintages())) == REASONS
    assert all(symbol == symbol.lower() for symbol in SYMBOLS)


def test_years_of_vintages_follow_each_other() -> None:
    years = [vintage.until for vintage in vintages()]
    assert years == sorted(years)
    assert [vintage.symbols.get("c") for vintage in vintages()] == [None, "suppressed", "suppressed"]


@settings(derandomize=True, deadline=None)
@given(st.sampled_from(["ees", "legacy"]), st.integers(2010, 2026), st.sets(st.sampled_from(SYMBOLS), max_size=4))
def test_a_guess_leaves_no_doubt(layout: Layout, last: int, found: set[str]) -> None:
    """Whatever vintage could have written a file reads its symbols as the guess does."""
    chosen, why, problems = guess(layout, last, found)
    able = [
        vintage
        for vintage in vintages()
        if layout in vintage.layouts and last <= vintage.until and found <= set(vintage.symbols)
    ]
    agree = all(
        one.symbols[symbol] == other.symbols[symbol] for one, other in combinations(able, 2) for symbol in found
    )
    assert (chosen is not None) == (bool(able) and agree)
    assert (chosen is None) == bool(problems)
    if chosen is not None:
        assert chosen in able
        assert str(last) in why


def test_symbols_of_no_vintage_are_named() -> None:
    assert guess("ees", 2020, {"c", "q"})[2] == ["'q' are neither numbers nor symbols of any vintage"]
    assert "(2010-2018 or 2019-2021) has all of its symbols 'low', 'x'" in guess("legacy", 2017, {"x", "low"})[2][0]


def test_a_vintage_by_name() -> None:
    assert named("2022-")[0] == vintages()[-1]
    assert named("2022")[0] is None
