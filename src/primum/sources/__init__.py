"""From the outside world to tables: official statistics, records, simulated evaluations and files."""

from primum.sources.demo import demo_spec
from primum.sources.dfe import Release, combine, read_dfe, select, widen
from primum.sources.geography import Stable, stable_units
from primum.sources.provenance import Provenance, write_table
from primum.sources.records import Aggregation, RecordCells, aggregate
from primum.sources.simulate import OutcomeDesign, Simulation, Truth, simulate
from primum.sources.table import read_table
from primum.sources.truth import simulated, truth_of

__all__ = [
    "Aggregation",
    "OutcomeDesign",
    "Provenance",
    "RecordCells",
    "Release",
    "Simulation",
    "Stable",
    "Truth",
    "aggregate",
    "combine",
    "demo_spec",
    "read_dfe",
    "read_table",
    "select",
    "simulate",
    "simulated",
    "stable_units",
    "truth_of",
    "widen",
    "write_table",
]
