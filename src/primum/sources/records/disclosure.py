"""Small counts: where they are, and tables in which they are hidden.

A count is small from 1 to one less than a threshold, and so is what it leaves of its total. Suppression
replaces small counts of a yes or no by the interval they may lie in (``_low`` and ``_high``, which a panel can
hold for binomial and Poisson outcomes), hides small bins and, where that is one bin alone, the smallest other one
as well, since it could be told from the total; an outcome whose number of records, or of open durations, is
small is hidden in that cell altogether. Zeros are shown. This protects against what can be told from one
table alone, not against its difference to other tables, or to totals published elsewhere; and notices count records
that were left out, however few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from primum.sources.records.aggregation import Aggregation, RecordOutcome

if TYPE_CHECKING:
    import pandas as pd

type Mask = NDArray[np.bool_]


def small_counts(table: pd.DataFrame, aggregation: Aggregation) -> pd.DataFrame:
    """Small counts of a table.

    Returns
    -------
    DataFrame
        One row a small count: the columns of its cell, ``column`` (such as "care_count", or "care_n less
        care_count" for what that leaves) and ``count``.
    """
    import pandas as pd

    counts = {"records": table["records"]}
    for outcome in aggregation.outcomes:
        counts |= {name: table[name] for name in _counts(outcome)}
        if not outcome.is_duration:
            count, n = f"{outcome.name}_count", f"{outcome.name}_n"
            counts[f"{n} less {count}"] = table[n] - table[count]
    cell = ["unit", "time", "period", *aggregation.strata]
    found = [
        table.loc[mask, cell].assign(column=name, count=values[mask])
        for name, values in counts.items()
        if (mask := _small(values, aggregation)).any()
    ]
    return pd.concat(found) if found else table.loc[[], cell].assign(column="", count=0)


def mark(table: pd.DataFrame, small: pd.DataFrame) -> pd.DataFrame:
    """Add a column ``small`` with the names of a row's small counts; empty where it has none."""
    names = np.full(len(table), "", dtype=object)
    for column, own in small.groupby("column", sort=False):
        rows = table.index.get_indexer(own.index)
        names[rows] += np.where(names[rows] == "", "", ", ") + str(column)
    return table.assign(small=names.astype(str))


def suppress(table: pd.DataFrame, aggregation: Aggregation) -> pd.DataFrame:
    """Hide small counts; see the module."""
    made = table.copy()
    gone = _small(table["records"], aggregation)
    for outcome in aggregation.outcomes:
        names = [name for name in aggregation.columns_of(outcome) if name in table]
        whole = [name for name in names if name in _counts(outcome)]
        made[whole] = made[whole].astype("Int64")
        if outcome.is_duration:
            bins = [f"{outcome.name}_{name}" for name in outcome.bins]
            held = [name for name in whole if name not in bins]
            hidden = gone | np.any([_small(table[name], aggregation) for name in held], axis=0)
            if bins:
                made[bins] = made[bins].mask(_hidden_bins(table[bins].to_numpy(), aggregation.disclosure.below))
        else:
            hidden = gone | _small(table[f"{outcome.name}_n"], aggregation)
            made, names = _as_intervals(made, outcome.name, names, aggregation)
        made[names] = made[names].mask(np.broadcast_to(hidden[:, None], (len(made), len(names))))
    made["records"] = made["records"].astype("Int64").mask(gone)
    return made


def _counts(outcome: RecordOutcome) -> list[str]:
    if not outcome.is_duration:
        return [f"{outcome.name}_count", f"{outcome.name}_n"]
    binned = [*outcome.bins, "binned", *outcome.open_bins] if outcome.bins else []
    return [f"{outcome.name}_{part}" for part in ("n", "open", *binned)]


def _small(counts: pd.Series[int], aggregation: Aggregation) -> Mask:
    return np.asarray((counts > 0) & (counts < aggregation.disclosure.below))


def _hidden_bins(counts: NDArray[np.int64], below: int) -> Mask:
    """Bins to hide; shape (cell, bin)."""
    hidden = (counts > 0) & (counts < below)
    alone = np.flatnonzero(hidden.sum(axis=1) == 1)
    # of bins that are shown, the smallest that holds any record, or else an empty one
    rank = np.where(hidden, np.inf, np.where(counts == 0, float(counts.max(initial=0)) + 1, counts))
    hidden[alone, rank[alone].argmin(axis=1)] = True
    return hidden


def _as_intervals(
    table: pd.DataFrame, name: str, names: list[str], aggregation: Aggregation
) -> tuple[pd.DataFrame, list[str]]:
    """Small counts of a yes or no, and counts that leave a small rest, as intervals."""
    count, n = table[f"{name}_count"], table[f"{name}_n"]
    most = aggregation.disclosure.below - 1
    few, rest = _small(count, aggregation), _small(n - count, aggregation)
    low = count.mask(rest, n - most).mask(few, 1)
    high = count.mask(rest, n - 1).mask(few, most)
    place = list(table.columns).index(f"{name}_n") + 1
    table.insert(place, f"{name}_low", low)
    table.insert(place + 1, f"{name}_high", high)
    hidden = [each for each in names if each != f"{name}_n"]
    table[hidden] = table[hidden].mask(np.broadcast_to((few | rest)[:, None], (len(table), len(hidden))))
    return table, [*names, f"{name}_low", f"{name}_high"]
