"""Ranges of suppressed counts, by what totals leave over.

A count from 1 to 5 is suppressed. Where a total would give it away, releases suppress a second
count, of any size, with the same symbol. So a suppressed part of a published total need not lie
between 1 and 5; where the total and all other parts are known, its range follows from them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from primum.panel.rows import list_some
from primum.sources.dfe.cells import SUPPRESSED, VALUES
from primum.sources.dfe.place import LOCAL_AUTHORITY

if TYPE_CHECKING:
    import pandas as pd


@cache
def totals() -> dict[str, tuple[str, ...]]:
    """Measures that are totals, and the measures that they are the totals of.

    Examples
    --------
    >>> len(totals()["Assessments_completed"])
    9
    """
    table = tomllib.loads(files("primum.sources.dfe").joinpath("totals.toml").read_text("utf-8"))
    return {each["measure"]: tuple(each["parts"]) for each in table["total"]}


def bounded(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Cells whose suppressed counts have the range that totals in the file allow, and what was found.

    Of the n suppressed parts in a row, which share what the other parts leave over of the total,
    each holds at least 1, and at most that rest less 1 for each of the others. National and regional
    rows are rounded, and are left as they are, as are rows whose parts exceed their total.
    """
    notices = []
    measures = set(cells["measure"])
    ruled = cells["reason"].eq("suppressed") & cells["high"].notna()
    for total, parts in totals().items():
        if {total, *parts} <= measures:
            cells, found, known = _bound(cells, total, parts)
            notices += found
            ruled &= ~cells.index.isin(known)
    if ruled.any():
        notices.append(
            f"{int(ruled.sum()):,} suppressed counts have the range 1 to 5, the rule of the releases; counts that were "
            "suppressed only to protect others carry the same symbol and may be larger"
        )
    return cells, notices


def _bound(cells: pd.DataFrame, total: str, parts: Sequence[str]) -> tuple[pd.DataFrame, list[str], list[int]]:
    """Ranges by one total, what was found, and the cells that they were found for."""
    keys = [name for name in cells.columns if name not in {"measure", "kind", *VALUES}]
    sums = _left_over(cells, total, parts, keys)
    broken = sums[sums["left"] < sums["hidden"]]
    sums = sums[sums["left"] >= sums["hidden"]]
    secondary = sums[sums["left"] > SUPPRESSED[1] * sums["hidden"]]
    notices = []
    if len(broken):
        notices.append(
            f"the parts of {total!r} leave nothing over for those suppressed in {_places(broken)}; they keep 1 to 5"
        )
    if len(sums):
        notices.append(
            f"suppressed parts of {total!r} have the range that the total allows, in {len(sums)} rows; in "
            f"{len(secondary)} of them not all can lie between 1 and 5 if the parts add up ({_places(secondary)})"
        )
    hidden = cells[cells["measure"].isin(parts) & (cells["reason"] == "suppressed")].reset_index()
    found = hidden.merge(sums.assign(highest=sums["left"] - sums["hidden"] + 1)[[*keys, "highest"]], on=keys)
    high = cells["high"].copy()
    high.loc[found["index"]] = found["highest"].to_numpy()
    return cells.assign(high=high), notices, found["index"].tolist()


def _left_over(cells: pd.DataFrame, total: str, parts: Sequence[str], keys: list[str]) -> pd.DataFrame:
    """Rows with suppressed parts and no other missing ones: how many, and what the total leaves for them."""
    rows = cells[(cells["geographic_level"] == LOCAL_AUTHORITY) & cells["measure"].isin([total, *parts])]
    is_total = rows["measure"] == total
    rows = rows.assign(
        left=rows["value"].where(is_total, -rows["value"]).fillna(0),
        hidden=(rows["reason"] == "suppressed") & ~is_total,
        lost=(rows["reason"] != "") & (is_total | (rows["reason"] != "suppressed")),
    )
    sums = rows.groupby(keys, sort=False)[["left", "hidden", "lost"]].sum().reset_index()
    return sums[(sums["hidden"] > 0) & (sums["lost"] == 0)]


def _places(rows: pd.DataFrame) -> str:
    names = [f"{name} {year}" for name, year in zip(rows["la_name"], rows["period"], strict=True)]
    return list_some(names, 3) or "none"
