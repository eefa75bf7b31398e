r"""Means known as intervals, such as a duration of which no more is known than that it is longer than two years.

A mean that is only known to lie between l and h is sampled as if it were a parameter, and is a record like any other
for all else in the model:

.. math:: p(l < y < h) = \int_l^h p(y)\,dy

is what is left when it is integrated out, so the posterior is the one in which no more is known of it. The probability
between l and h by itself is a wall in the linear predictor, as steep as noise is small, which gave transition after
transition too long a way; with the mean at hand, paths, shocks and the scale of noise see a record, and are sampled
as where all is known.

With standardised ends l and h, and f the logistic function, it is

.. math:: z = l + (h - l) f(x), \quad z = l + c \log(1 + e^x), \quad z = h - c \log(1 + e^x)

where both are finite, l is, and h is, and x is sampled, with the derivative as its density; far from an end that is all
but a shift and a scale.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from primum.model.cells import Array, Cells
from primum.model.families import Family, inside_cells
from primum.model.families.bounds import ends_of
from primum.model.families.tails import END
from primum.model.kernel.inside import OPEN_SCALE


def inside_of(cells: Cells, family: Family) -> dict[str, Array]:
    """Places of means that are sampled, in the order in which the model walks through units, and their ends.

    Shapes (inside,), (inside,) and (2, inside).
    """
    units, times = np.nonzero(inside_cells(family, cells)[cells.order])
    low, high = ends_of(cells, family.standard(cells), log=family.link == "log")
    ends = np.stack([low[cells.order][units, times], high[cells.order][units, times]])
    return {"inside_unit": units.astype(np.int32), "inside_time": times.astype(np.int32), "inside_ends": ends}


def add_inside(data: dict[str, Any], count: int, dim: str) -> dict[str, Any]:
    """Arrays of a model with means that are sampled in the place of those that stand in for them.

    Parameters
    ----------
    data
        Arrays of `primum.model.data.arrays_of` as `pymc.Data`.
    count
        How many of them are known as intervals.
    dim
        Name of their dim.
    """
    import pymc as pm
    import pytensor.tensor as pt

    if not count:
        return data
    x, low, high = pm.Flat("x_inside", dims=dim), data["inside_ends"][0], data["inside_ends"][1]
    end = np.float64(END)  # of a plain number PyTensor would make single precision
    below, above = pt.eq(low, -end), pt.eq(high, end)
    # an end that is not there has a number in its place, since gradients are taken of what is left out, too
    width = pt.where(below | above, 1.0, pt.where(above, 1.0, high) - pt.where(below, 0.0, low))
    away = OPEN_SCALE * pt.softplus(x)
    value = pt.where(above, low + away, pt.where(below, high - away, low + width * pt.sigmoid(x)))
    slope = pt.where(below | above, 0.0, -pt.softplus(x)) - pt.softplus(-x)
    pm.Potential("inside_density", slope.sum())
    place = data["inside_time"], data["inside_unit"]
    fields = pt.set_subtensor(data["fields"][(pt.zeros_like(place[0]), *place)], value)
    return {**data, "response": pt.set_subtensor(data["response"][place], value), "fields": fields}
