"""The model: from a specification and a panel to a PyMC model of one outcome."""

from primum.model.build import build, model_of
from primum.model.cells import Cells, cells_of
from primum.model.describe import describe

__all__ = ["Cells", "build", "cells_of", "describe", "model_of"]
