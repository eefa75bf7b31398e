"""The fixed eigenbasis in which a unit's level, drift and shocks are independent.

The covariance of a drift over given periods, measured from its own mean, is a known matrix
times q^2, so its eigenvectors do not depend on any parameter (design, section 3). That holds
for a random walk (phi = 1), and for a drift of fixed persistence phi below 1, each with a basis
of its own: with N(0, q^2) added a period, the random walk has Cov(u_t, u_r) = q^2 min(t, r),
and the stationary drift has q^2 phi^|t - r| / (1 - phi^2) (Hamilton, 1994, equation 3.4.5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Basis:
    """Orthogonal coordinates of a unit's path.

    Attributes
    ----------
    vectors
        One row a component, the constant first, the slowest drift next; shape (component, time).
    variance
        Variance in each component after the constant of a drift with q = 1; shape (component - 1,).
    """

    vectors: Array
    variance: Array


def drift_basis(time: NDArray[np.int64], phi: float = 1.0) -> Basis:
    """Basis of a drift with steps of N(0, 1) a period, whatever the distances between periods.

    Parameters
    ----------
    time
        Periods, increasing; shape (time,).
    phi
        Persistence from one period to the next, above 0; 1 is a random walk.

    Examples
    --------
    >>> basis = drift_basis(np.arange(2010, 2020))
    >>> bool(np.allclose(basis.vectors @ basis.vectors.T, np.eye(10)))
    True
    """
    count = time.size
    elapsed = (time - time[0]).astype(float)
    centre = np.eye(count) - 1 / count
    values, vectors = np.linalg.eigh(centre @ _covariance(elapsed, phi) @ centre)
    # eigh sorts upwards; the smallest belongs to the constant vector, which centring removed
    constant = np.full((1, count), 1 / np.sqrt(count))
    return Basis(np.vstack([constant, vectors.T[:0:-1]]), values[:0:-1])


def _covariance(elapsed: Array, phi: float) -> Array:
    if phi == 1.0:
        return np.minimum(elapsed[:, None], elapsed[None, :])
    return np.asarray(phi ** np.abs(elapsed[:, None] - elapsed[None, :]) / (1 - phi**2))
