"""Durations that are open at the end of data, and what they would do to statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primum.sources.records.aggregation import Aggregation, RecordOutcome
from primum.sources.records.unusable import by_period

if TYPE_CHECKING:
    import pandas as pd


def duration_problems(rows: pd.DataFrame, aggregation: Aggregation) -> list[str]:
    """Durations that have no logarithm, and open ones that would make statistics too short.

    Parameters
    ----------
    rows
        Sums of cells, of `cells_of`.
    aggregation
        What they are sums for.
    """
    problems = []
    for i, outcome in enumerate(aggregation.outcomes):
        path = f"outcomes.{outcome.name}"
        if outcome.is_duration and outcome.log_mean and outcome.same_day is None and rows[f"o{i}_zero"].any():
            problems.append(
                f"{rows[f'o{i}_zero'].sum():,} durations of {outcome.name} are of 0 days and have no logarithm; "
                f"say what they count as, such as {path}.same_day = 0.5, or use edges with log_mean = false"
            )
        unplaced = _unplaced(rows, i, aggregation)
        if outcome.open == "refuse" and len(unplaced):
            problems.append(
                f"{unplaced['records'].sum():,} durations of {outcome.name} are open on {aggregation.end_of_data}"
                f"{by_period(unplaced)}, and {_biased(outcome)} of the others would be too short; end the periods "
                f"earlier, give {path}.follow_up and edges up to it with log_mean = false, count them by bin with "
                f'edges, log_mean = false and {path}.open = "by bin", or take them as they are with "apart"'
            )
    return problems


def about_open(rows: pd.DataFrame, aggregation: Aggregation) -> list[str]:
    """How many durations are open, and what that does to their statistics."""
    notices = []
    for i, outcome in enumerate(aggregation.outcomes):
        if not outcome.is_duration or not rows[f"o{i}_open"].any():
            continue
        later, unplaced = rows[f"o{i}_later"].sum(), _unplaced(rows, i, aggregation)
        head = f"{rows[f'o{i}_open'].sum():,} durations of {outcome.name} are open on {aggregation.end_of_data}"
        head += f" (of which {later:,} ended after that day)" if later else ""
        if outcome.open == "by bin":
            still = sum(rows[f"o{i}_open_{k}"].sum() for k in range(len(outcome.edges)))
            notices.append(
                f"{head}; {still:,} are counted as open in the bin in which their follow-up ended, those that finished "
                "within that bin included"
            )
        elif len(unplaced):
            notices.append(f"{head}; {_biased(outcome)} leave them out and are too short{by_period(unplaced)}")
        else:
            notices.append(f"{head}, beyond the last edge, so bins hold them")
    return notices


def _biased(outcome: RecordOutcome) -> str:
    return " and ".join((["means"] if outcome.log_mean else []) + (["bins"] if outcome.edges else []))


def _unplaced(rows: pd.DataFrame, i: int, aggregation: Aggregation) -> pd.DataFrame:
    """Open durations that statistics lack, by period: all for means; those below the last edge for bins alone.

    None where they are counted by bin.
    """
    import pandas as pd

    outcome = aggregation.outcomes[i]
    counts = pd.Series(0, index=rows.index)
    if outcome.is_duration and outcome.open != "by bin":
        counts = rows[f"o{i}_open"]
        if not outcome.log_mean:
            counts = counts - rows[f"o{i}_open_{len(outcome.edges)}"]
    periods = rows["time"].map(aggregation.periods.labels)
    found = pd.DataFrame({"period": periods, "records": counts}).groupby("period", as_index=False).sum()
    return found[found["records"] > 0]
