"""Means known as intervals: their ends, what stands in for them, and their likelihood.

How they are sampled: `primum.model.inside`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from primum.model.cells import Array, Cells
from primum.model.families.family import Standard
from primum.model.families.tails import END

_WIDE = 4.0  # standardised

type Between = Callable[[Array, Array, Array], Array]


def ends_of(cells: Cells, standard: Standard, *, log: bool) -> tuple[Array, Array]:
    """Standardised bounds of every cell, or of their logarithms; `END` where there are none; shape (unit, time)."""
    with np.errstate(divide="ignore"):
        ends = (np.log(np.maximum(each, 0.0)) if log else each for each in cells.bounds)
        low, high = ((each - standard.centre) / standard.spread for each in ends)
    return np.clip(low, -END, END), np.clip(high, -END, END)


def middles(response: Array, cells: Cells, standard: Standard, *, log: bool) -> Array:
    """Working responses, of intervals those of their middles, or of the bound where there is one.

    Of wide ones the middle says little, and what is nearest to where most values are stands in for it.
    """
    if not cells.vague.any():
        return response
    low, high = ends_of(cells, standard, log=log)
    middle = np.where(high - low > _WIDE, np.clip(0.0, low, high), (low + high) / 2)
    middle = np.where(low == -END, high, np.where(high == END, low, middle))
    return np.where(cells.vague, middle, response)


def add_between(
    density: Array, eta: Array, noise: Array, cells: Cells, ends: tuple[Array, Array], between: Between
) -> Array:
    """Log likelihood with that of intervals in its place; draws may come first.

    Parameters
    ----------
    density, eta, noise
        Of all cells as if they were known, the predictor, and what is to be known of noise; the last broadcasts.
    cells, ends
        The cells, and their standardised bounds.
    between
        Log probability between two ends, measured from the predictor, given what is known of noise.
    """
    where = cells.vague
    if where.any():
        density, noise = density.copy(), np.broadcast_to(noise, density.shape)[..., where]
        low, high = (each[where] - eta[..., where] for each in ends)
        density[..., where] = between(low, high, noise)
    return density
