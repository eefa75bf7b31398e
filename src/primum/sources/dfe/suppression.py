"""Ranges of suppressed counts, checked against totals.

A count from 1 to 5 is suppressed. Where a total would give it away, releases suppress a second
count of any size with the same symbol. So a suppressed part of a known total need not lie between
1 and 5, and where the parts cannot all do so the range is widened to what the total allows.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from primum.panel.read import list_some
from primum.sources.dfe.cells import SUPPRESSED, VALUES

if TYPE_CHECKING:
    import pandas as pd

_NOTICE_RULE = (
    "{count} suppressed counts have the range 1 to 5, the rule of the release; counts that were suppressed only to "
    "protect others carry the same symbol and may be larger"
)


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


def widened(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Cells whose ranges agree with the totals in the file, and what was widened.

    A row of a place and period with suppressed parts of a published total is looked at: what the
    other parts leave over is shared by the suppressed ones. If that cannot be done with 1 to 5
    each, at least one is a secondary suppression, and each may hold from 1 up to the rest less 1 for
    each of the others. National and regional rows are rounded, and are left as they are.
    """
    changed, notices = cells, []
    for total, parts in totals().items():
        if {total, *parts} <= set(cells["measure"].unique()):
            changed, found = _widen(changed, total, parts)
            notices += found
    suppressed = (changed["reason"] == "suppressed") & (changed["high"] == SUPPRESSED[1])
    if suppressed.any():
        notices.append(_NOTICE_RULE.format(count=f"{int(suppressed.sum()):,}"))
    return changed, notices


def _widen(cells: pd.DataFrame, total: str, parts: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    keys = [name for name in cells.columns if name not in {"measure", "kind", *VALUES}]
    rows = cells[(cells["geographic_level"] == "Local authority") & cells["measure"].isin(parts)]
    hidden = rows["reason"] == "suppressed"
    sums = rows.assign(hidden=hidden, lost=(rows["reason"] != "") & ~hidden).groupby(keys, sort=False, dropna=False)
    sums = sums.agg(known=("value", "sum"), hidden=("hidden", "sum"), lost=("lost", "sum")).reset_index()
    whole = cells[cells["measure"] == total].rename(columns={"value": "whole"})[[*keys, "whole"]]
    sums = sums.merge(whole, on=keys).query("hidden > 0 and lost == 0 and whole == whole")
    left = sums["whole"] - sums["known"]
    sums = sums.assign(highest=left - (sums["hidden"] - 1))
    wide = sums[(left > SUPPRESSED[1] * sums["hidden"]) & (sums["highest"] > SUPPRESSED[1])]
    broken = sums[left < sums["hidden"]]
    notices = []
    if len(broken):
        notices.append(f"the parts of {total!r} add up to more than it in {_places(broken)}; ranges left as they are")
    if not len(wide):
        return cells, notices
    notices.append(
        f"suppressed parts of {total!r} cannot all lie between 1 and 5 in {len(wide)} of {len(sums)} rows that have "
        f"some ({_places(wide)}): secondary suppression; their ranges were widened to what the total allows"
    )
    found = rows[hidden].reset_index().merge(wide[[*keys, "highest"]], on=keys)
    high = cells["high"].copy()
    high.loc[found["index"]] = found["highest"].to_numpy()
    return cells.assign(high=high), notices


def _places(rows: pd.DataFrame) -> str:
    return list_some([f"{row.la_name} {row.period}" for row in rows.itertuples()], 3)
