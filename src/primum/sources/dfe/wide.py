"""A row a unit and period, a column a measure: the shape that a panel is read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primum.errors import SourceError
from primum.panel.rows import list_some
from primum.sources.dfe.cells import VALUES
from primum.sources.dfe.place import LOCAL_AUTHORITY, PLACE

if TYPE_CHECKING:
    import pandas as pd

_SUBJECT = "the table with a column a measure"


def widen(cells: pd.DataFrame) -> pd.DataFrame:
    """One row a unit and period, with columns of each measure's value, range and reason.

    Parameters
    ----------
    cells
        `Release.cells`, of which local authorities are kept as units, or `Stable.cells`.

    Returns
    -------
    DataFrame
        Columns unit, unit_name, region_name, period, and for a measure m: m, m_low, m_high, m_reason.

    Raises
    ------
    SourceError
        If a unit and period have several rows, because other columns label them.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = pd.DataFrame({
    ...     "period": 2022, "unit": "301", "unit_name": "Ayton", "region_name": "North",
    ...     "measure": ["seen", "again"], "kind": "count", "value": [9.0, None], "low": [9.0, 1.0],
    ...     "high": [9.0, 5.0], "reason": ["", "suppressed"], "published": ["9", "c"]})
    >>> widen(cells).drop(columns=["unit_name", "region_name"]).T
                         0
    unit               301
    period            2022
    seen               9.0
    seen_low           9.0
    seen_high          9.0
    seen_reason
    again              NaN
    again_low          1.0
    again_high         5.0
    again_reason  suppressed
    """
    rows = _as_units(cells)
    unit = ["unit", "unit_name", "region_name", "period"]
    twice = rows.duplicated(["unit", "period", "measure"])
    if twice.any():
        known = {*unit, "time_period", "measure", "kind", "merged_from", "file", *VALUES, *PLACE}
        counts = rows[[name for name in rows if name not in known]].nunique()
        labels = [f"{name} ({count} values)" for name, count in counts.items() if count > 1]
        raise SourceError(
            _SUBJECT,
            [f"a unit and period have several rows, told apart by {list_some(labels)}; keep one of each (--where)"],
        )
    names = rows.drop_duplicates("unit", keep="last").set_index("unit")[["unit_name", "region_name"]]
    columns = []
    for measure in dict.fromkeys(rows["measure"]):
        own = rows[rows["measure"] == measure].set_index(["unit", "period"])[["value", "low", "high", "reason"]]
        columns.append(own.set_axis([measure, *(f"{measure}_{part}" for part in own.columns[1:])], axis="columns"))
    import pandas as pd

    table = pd.concat(columns, axis="columns").sort_index().reset_index()
    gone = [name for name in table.columns if str(name).endswith("_reason")]
    table[gone] = table[gone].fillna("no row")
    order = [*unit, *(name for name in table.columns if name not in unit)]
    return pd.DataFrame(table.join(names, on="unit"), columns=order)


def _as_units(cells: pd.DataFrame) -> pd.DataFrame:
    if "unit" in cells:
        return cells
    rows = cells[cells["geographic_level"] == LOCAL_AUTHORITY].sort_values("period", kind="stable")
    if rows.empty:
        raise SourceError(_SUBJECT, ["no row is about a local authority"])
    return rows.assign(
        unit=rows["old_la_code"].where(rows["old_la_code"] != "", rows["new_la_code"]), unit_name=rows["la_name"]
    )
