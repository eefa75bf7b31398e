"""Records that cannot be used: counted by reason and period, and refused unless they may be left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from primum.panel.rows import list_some
from primum.sources.records.aggregation import Aggregation
from primum.sources.records.query import Query

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 10


def unusable(rows: pd.DataFrame, lost: pd.DataFrame, query: Query, aggregation: Aggregation) -> pd.DataFrame:
    """Count records that cannot be used.

    Parameters
    ----------
    rows, lost
        What `Query.cells` gave for cells, and for reasons.
    query, aggregation
        Where they come from.

    Returns
    -------
    DataFrame
        Columns ``outcome`` (empty for whole records), ``reason``, ``period`` (its label, empty for whole
        records), ``records``; only of reasons that some records meet.
    """
    import pandas as pd

    found = []
    for k, reason in enumerate(query.record_reasons):
        found.append(("", reason.name, "", int(lost.loc[lost["reason"] == k, "records"].sum())))
    times = rows["time"].to_numpy()
    for i, (outcome, reasons) in enumerate(zip(aggregation.outcomes, query.outcome_reasons, strict=True)):
        for k, reason in enumerate(reasons):
            counts = rows[f"o{i}_reason_{k}"].to_numpy()
            for time, label in aggregation.periods.labels.items():
                found.append((outcome.name, reason.name, label, int(counts[times == time].sum())))
    table = pd.DataFrame(found, columns=["outcome", "reason", "period", "records"])
    return table[table["records"] > 0].reset_index(drop=True)


def refused(found: pd.DataFrame, aggregation: Aggregation) -> pd.DataFrame:
    """Those of `unusable` that may not be left out."""
    allowed: set[tuple[str, str]] = {("", reason) for reason in aggregation.leave_out}
    allowed |= {(outcome.name, reason) for outcome in aggregation.outcomes for reason in outcome.leave_out}
    keep = [pair not in allowed for pair in zip(found["outcome"], found["reason"], strict=True)]
    return found[np.array(keep, dtype=bool)]


def refusals(found: pd.DataFrame, examples: Mapping[str, object], query: Query, records: int) -> list[str]:
    """What is said of records that may not be left out.

    Parameters
    ----------
    found
        Of `refused`.
    examples
        The row that `Query.examples` gave.
    query
        Where they come from.
    records
        Number of all records.
    """
    problems = []
    for (name, reason), own in found.groupby(["outcome", "reason"], sort=False):
        low, high = map(examples.get, query.examples_of(str(name), str(reason)))
        shown = "" if low is None else f" ({low})" if low == high else f" ({low} to {high})"
        of, path = (f" for {name}", f"outcomes.{name}.leave_out") if name else ("", "leave_out")
        mend = "end the periods earlier" if reason == "follow-up does not fit" else "mend them"
        problems.append(
            f"{own['records'].sum():,} of {records:,} records cannot be used{of}: {reason}{shown}{by_period(own)}; "
            f'{mend}, or add "{reason}" to {path}, by which they are left out and counted'
        )
    return problems


def accounts(rows: pd.DataFrame, left_out: pd.DataFrame, aggregation: Aggregation) -> pd.DataFrame:
    """Records of each outcome and period that were used, are open and were left out.

    Parameters
    ----------
    rows
        Sums of cells, of `primum.sources.records.statistics.cells_of`.
    left_out
        Of `unusable`.
    aggregation
        Where they come from.
    """
    import pandas as pd

    labels = aggregation.periods.labels
    parts = []
    for i, outcome in enumerate(aggregation.outcomes):
        lost = left_out[left_out["outcome"] == outcome.name].groupby("period")["records"].sum()
        sums = rows.groupby("time").sum(numeric_only=True).reindex(list(labels), fill_value=0)
        still = sums[f"o{i}_open"] if outcome.is_duration else 0
        own = {"outcome": outcome.name, "period": list(labels.values()), "used": sums[f"o{i}_n"], "open": still}
        parts.append(pd.DataFrame(own).assign(left_out=lost.reindex(list(labels.values()), fill_value=0).to_numpy()))
    return pd.concat(parts, ignore_index=True)


def by_period(counts: pd.DataFrame) -> str:
    """Counts of records by period, in words, of many the largest; nothing where the period is not known."""
    known = counts[counts["period"] != ""].groupby("period", sort=False)["records"].sum()
    if known.empty:
        return ""
    many = len(known) > _SHOWN
    known = known.sort_values(ascending=False, kind="stable") if many else known
    words = [f"{period}: {count:,}" for period, count in known.items()]
    return f" [{'most in ' if many else ''}{list_some(words, _SHOWN)}]"
