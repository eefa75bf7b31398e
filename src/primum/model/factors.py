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


def leads_of(cell_weight: Array, variance: Array, basis: Basis, leading: int) -> tuple[Array, Array]:
    """What cells say of leading components, those after them integrated out: L and p of `primum.model.transport`.

    Parameters
    ----------
    cell_weight
        Working weights, comparators before pilots, 0 where missing; shape (unit, time).
    variance
        Of the components of units' paths; shape (unit, component).
    basis
        Coordinates of paths.
    leading
        How many components lead.

    Returns
    -------
    weight, told
        Shapes (leading, time, unit) and (leading, unit).
    """
    units, periods = cell_weight.shape
    weight, told = np.empty((leading, periods, units)), np.empty((leading, units))
    for first in range(0, units, _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        for k in range(leading):
            after, lead, root = basis.vectors[k + 1 :], basis.vectors[k], np.sqrt(variance[some, k + 1 :])
            seen = cell_weight[some] * lead
            precision = root[:, :, None] * _information(cell_weight[some], after) * root[:, None, :]
            precision += np.eye(len(after))
            moved = np.linalg.solve(precision, (root * (seen @ after.T))[:, :, None])[:, :, 0]
            weight[k, :, some] = (seen - cell_weight[some] * ((root * moved) @ after)).T
            told[k, some] = weight[k, :, some].T @ lead
    return weight, told


def factors_of(
    cell_weight: Array, mean_weight: Array, variance: Array, basis: Basis, comparators: int, leading: int
) -> NDArray[np.float32]:
    """Packed factors M, where M M' is the posterior correlation that the diagonal approximation leaves out.

    It is of the components after leading ones, given these.

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
    leading
        How many components lead.

    Returns
    -------
    numpy.ndarray
        Shape (block, entry, lane); lanes beyond the last unit of a block are 0.
    """
    units, periods = cell_weight.shape
    rows, columns = np.tril_indices(periods - leading)
    block, lane = places_of(units, comparators)
    packed = np.zeros((int(block.max()) + 1, rows.size, BLOCK), dtype=np.float32)
    for first in range(0, units, _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        factors = _factors(cell_weight[some], mean_weight[some], variance[some, leading:], basis.vectors[leading:])
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


def unpacked(packed: Any, units: int, components: int, comparators: int) -> Any:
    """Factors as matrices of a PyTensor expression; shape (unit, component, component)."""
    import pytensor.tensor as pt

    block, lane = places_of(units, comparators)
    rows, columns = np.tril_indices(components)
    matrices = pt.zeros((units, components, components))
    return pt.set_subtensor(matrices[:, rows, columns], packed[block, :, lane])


def _factors(cell_weight: Array, mean_weight: Array, variance: Array, vectors: Array) -> Array:
    """Lower triangular factors; shape (unit, component, component)."""
    spread = np.sqrt(variance / (1 + variance * mean_weight[:, None]))
    precision = spread[:, :, None] * _information(cell_weight, vectors) * spread[:, None, :]
    diagonal = np.arange(len(vectors))
    precision[:, diagonal, diagonal] += spread**2 / variance
    return np.linalg.cholesky(np.linalg.inv(precision))


def _information(cell_weight: Array, vectors: Array) -> Array:
    """Precision with which cells show components; shape (unit, component, component)."""
    return (vectors * cell_weight[:, None, :]) @ vectors.T
