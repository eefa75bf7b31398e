"""What an aggregation gives: cells, and what did not become part of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from primum.sources.records.aggregation import Aggregation

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class RecordCells:
    """Records aggregated to cells.

    Attributes
    ----------
    table
        One row a unit and period (and stratum), in that order, from which `Panel.from_frame` reads a panel;
        with strata, a panel takes the rows of one stratum. Columns:

        ``unit``, ``time``, ``period``
            The area, the period's number and its label; then the strata.
        ``exposure``, ``start``, ``embedded``
            Only with a programme: mean exposure over the period's days, the period in which the programme
            started and the first that is wholly embedded. A specification takes either ``exposure`` or the other two.
        ``records``
            Records in the cell, whether an outcome could use them or not.
        ``X_count``, ``X_n``
            Of a yes or no called X: how many yes, of how many records (binomial: value, denominator). With
            small counts hidden, ``X_low`` and ``X_high`` as well. With weights, ``X_share`` and its
            ``X_standard_error`` as well (normal: value, standard error). Of a cell of one record, or whose records are
            all equal, that is the error which records as variable as within all cells would leave.
        ``X_n``, ``X_open``
            Of a duration called X: how many ended by the end of data, and how many did not.
        ``X_geometric_mean``, ``X_log_mean``, ``X_log_variance``
            Of those that ended (lognormal: value ``X_geometric_mean``, denominator ``X_n``). With weights,
            ``X_standard_error`` of the geometric mean takes the variance's place (lognormal: standard error).
        ``X_days_0_10``, ..., ``X_binned``
            Records known to lie in each bin, which for the last includes those still open beyond its edge, and
            their sum (binned: value, denominator).
        ``X_open_days_0_10``, ...
            Only with ``open = "by bin"``: records that had not finished before the bin in which their own follow-up
            ended, by that bin (binned: open). They are in the sum too. A record's follow-up goes from its start to
            the end of data; a bin that ends on its last day is over. None is open in the last bin, where a record is
            known to lie once its follow-up reached it.
        ``small``
            Names of the row's small counts.
    left_out
        Records that were left out: ``outcome`` (empty for whole records), ``reason``, ``period``, ``records``.
    by_period
        Records that are in some period: ``outcome``, ``period``, and how many were ``used``, ``open`` and ``left_out``.
    small
        Small counts, one a row: its cell, ``column`` and ``count``. Do not publish it.
    notices
        What was left out, is open, is empty or is small, one sentence each.
    records
        Number of all records.
    aggregation
        How they were made.
    """

    table: pd.DataFrame
    left_out: pd.DataFrame
    by_period: pd.DataFrame
    small: pd.DataFrame
    notices: tuple[str, ...]
    records: int
    aggregation: Aggregation

    def __repr__(self) -> str:
        periods = self.aggregation.periods
        first, last = periods.label(periods.numbers[0]), periods.label(periods.numbers[-1])
        head = (
            f"{self.records:,} records in {len(self.table):,} cells: {self.table['unit'].nunique():,} units, "
            f"{len(periods.numbers)} periods ({first} to {last})"
        )
        strata = self.aggregation.strata
        by = f", by {', '.join(strata)}" if strata else ""
        return "\n".join([head + by, *(f"  - {notice}" for notice in self.notices)])
