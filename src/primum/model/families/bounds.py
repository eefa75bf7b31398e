"""Means known as intervals: their ends, what stands in for them, and their likelihood.

How they are sampled: `primum.model.inside`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from primum.model.cells import Array, Cells
from primum.model.families.family import Standard
from primum.model.families.tails import END, LOG_PEAK, log_between

_WIDE = 4.0  # standardised
_ROUNDS = 200

type Between = Callable[[Array, Array, Array], Array]


def ends_of(cells: Cells, standard: Standard, *, log: bool) -> tuple[Array, Array]:
    """Standardised bounds of every cell, or of their logarithms; `END` where there are none; shape (unit, time)."""
    with np.errstate(divide="ignore"):
        ends = (np.log(np.maximum(each, 0.0)) if log else each for each in cells.bounds)
        low, high = ((each - standard.centre) / standard.spread for each in ends)
    return np.clip(low, -END, END), np.clip(high, -END, END)


def moments(values: Array, cells: Cells, *, log: bool) -> tuple[float, float]:
    """Mean and SD of unexposed cells, those that are intervals included, as if all came from one normal.

    By the EM algorithm (Dempster, Laird and Rubin, 1977), in place of intervals' middles: of those beyond
    a limit the bound would make the spread, and with it priors, too narrow, and wide bounds would make them too wide.

    Parameters
    ----------
    values
        Values, or their logarithms; shape (unit, time).
    cells
        The cells.
    log
        Whether bounds are to be logarithms.
    """
    where, bounded = cells.unexposed, (cells.unexposed & cells.vague)[cells.unexposed]
    values = values[where]
    if not bounded.any():
        return float(values.mean()), float(values.std())
    low, high = (each[where][bounded] for each in ends_of(cells, Standard(0.0, 1.0), log=log))
    known = values[~bounded]
    either = known if known.size > 1 else values
    centre, spread = float(either.mean()), float(either.std()) or 1.0
    for _ in range(_ROUNDS):
        first, last = (low - centre) / spread, (high - centre) / spread
        chance = log_between(first, last)
        before, after = (np.exp(LOG_PEAK - 0.5 * end**2 - chance) for end in (first, last))
        expected = centre + spread * (before - after)
        left = spread**2 * np.maximum(1 + first * before - last * after - (before - after) ** 2, 0.0)
        whole = np.concatenate([known, expected])
        centre, spread = float(whole.mean()), float(np.sqrt(whole.var() + left.sum() / whole.size)) or 1.0
    return centre, spread


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
