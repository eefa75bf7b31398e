"""The engine: compile, sample, judge and keep. `fit` is its only door."""

from primum.fit.fit import fit
from primum.fit.gate import Gate
from primum.fit.imputed import Imputed
from primum.fit.result import Fit

__all__ = ["Fit", "Gate", "Imputed", "fit"]
