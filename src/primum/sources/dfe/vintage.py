"""What the symbols of a release mean: a matter of when it was published."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from primum.panel.rows import list_some

Layout = Literal["ees", "legacy"]
SPREADSHEET_ERRORS = frozenset({"#value!", "#ref!", "#div/0!", "#n/a", "#name?", "#num!", "#null!"})


@dataclass(frozen=True)
class Vintage:
    """Years of publication in which symbols had one meaning.

    Attributes
    ----------
    name
        Such as "2019-2021", or "2022-" for 2022 on.
    until
        Last year about which its releases can report.
    layouts
        Layouts of files then in use.
    symbols
        Reason for a missing value by its symbol, in lower case.
    """

    name: str
    until: int
    layouts: tuple[Layout, ...]
    symbols: dict[str, str]


@cache
def vintages() -> tuple[Vintage, ...]:
    """All vintages, the oldest first.

    Examples
    --------
    >>> [(vintage.name, vintage.symbols.get("x")) for vintage in vintages()]
    [('2010-2018', 'suppressed'), ('2019-2021', None), ('2022-', 'not available')]
    """
    table = tomllib.loads(files("primum.sources.dfe").joinpath("vintages.toml").read_text("utf-8"))
    return tuple(
        Vintage(each["name"], each["until"], tuple(each["layouts"]), each["symbols"]) for each in table["vintage"]
    )


def named(name: str) -> tuple[Vintage | None, list[str]]:
    """The vintage of that name, or what is wrong with the name."""
    for vintage in vintages():
        if vintage.name == name:
            return vintage, []
    allowed = ", ".join(repr(vintage.name) for vintage in vintages())
    return None, [f"there is no vintage {name!r}; give one of {allowed}"]


def guess(layout: Layout, last: int, found: Collection[str]) -> tuple[Vintage | None, str, list[str]]:
    """The vintage of a file, if all that could have written it read its symbols alike.

    Parameters
    ----------
    layout
        Layout of the file.
    last
        Last year that the file reports about.
    found
        Symbols in it that stand for numbers, in lower case.

    Returns
    -------
    vintage, why, problems
        Why it was chosen, in words; problems where no vintage or several different ones fit.

    Examples
    --------
    >>> guess("ees", 2020, {"c", ":"})[0].name
    '2019-2021'
    >>> guess("ees", 2018, {"x"})[2]
    ["symbols mean different things in the vintages that could have written this file: 'x' is suppressed
    in 2010-2018, not available in 2022-; say when it was published with vintage='2010-2018' or '2022-'"]
    """
    known = {symbol for vintage in vintages() for symbol in vintage.symbols}
    strange = sorted(set(found) - known)
    possible = [vintage for vintage in vintages() if layout in vintage.layouts and last <= vintage.until]
    fitting = [vintage for vintage in possible if set(found) <= set(vintage.symbols)]
    shown = ", ".join(map(repr, sorted(found)))
    why = f"its layout, its last year {last} and " + (f"its symbols {shown}" if found else "no symbols in it")
    if strange:
        return None, "", [f"{list_some(list(map(repr, strange)))} are neither numbers nor symbols of any vintage"]
    if not fitting:
        years = " or ".join(vintage.name for vintage in possible) or "none"
        return (
            None,
            "",
            [
                f"no vintage that could have written this file ({years}) has all of its symbols {shown}; "
                "correct the cells, or give the vintage"
            ],
        )
    differ = [symbol for symbol in sorted(found) if len({vintage.symbols[symbol] for vintage in fitting}) > 1]
    if differ:
        return None, "", [_ambiguous(differ, fitting)]
    others = ", ".join(vintage.name for vintage in fitting[1:])
    return fitting[0], why + (f" ({others} would read them alike)" if others else ""), []


def _ambiguous(symbols: list[str], fitting: list[Vintage]) -> str:
    meanings = "; ".join(
        f"{symbol!r} is " + ", ".join(f"{vintage.symbols[symbol]} in {vintage.name}" for vintage in fitting)
        for symbol in symbols
    )
    names = " or ".join(repr(vintage.name) for vintage in fitting)
    return (
        "symbols mean different things in the vintages that could have written this file: "
        f"{meanings}; say when it was published with vintage={names}"
    )
