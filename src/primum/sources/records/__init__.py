"""Child- and episode-level records, aggregated to cells of unit by period."""

from primum.sources.records.aggregate import aggregate
from primum.sources.records.aggregation import Aggregation, Disclosure, RecordOutcome
from primum.sources.records.calendar import Calendar
from primum.sources.records.cells import RecordCells

__all__ = ["Aggregation", "Calendar", "Disclosure", "RecordCells", "RecordOutcome", "aggregate"]
