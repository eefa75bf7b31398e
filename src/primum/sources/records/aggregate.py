"""From records to cells."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from primum.errors import SourceError
from primum.panel.rows import list_some
from primum.sources.records.aggregation import Aggregation
from primum.sources.records.cells import RecordCells
from primum.sources.records.censoring import about_open, duration_problems
from primum.sources.records.disclosure import mark, small_counts, suppress
from primum.sources.records.engine import engine, source_of
from primum.sources.records.exposure import read_programme, with_exposure
from primum.sources.records.fields import fields_of, uses_of
from primum.sources.records.notices import about_empty, about_exposure, about_left_out, about_small
from primum.sources.records.query import query_of
from primum.sources.records.statistics import cells_of, table_of
from primum.sources.records.unusable import accounts, refusals, refused, unusable

if TYPE_CHECKING:
    import pandas as pd


def aggregate(
    files: str | Path | Sequence[str | Path],
    aggregation: Aggregation,
    programme: pd.DataFrame | None = None,
    *,
    memory: float = 2.0,
    threads: int | None = None,
) -> RecordCells:
    """Aggregate child- or episode-level records to cells of sufficient statistics.

    Records are streamed: memory grows with the number of cells, not of records.

    Parameters
    ----------
    files
        One or several files of one kind, .parquet or .csv. Of a CSV file everything is text until its use
        says otherwise, and only empty cells are missing.
    aggregation
        What is made of the records.
    programme
        When the programme started in each unit: columns ``unit``, ``start`` and ``embedded``, dates, empty for
        comparators; one row for every unit that has records.
    memory
        Bound of DuckDB's memory, in GiB; what does not fit goes to a temporary folder. Python and its tables
        take some 0.3 GiB more.
    threads
        Number of threads; as many as there are cores where absent.

    Returns
    -------
    RecordCells
        The table, and what did not become part of it.

    Raises
    ------
    InputError
        If memory or threads are not above 0.
    PrimumError
        If DuckDB is not installed.
    SpecError
        If the aggregation contradicts itself.
    SourceError
        With every problem found: columns that are missing or of the wrong type; records that cannot be used
        and may not be left out, by reason and period; durations that are open; units that the programme's
        table and the records do not share.

    Warns
    -----
    UserWarning
        If there are small counts that are not suppressed.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> file = Path(tempfile.mkdtemp()) / "referrals.csv"
    >>> records = pd.DataFrame({"la": ["A", "A", "B"], "referred": ["2018-05-01", "2018-06-01", "2018-05-01"]})
    >>> records.assign(again=["2018-07-01", "", "2019-12-24"]).to_csv(file, index=False)
    >>> content = {
    ...     "unit": "la", "date": "referred", "end_of_data": "2020-03-31",
    ...     "periods": {"rule": "financial year", "first": "2018-04-01", "last": "2019-03-31"},
    ...     "outcomes": {"rereferral": {"event": "again", "follow_up": 365}},
    ...     "disclosure": {"suppress": True, "below": 2},
    ... }
    >>> aggregate(file, Aggregation.from_dict(content)).table[["unit", "period", "rereferral_n"]].values.tolist()
    [['A', '2018-19', 2], ['B', '2018-19', <NA>]]
    """
    aggregation.check()
    paths = [Path(files)] if isinstance(files, str | Path) else [Path(file) for file in files]
    subject = list_some([str(path) for path in paths]) or "the records"
    with engine(subject, memory, threads) as running:
        names = list(dict.fromkeys(name for name, _ in uses_of(aggregation)))
        source, types = source_of(running, paths, names)
        fields, problems = fields_of(aggregation, types)
        if problems:
            raise SourceError(subject, problems)
        query = query_of(aggregation, fields, source)
        rows, lost = running.split(query.cells, "reason")
        records = int(rows["records"].sum() + lost["records"].sum())
        left_out = unusable(rows, lost, query, aggregation)
        wrong = refused(left_out, aggregation)
        problems = refusals(wrong, running.examples(query.examples), query, records) if len(wrong) else []
    rows, empty = cells_of(rows, aggregation)
    problems += duration_problems(rows, aggregation)
    if rows.empty and not problems:
        problems.append("all records are left out" if records else "there is no record")
    if programme is not None:
        programme, found = read_programme(programme, rows["unit"].drop_duplicates())
        problems += found
    if problems:
        raise SourceError(subject, problems)
    return _finished(rows, empty, left_out, programme, records, aggregation)


def _finished(
    rows: pd.DataFrame,
    empty: int,
    left_out: pd.DataFrame,
    programme: pd.DataFrame | None,
    records: int,
    aggregation: Aggregation,
) -> RecordCells:
    """The result, once nothing stands in its way."""
    table = table_of(rows, aggregation)
    small = small_counts(table, aggregation)
    notices = [
        *about_left_out(left_out, records),
        *about_open(rows, aggregation),
        *about_empty(empty, aggregation),
        *about_small(small, len(table), aggregation),
    ]
    marked = mark(table, small)
    if aggregation.disclosure.suppress:
        marked = suppress(marked, aggregation)
    elif len(small):
        warnings.warn(notices[-1], UserWarning, stacklevel=3)
    if programme is not None:
        notices += about_exposure(aggregation)
        marked = with_exposure(marked, programme, aggregation.periods, 3 + len(aggregation.strata))
    by_period = accounts(rows, left_out, aggregation)
    return RecordCells(marked, left_out, by_period, small.reset_index(drop=True), tuple(notices), records, aggregation)
