"""Places of hyperparameters among the scalars, and the size of a block of units."""

from __future__ import annotations

import numpy as np

from primum.model.layout import SCALARS, SCALES, TAILED

MU, BETA, S, Q, ALPHA, TAU, SPREAD, SIGMA, KAPPA, EVENT, COHORT, OMEGA, SLOPE, REGION = range(len(SCALARS))
HEAD = len(SCALARS)
IS_SCALE = np.array([name in SCALES for name in SCALARS])
IS_TAILED = np.array([name in TAILED for name in SCALARS])
PSEUDO_SCALE = 0.3
MIN_WEIGHT = 1e-3  # of a unit, which may have no cell
LEVEL, LINE, DRIFT = range(3)  # what a term of rank one goes with in the precision of a path
BLOCK = 64  # units: what they need stays in the fastest cache
