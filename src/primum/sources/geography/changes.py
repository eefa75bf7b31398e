"""Changes of England's local authorities from April 2009 on."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal


@dataclass(frozen=True)
class Authority:
    """A local authority by the three-digit code of the Department for Education and the nine-digit one of ONS."""

    code: str
    ons_code: str
    name: str


@dataclass(frozen=True)
class Change:
    """One local authority's area became, in whole or in part, another's.

    Attributes
    ----------
    date
        First day of the new authority.
    kind
        "reorganised": the three-digit code changed, and figures before and after are about
        different areas. "recoded": only the nine-digit code changed, and the area stayed but for
        some homes (Gateshead and Northumberland 2013; Barnsley and Sheffield 2025).
    before, after
        The authorities.
    source
        The statutory instrument.
    """

    date: date
    kind: Literal["reorganised", "recoded"]
    before: Authority
    after: Authority
    source: str


@dataclass(frozen=True)
class Reorganisation:
    """Local authorities that were replaced together: only their sum can be followed over time.

    Attributes
    ----------
    date
        First day of the new authorities.
    before, after
        The authorities replaced and those in their place.
    source
        The statutory instrument.
    """

    date: date
    before: tuple[Authority, ...]
    after: tuple[Authority, ...]
    source: str

    @property
    def unit(self) -> str:
        """Code of their sum: the new codes joined, such as "838+839"."""
        return "+".join(authority.code for authority in self.after)

    @property
    def name(self) -> str:
        """Names of the new authorities."""
        return " / ".join(authority.name for authority in self.after)


@cache
def la_changes() -> tuple[Change, ...]:
    """Every change of codes, in order of time, from the table la_changes.csv.

    Source: the statutory instruments named in it, and the Department for Education's table of all
    valid combinations of region and local authority.

    Examples
    --------
    >>> [change.after.name for change in la_changes() if change.date.year == 2021]
    ['North Northamptonshire', 'West Northamptonshire']
    """
    table = files("primum.sources.geography").joinpath("la_changes.csv").read_text("utf-8")
    return tuple(map(_change, csv.DictReader(table.splitlines())))


@cache
def reorganisations() -> tuple[Reorganisation, ...]:
    """Reorganisations, each with all authorities that are tied together by it.

    Examples
    --------
    >>> [(each.date.year, each.unit) for each in reorganisations()]
    [(2009, '822+823'), (2009, '895+896'), (2019, '838+839'), (2021, '940+941'), (2023, '942+943')]
    """
    found = []
    changes = [change for change in la_changes() if change.kind == "reorganised"]
    for source in dict.fromkeys(change.source for change in changes):
        own = [change for change in changes if change.source == source]
        before = dict.fromkeys(change.before for change in own)
        after = dict.fromkeys(change.after for change in own)
        found.append(Reorganisation(own[0].date, tuple(before), tuple(after), source))
    return tuple(found)


def _change(row: dict[str, str]) -> Change:
    before, after = (
        Authority(row[f"old_code_{side}"], row[f"new_code_{side}"], row[f"name_{side}"]) for side in ("before", "after")
    )
    kind: Literal["reorganised", "recoded"] = "recoded" if before.code == after.code else "reorganised"
    return Change(date.fromisoformat(row["date"]), kind, before, after, row["source"])
