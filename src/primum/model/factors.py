"""Factors of the transport: what correlates a unit's components in the posterior, given reference scales.

Packed as the kernel walks through them: blocks of units side by side, and of every matrix the lower
triangle, row by row. Any factor with a positive diagonal leaves the posterior as it is, so seven digits do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from primum.model.cells import Array
from primum.model.drift import Basis
from primum.model.kernel.places import BLOCK

_AT_ONCE = 256


def factors_of(
    cell_weight: Array, mean_weight: Array, variance: Array, basis: Basis, comparators: int, *, apart: int
) -> NDArray[np.float32]:
    """Packed factors M, where M M' is the posterior correlation that the diagonal approximation leaves out.

    Parameters
    ----------
    cell_weight
        Working weights, comparators before pilots, 0 where missing; shape (unit, time).
    mean_weight
        Those that the diagonal approximation uses; shape (unit,).
    variance
        Of the components of units' paths; shape (unit, component).
    basis
        Coordinates of paths.
    comparators
        How many units are comparators: pilots begin a new block.
    apart
        How many components, from the first on, to leave uncorrelated with all others. Without shocks the signs of
        sigma_alpha, of sigma_slope and of q go with coordinates of their own, and the density is the same for both
        only so.

    Returns
    -------
    numpy.ndarray
        Shape (block, entry, lane); lanes beyond the last unit of a block are 0.
    """
    units, periods = cell_weight.shape
    rows, columns = np.tril_indices(periods)
    block, lane = places_of(units, comparators)
    packed = np.zeros((int(block.max()) + 1, rows.size, BLOCK), dtype=np.float32)
    for first in range(0, units, _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        factors = _factors(cell_weight[some], mean_weight[some], variance[some], basis.vectors, apart)
        packed[block[some], :, lane[some]] = factors[:, rows, columns]
    return packed


def places_of(units: int, comparators: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Block and lane of every unit, comparators before pilots; shape (unit,) each.

    Examples
    --------
    >>> block, lane = places_of(units=66, comparators=65)
    >>> block[[0, 63, 64, 65]].tolist(), lane[[0, 63, 64, 65]].tolist()
    ([0, 0, 1, 2], [0, 63, 0, 0])
    """
    place = np.arange(units)
    pilot = place >= comparators
    within = np.where(pilot, place - comparators, place)
    return within // BLOCK + np.where(pilot, -(-comparators // BLOCK), 0), within % BLOCK


def unpacked(packed: Any, units: int, periods: int, comparators: int) -> Any:
    """Factors as matrices of a PyTensor expression; shape (unit, component, component)."""
    import pytensor.tensor as pt

    block, lane = places_of(units, comparators)
    rows, columns = np.tril_indices(periods)
    matrices = pt.zeros((units, periods, periods))
    return pt.set_subtensor(matrices[:, rows, columns], packed[block, :, lane])


def _factors(cell_weight: Array, mean_weight: Array, variance: Array, vectors: Array, apart: int) -> Array:
    """Lower triangular factors; shape (unit, component, component)."""
    spread = np.sqrt(variance / (1 + variance * mean_weight[:, None]))
    information = (vectors * cell_weight[:, None, :]) @ vectors.T
    precision = spread[:, :, None] * information * spread[:, None, :]
    for k in range(apart):
        precision[:, k, k + 1 :] = precision[:, k + 1 :, k] = 0.0
    diagonal = np.arange(vectors.shape[0])
    precision[:, diagonal, diagonal] += spread**2 / variance
    return np.linalg.cholesky(np.linalg.inv(precision))
