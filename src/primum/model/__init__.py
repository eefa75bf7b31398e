"""The model: from a specification and a panel to a PyMC model of one outcome, or of all jointly."""

from primum.model.build import build, model_of
from primum.model.cells import Cells, cells_of
from primum.model.describe import describe
from primum.model.joint import build_joint

__all__ = ["Cells", "build", "build_joint", "cells_of", "describe", "model_of"]
