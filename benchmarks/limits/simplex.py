"""Weights of a synthetic control by cvxpy, which run.py calls in an environment of its own.

Reads donors' and the pilot's values from standard input, as JSON (donors of shape (period, donor)), and writes the
weights on the simplex that leave the least squares.
"""

import json
import sys

import cvxpy as cp
import numpy as np

given = json.load(sys.stdin)
donors, pilot = np.array(given["donors"]), np.array(given["pilot"])
weight = cp.Variable(donors.shape[1], nonneg=True)
problem = cp.Problem(cp.Minimize(cp.sum_squares(donors @ weight - pilot)), [cp.sum(weight) == 1])
problem.solve(solver="CLARABEL")
json.dump({"weights": weight.value.tolist(), "status": problem.status, "cvxpy": cp.__version__}, sys.stdout)
