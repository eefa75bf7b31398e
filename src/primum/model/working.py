"""Working responses: what stands in for the likelihood where the sampler's geometry is made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from primum.model.cells import Array, Cells, Mask
from primum.model.families import Family, learns_scale, pseudo_cells
from primum.model.kernel.places import MIN_WEIGHT

_ROUNDS = 50
_LEAST = 1e-12  # of a weight: a unit may have no cell


@dataclass(frozen=True)
class Working:
    """Gaussian stand-in for the likelihood, which shapes the sampler's geometry and nothing else.

    Attributes
    ----------
    response
        Shape (unit, time).
    weight
        0 where a cell is missing and has no pseudo-response, the unit's mean where it has one. Where the scale of the
        noise is learned, at sigma = 1, and the unit's mean in every cell: see `primum.model.transport`;
        shape (unit, time).
    mean_weight
        Of a unit's observed cells; shape (unit,).
    noise
        A unit's weights at another sigma are divided by the first, plus the second times sigma^2; shape (2, unit).
    filled
        Responses with what unit and period have in common with others in place of what is missing; shape (unit, time).
    """

    response: Array
    weight: Array
    mean_weight: Array
    noise: Array
    filled: Array


def working_of(cells: Cells, family: Family) -> Working:
    """Working responses and weights of one outcome's cells."""
    standard = family.standard(cells)
    (response, weight), (rise, there) = family.working(cells, standard), family.rise(cells, standard)
    weight = np.where(cells.observed, weight, 0.0)
    seen = np.maximum(cells.observed.sum(axis=1), 1)
    mean_weight = np.maximum(weight.sum(axis=1) / seen, MIN_WEIGHT)
    rising = np.average(rise, axis=1, weights=weight + _LEAST)
    whole = learns_scale(family, cells) | pseudo_cells(family, cells)
    weight = np.where(whole, mean_weight[:, None], weight)
    noise = np.stack([1 - rising * there, rising])
    return Working(response, weight, mean_weight, noise, filled_of(response, cells.observed))


def filled_of(response: Array, seen: Mask) -> Array:
    """Responses with the sum of a unit's and a period's effect, by least squares, in place of what is missing.

    A period without any record has the effect of those around it. A unit's mean would do where nothing moves. Where the
    common path does, it would look like a shock in every gap, and references made of it would be far from the
    posterior.

    Parameters
    ----------
    response, seen
        Shape (unit, time).
    """
    known, level, path = np.where(seen, response, 0.0), np.zeros((len(seen), 1)), np.zeros((1, seen.shape[1]))
    if seen.all():
        return known
    of_unit, of_period = (np.maximum(seen.sum(axis=axis, keepdims=True), 1) for axis in (1, 0))
    for _ in range(_ROUNDS):  # in turns, which a step of the sampler would take longer than
        level = (known - seen * path).sum(axis=1, keepdims=True) / of_unit
        path = (known - seen * level).sum(axis=0, keepdims=True) / of_period
    there, periods = seen.any(axis=0), np.arange(seen.shape[1])
    if there.any():
        path = np.interp(periods, periods[there], path[0, there])[None]
    return np.where(seen, response, level + path)
