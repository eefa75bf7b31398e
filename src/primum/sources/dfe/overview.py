"""What is in a release, in tables: values and reasons by measure, and local authorities with gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primum.panel.rows import list_some
from primum.sources.dfe.place import LOCAL_AUTHORITY

if TYPE_CHECKING:
    import pandas as pd


def by_measure(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells by measure (rows) and reason (columns); values come first.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = pd.DataFrame({"measure": ["seen", "seen"], "kind": "count", "reason": ["", "suppressed"]})
    >>> by_measure(cells).reset_index().values.tolist()
    [['seen', 'count', 1, 1]]
    """
    import pandas as pd

    table = cells.assign(reason=cells["reason"].replace("", "value"))
    counts = pd.crosstab([table["measure"], table["kind"]], table["reason"])
    order = ["value", *(name for name in counts.columns if name != "value")]
    rows = pd.MultiIndex.from_frame(table[["measure", "kind"]].drop_duplicates())
    return counts.reindex(index=rows, columns=order, fill_value=0)


def years_covered(cells: pd.DataFrame) -> str:
    """Years and kinds of period, in words."""
    years = sorted({int(year) for year in cells["period"]})
    gaps = [year for year in range(years[0], years[-1]) if year not in years]
    span = str(years[0]) if len(years) == 1 else f"{years[0]} to {years[-1]}"
    without = f" without {list_some(gaps)}" if gaps else ""
    return f"{span}{without} ({list_some(list(dict.fromkeys(cells['time_identifier'])))})"


def incomplete(cells: pd.DataFrame) -> pd.DataFrame:
    """Local authorities that lack rows in some of the years: code, name, first, last and years without a row."""
    import pandas as pd

    rows = cells[cells["geographic_level"] == LOCAL_AUTHORITY]
    years = sorted(set(rows["period"]))
    found = []
    for code, own in rows.groupby("old_la_code", sort=True):
        lacking = [year for year in years if year not in set(own["period"])]
        if lacking:
            name = own["la_name"].iloc[-1]
            found.append((code, name, int(own["period"].min()), int(own["period"].max()), list_some(lacking, 20)))
    return pd.DataFrame(found, columns=["code", "name", "first", "last", "years without a row"])
