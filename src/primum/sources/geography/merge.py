"""Sums over local authorities that were reorganised, with what is known where parts are missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from primum.sources.dfe.cells import VALUES
from primum.sources.dfe.place import PLACE
from primum.sources.geography.changes import Reorganisation

if TYPE_CHECKING:
    import pandas as pd

UNIT = ("unit", "unit_name", "merged_from", "region_name")


def alone(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of authorities that are units by themselves, each with the name it has in its last year."""
    names = rows.sort_values("period", kind="stable").groupby("old_la_code")["la_name"].last()
    return rows.assign(unit=rows["old_la_code"], unit_name=rows["old_la_code"].map(names), merged_from="")


def summed(rows: pd.DataFrame, each: Reorganisation) -> pd.DataFrame:
    """One row a period, measure and label for the sum of reorganised authorities."""
    import pandas as pd

    keys = [name for name in rows.columns if name not in {*PLACE, *VALUES}]
    own = rows[rows["old_la_code"].isin([part.code for part in (*each.before, *each.after)])]
    sums = [_sum(group, each) for _, group in own.groupby(keys, sort=False, dropna=False)]
    first = own.drop_duplicates(keys).drop(columns=list(VALUES)).reset_index(drop=True)
    return pd.concat([first.assign(unit=each.unit, unit_name=each.name), pd.DataFrame(sums)], axis="columns")


def stacked(blocks: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Units below each other, in order of unit and period, without the columns that are about authorities."""
    import pandas as pd

    table = pd.concat(blocks, ignore_index=True)
    about = [name for name in (*PLACE, *UNIT) if name in table and name not in UNIT]
    rest = [name for name in table.columns if name not in {*about, *UNIT}]
    time = [name for name in rest if name in {"period", "time_period", "time_identifier"}]
    order = [*time, *UNIT, *(name for name in rest if name not in time)]
    return table[order].sort_values(["unit", "period"], kind="stable", ignore_index=True)


def _sum(group: pd.DataFrame, each: Reorganisation) -> dict[str, Any]:
    """The sum over the authorities of one side, whose ranges add up where all parts have one."""
    applies = group[group["reason"] != "not applicable"]
    present = set((applies if len(applies) else group)["old_la_code"])
    side = each.after if any(part.code in present for part in each.after) else each.before
    by_code = group.set_index("old_la_code")[list(VALUES)].to_dict("index")
    nothing = {"value": np.nan, "low": np.nan, "high": np.nan, "reason": "no row", "published": "no row"}
    parts = {part.code: by_code.get(part.code, nothing) for part in side}
    reasons = {part["reason"] for part in parts.values()} - {""}
    lost = "suppressed" if reasons == {"suppressed"} else "part missing"
    return {
        "merged_from": "+".join(parts),
        **{name: sum(part[name] for part in parts.values()) for name in ("value", "low", "high")},
        "reason": (lost if len(parts) > 1 else reasons.pop()) if reasons else "",
        "published": " + ".join(f"{code}: {part['published']}" for code, part in parts.items()),
    }
