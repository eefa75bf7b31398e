"""Which place and period each row is about, in the columns of the present standard."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from primum.panel.rows import list_some
from primum.sources.dfe.period import last_year
from primum.sources.dfe.vintage import Layout

if TYPE_CHECKING:
    import pandas as pd

NATIONAL, REGIONAL, LOCAL_AUTHORITY = "National", "Regional", "Local authority"
TIME = ("period", "time_period", "time_identifier")
PLACE = (
    "geographic_level",
    "country_code",
    "country_name",
    "region_code",
    "region_name",
    "old_la_code",
    "new_la_code",
    "la_name",
)
ENGLAND = "E92000001"
_LEVELS = {
    "national": NATIONAL,
    "regional": REGIONAL,
    "region": REGIONAL,
    "gor": REGIONAL,
    "local authority": LOCAL_AUTHORITY,
    "la": LOCAL_AUTHORITY,
}
_LEGACY = ("geog_l", "geog_c", "geog_n")
_LEGACY_NEW_CODE = ("new_geog_code", "new_la_code")
_LEGACY_ORDER = "la_order"


@dataclass(frozen=True)
class Rows:
    """Rows of a release with their place, and their period where the row has one.

    Attributes
    ----------
    keys
        Columns `TIME` (not in the legacy layout, whose columns have the period) and `PLACE`, then
        columns for other kinds of places; one row a row of the file.
    rest
        The other columns as published.
    notices, problems
        What was mended, and what cannot be used.
    """

    keys: pd.DataFrame
    rest: pd.DataFrame
    notices: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@cache
def other_places() -> frozenset[str]:
    """Columns that name places below or beside local authorities."""
    table = tomllib.loads(files("primum.sources.dfe").joinpath("places.toml").read_text("utf-8"))
    return frozenset(table["columns"])


def layout_of(table: pd.DataFrame) -> tuple[Layout | None, list[str]]:
    """The layout of a file by its columns, or why it has none that is known."""
    names = {name.lower() for name in table.columns}
    if {"time_period", "time_identifier", "geographic_level"} <= names:
        return "ees", []
    if set(_LEGACY) <= names:
        return "legacy", []
    return None, [
        "the columns are neither those of Explore education statistics (time_period, time_identifier, "
        f"geographic_level) nor those of releases of 2010-2019 ({', '.join(_LEGACY)}); "
        f"the columns are {list_some(list(map(repr, table.columns)), 10)}"
    ]


def ees_rows(table: pd.DataFrame) -> Rows:
    """Place and period of rows in the Explore education statistics layout."""
    import pandas as pd

    lower = {name.lower(): name for name in table.columns}
    known = [name for name in (*TIME[1:], *PLACE, *sorted(other_places())) if name in lower]
    keys = table[[lower[name] for name in known]].set_axis(known, axis="columns")
    keys = keys.assign(**{name: "" for name in PLACE if name not in known})
    keys["geographic_level"] = keys["geographic_level"].map(lambda level: _LEVELS.get(level.lower(), level))
    pairs = keys[["time_period", "time_identifier"]].drop_duplicates()
    years = [last_year(*pair) for pair in pairs.itertuples(index=False)]
    problems = list(dict.fromkeys(f"column 'time_period': {year}" for year in years if isinstance(year, str)))
    if not problems:
        index = pd.MultiIndex.from_frame(pairs)
        rows = pd.MultiIndex.from_frame(keys[["time_period", "time_identifier"]])
        keys["period"] = pd.Series(years, index, dtype="int64").reindex(rows).to_numpy()
    order = [name for name in (*TIME, *PLACE, *known) if name in keys]
    rest = table.drop(columns=[lower[name] for name in known])
    return Rows(keys[list(dict.fromkeys(order))], rest, (), tuple(problems))


def legacy_rows(table: pd.DataFrame) -> Rows:
    """Place of rows in the layout of 2010-2019; their columns, not their rows, have the period."""
    import pandas as pd

    lower = {name.lower(): name for name in table.columns}
    code, name = table[lower["geog_c"]], table[lower["geog_n"]]
    new = next((table[lower[each]] for each in _LEGACY_NEW_CODE if each in lower), pd.Series("", table.index))
    level, notices, problems = _legacy_level(table[lower["geog_l"]], code, name)
    nation, region, la = level == NATIONAL, level == REGIONAL, level == LOCAL_AUTHORITY
    taken = nation & ((code.isin(code[la]) & (code != "")) | (new.isin(new[la]) & (new != "")))
    for row in table.index[taken]:
        wrong = new[row] or code[row]
        owner = list_some(name[la & ((new == wrong) | (code == wrong))].tolist())
        notices.append(
            f"row {row + 1}: the national row has the code {wrong} of {owner}; {ENGLAND} was put in its place"
        )
    keys = pd.DataFrame(
        {
            "geographic_level": level,
            "country_code": ENGLAND,
            "country_name": "England",
            "region_code": new.where(new != "", code).where(region, ""),
            "region_name": name.where(region, ""),
            "old_la_code": code.where(la, ""),
            "new_la_code": new.where(la, ""),
            "la_name": name.where(la, ""),
        }
    )
    used = [lower[each] for each in (*_LEGACY, *_LEGACY_NEW_CODE, _LEGACY_ORDER) if each in lower]
    return Rows(keys, table.drop(columns=used), tuple(notices), tuple(problems))


def _legacy_level(
    published: pd.Series[str], code: pd.Series[str], name: pd.Series[str]
) -> tuple[pd.Series[str], list[str], list[str]]:
    level = published.map(lambda each: _LEVELS.get(each.lower(), ""))
    blank = (published == "") & code.str.fullmatch(r"[2-9]\d\d")
    notices = [
        f"row {row + 1}: no level is given; taken for a local authority by its code {code[row]} ({name[row]})"
        for row in published.index[blank]
    ]
    level = level.where(~blank, LOCAL_AUTHORITY)
    unknown = level == ""
    problems = [
        f"row {row + 1}: column 'geog_l' has {published[row]!r}, which is no level that is known; "
        "give National, Region or LA"
        for row in published.index[unknown]
    ]
    return level, notices, problems
