"""From the outside world to tables: simulated evaluations and files."""

from primum.sources.demo import demo_spec
from primum.sources.simulate import OutcomeDesign, Simulation, Truth, simulate
from primum.sources.table import read_table
from primum.sources.truth import simulated, truth_of

__all__ = ["OutcomeDesign", "Simulation", "Truth", "demo_spec", "read_table", "simulate", "simulated", "truth_of"]
