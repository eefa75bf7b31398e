r"""The common path: independent coordinates, in which its posterior is close to independent too.

A free path is zero-sum normal, one that is a random walk is measured from its mean, and both have as many
coordinates as there are periods but one. Where every period has records these are of the basis of units' paths, or
of a random walk's (`primum.model.drift`).

**Periods without any record** tell nothing of the path there, and in such a basis every coordinate would have a part
in it: chains would wander through all of them, and the level with them. So the path is then measured from
its mean over periods with records, O, and has coordinates of these alone, and one for each of the others, E,

.. math:: \lambda_E = W \lambda_O + L x, \quad x \sim N(0, h^2 I),

with W = 0 and L = I where the path is free, and of a random walk what it is given the rest: W interpolates, and holds
on to the first and the last known value, and L is a root of the covariance of the bridges that are left. For units'
own coordinates, which only the geometry of the pilots' effects asks for, the path is at its mean in E, as their
responses are.
"""

from __future__ import annotations

import numpy as np

from primum.model.cells import Array, Cells
from primum.model.drift import drift_basis
from primum.spec import Prior


def path_of(cells: Cells, prior: Prior) -> tuple[Array, Array, Array]:
    """Coordinates of the common path.

    Parameters
    ----------
    cells
        The outcome's cells. Regions' paths have their coordinates in common with it, and do without the ones for
        periods without records.
    prior
        Of the path.

    Returns
    -------
    scale, basis, mix
        SDs of the coordinates, shape (drift,); what the path is per coordinate, shape (drift, time), and the same in
        the coordinates of units' paths after the constant, shape (drift, drift).
    """
    own, walk, smooth = cells.basis, cells.walk, prior.distribution == "zero-sum walk"
    seen = cells.observed.any(axis=0)
    if cells.regions is None and seen.any() and not seen.all():
        return _with_gaps(cells, prior, seen)
    scale = np.full(walk.variance.size, prior.scale)
    if smooth:
        scale *= np.sqrt(walk.variance / walk.variance.mean())
    if not smooth and cells.regions is None:
        return scale, own.vectors[1:], np.eye(scale.size)
    return scale, walk.vectors[1:], walk.vectors[1:] @ own.vectors[1:].T


def _with_gaps(cells: Cells, prior: Prior, seen: np.ndarray) -> tuple[Array, Array, Array]:
    """Coordinates where some periods have no records."""
    known, count, empty = drift_basis(cells.time[seen]), int(seen.sum()) - 1, ~seen
    scale, across, left = np.full(seen.size - 1, prior.scale), np.zeros((empty.sum(), seen.sum())), np.eye(empty.sum())
    if prior.distribution == "zero-sum walk":
        scale /= np.sqrt(cells.walk.variance.mean())
        scale[:count] *= np.sqrt(known.variance)
        across, left = _bridges(cells.time.astype(float), seen)
    basis = np.zeros((seen.size - 1, seen.size))
    basis[:count, seen] = known.vectors[1:]
    mix = basis @ cells.basis.vectors[1:].T
    basis[:count, empty] = known.vectors[1:] @ across.T
    basis[count:, empty] = left.T
    return scale, basis, mix


def _bridges(time: Array, seen: np.ndarray) -> tuple[Array, Array]:
    """A random walk given some of its values: their weights in the mean of the others, and a root of what is left."""
    across = np.stack([np.interp(time[~seen], time[seen], row) for row in np.eye(int(seen.sum()))], axis=1)
    away = np.eye(time.size)[~seen]
    away[:, seen] = -across
    elapsed = time - time[0]  # from where does not matter: rows of `away` add up to 0
    return across, np.linalg.cholesky(away @ np.minimum(elapsed[:, None], elapsed) @ away.T)
