"""The fixed eigenbasis in which a unit's level, drift and shocks are independent.

The covariance of a random walk over given periods, measured from its own mean, is a known
matrix times q^2, so its eigenvectors do not depend on any parameter (design, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from primum.model.cells import Array


@dataclass(frozen=True)
class Basis:
    """Orthogonal coordinates of a unit's path.

    Attributes
    ----------
    vectors
        One row a component, the constant first, the slowest drift next; shape (component, time).
    variance
        Variance of a unit random walk in each component after the constant; shape (component - 1,).
    """

    vectors: Array
    variance: Array


def random_walk_basis(time: NDArray[np.int64]) -> Basis:
    """Basis of a random walk that moves by N(0, 1) a period, whatever the steps between periods.

    Parameters
    ----------
    time
        Periods, increasing; shape (time,).

    Examples
    --------
    >>> basis = random_walk_basis(np.arange(2010, 2020))
    >>> bool(np.allclose(basis.vectors @ basis.vectors.T, np.eye(10)))
    True
    """
    count = time.size
    elapsed = (time - time[0]).astype(float)
    walk = np.minimum(elapsed[:, None], elapsed[None, :])
    centre = np.eye(count) - 1 / count
    values, vectors = np.linalg.eigh(centre @ walk @ centre)
    # eigh sorts upwards; the smallest belongs to the constant vector, which centring removed
    constant = np.full((1, count), 1 / np.sqrt(count))
    return Basis(np.vstack([constant, vectors.T[:0:-1]]), values[:0:-1])
