"""The fixed eigenbasis in which a unit's level, drift and shocks are independent.

The covariance of a drift over given periods, measured from its own mean, is a known matrix
times q^2, so its eigenvectors do not depend on any parameter (design, section 3). That holds
for a random walk (phi = 1), and for a drift of fixed persistence phi below 1, each with a basis
of its own: with N(0, q^2) added a period, the random walk has Cov(u_t, u_r) = q^2 min(t, r),
and the stationary drift has q^2 phi^|t - r| / (1 - phi^2) (Hamilton, 1994, equation 3.4.5).

Where units have trends, drift is measured from its own line, level and slope of which belong to
the unit's, and the line is a component of its own, before those of the drift.
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
        One row a component, the constant first, then the line where there is one, then the slowest drift; shape
        (component, time).
    variance
        Variance in each component after the constant: of a drift with q = 1, and in the line's of trends whose SD
        is 1 a period; shape (component - 1,).
    line
        Whether the first component after the constant is a line.
    """

    vectors: Array
    variance: Array
    line: bool = False

    def scales(self, q: Array | float, slope: Array | float) -> Array:
        """Scale of each component after the constant, whose square times `variance` is the component's variance.

        Parameters
        ----------
        q, slope
            Scales of drift and of trends, the latter of no use where there is no line; shape (...).

        Returns
        -------
        ndarray
            Shape (..., component - 1).
        """
        found = np.repeat(np.asarray(q, dtype=float)[..., None], self.variance.size, axis=-1)
        if self.line:
            found[..., 0] = slope
        return found


def drift_basis(time: NDArray[np.int64], phi: float = 1.0, *, line: bool = False) -> Basis:
    """Basis of a drift with steps of N(0, 1) a period, whatever the distances between periods.

    Parameters
    ----------
    time
        Periods, increasing; shape (time,).
    phi
        Persistence from one period to the next, above 0; 1 is a random walk.
    line
        Whether drift is measured from its own line rather than from its own mean.

    Examples
    --------
    >>> basis = drift_basis(np.arange(2010, 2020))
    >>> bool(np.allclose(basis.vectors @ basis.vectors.T, np.eye(10)))
    True
    """
    count = time.size
    elapsed = (time - time[0]).astype(float)
    away = (elapsed - elapsed.mean())[None]
    fixed, variance = np.full((1, count), 1 / np.sqrt(count)), np.zeros(0)
    centre = np.eye(count) - 1 / count
    if line:
        variance = (away**2).sum(axis=1)
        fixed = np.vstack([fixed, away / np.sqrt(variance)])
        centre -= away.T @ away / variance
    values, vectors = np.linalg.eigh(centre @ _covariance(elapsed, phi) @ centre)
    # eigh sorts upwards; the smallest belong to what centring removed
    kept = slice(None, len(fixed) - 1, -1)
    return Basis(np.vstack([fixed, vectors.T[kept]]), np.concatenate([variance, values[kept]]), line)


def _covariance(elapsed: Array, phi: float) -> Array:
    if phi == 1.0:
        return np.minimum(elapsed[:, None], elapsed[None, :])
    return np.asarray(phi ** np.abs(elapsed[:, None] - elapsed[None, :]) / (1 - phi**2))
