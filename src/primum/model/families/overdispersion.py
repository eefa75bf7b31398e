"""How far counts scatter beyond chance, roughly: what working weights of overdispersed families need."""

from __future__ import annotations

import numpy as np

from primum.model.cells import Array, Mask

LEAST = 1e-20  # added to sigma squared: by then nothing is left of it, and quotients stay finite


def excess(response: Array, sampling: Array, size: Array, seen: Mask) -> float:
    """Variance of cells beyond sampling, as a multiple of `size`, by the method of moments.

    Two successive changes of a path share the noise of the cell between them, with opposite signs,
    while its drift makes them independent: minus their product estimates that noise.

    Parameters
    ----------
    response
        Working responses; shape (unit, time).
    sampling, size
        Variance that chance alone makes, and what the excess is proportional to; shape (unit, time).
    seen
        Cells to use; shape (unit, time).

    Examples
    --------
    >>> noise = np.random.default_rng(1).normal(0, 0.5, size=(20_000, 8))
    >>> one = np.ones(noise.shape)
    >>> round(excess(noise, 0.1 * one, one, one > 0), 2)
    0.15
    """
    count = np.maximum(seen.sum(axis=0), 1)
    change = np.diff(response - (response * seen).sum(axis=0) / count, axis=1)
    triple = seen[:, :-2] & seen[:, 1:-1] & seen[:, 2:]
    if not triple.any():
        return 0.0
    beyond = -change[:, :-1] * change[:, 1:] - sampling[:, 1:-1]
    return max(0.0, float(beyond[triple].sum() / size[:, 1:-1][triple].sum()))
