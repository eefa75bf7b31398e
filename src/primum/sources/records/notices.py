"""What is told of an aggregation: records left out, cells that are empty or small, outcomes that look ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primum.panel.rows import list_some
from primum.sources.records.aggregation import Aggregation
from primum.sources.records.unusable import by_period

if TYPE_CHECKING:
    import pandas as pd


def about_left_out(left_out: pd.DataFrame, records: int) -> list[str]:
    """Records that were left out, by reason."""
    return [
        f"left out{f' of {outcome}' if outcome else ''}: {own['records'].sum():,} of {records:,} records, "
        f"{reason}{by_period(own)}"
        for (outcome, reason), own in left_out.groupby(["outcome", "reason"], sort=False)
    ]


def about_empty(empty: int, aggregation: Aggregation) -> list[str]:
    """Cells without a record."""
    if not empty:
        return []
    if aggregation.empty_cells == "zero":
        return [f"{empty:,} cells have no record, and rows of zero counts"]
    advice = 'where nothing happened rather than nothing was recorded, set empty_cells = "zero"'
    return [f"{empty:,} cells of units and periods seen have no record and no row, so they are missing; {advice}"]


def about_small(small: pd.DataFrame, cells: int, aggregation: Aggregation) -> list[str]:
    """Small counts in a table of so many cells."""
    if small.empty:
        return []
    most = aggregation.disclosure.below - 1
    found = f"small counts, from 1 to {most}: {len(small):,} in {small.index.nunique():,} of {cells:,} cells"
    if aggregation.disclosure.suppress:
        return [f"{found}, which are hidden; what other tables say of the same children may still reveal them"]
    return [f"{found}; do not publish the table, or set disclosure.suppress = true"]


def about_exposure(aggregation: Aggregation) -> list[str]:
    """Outcomes that look forward from their date, beyond the exposure of that date."""
    forward = [outcome.name for outcome in aggregation.outcomes if outcome.event or outcome.is_duration]
    if not forward:
        return []
    return [
        f"exposure is that of records' dates; {list_some(forward)} may reach from before a programme's start into it, "
        "for which treatment.anticipation leaves periods out"
    ]
