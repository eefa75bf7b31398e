r"""Shocks that are apart from paths: heavy-tailed, or larger in some periods than in others.

**Heavy tails.** What happens to a unit in a single period is now and then far larger than usual.

A change of definition, a backlog that is cleared, a system that is replaced: one such record should not carry the
answer. Shocks are then Student's t,

.. math:: e_{it} = s\,\epsilon_{it}, \quad \epsilon_{it} \sim t_4

(times the unit's scale, where units differ in scale), as Lange, Little and Taylor (1989) have it for errors: a shock
of many s costs only the logarithm of its size, so that the record is explained by its shock rather than by the unit's
drift or effect. With four degrees of freedom the variance, :math:`2 s^2`, is finite; data of this size can hardly
tell three from six.

**Sizes by period.** In a turbulent year, such as that of a pandemic, all records may lie further from what is usual.
Shocks are then normal, and each period has a scale :math:`s_t` of its own, sampled with its sign as any scale is
(`primum.model.build`), with the prior that s has otherwise. Drift has the same scale at all times. Scales that scatter
around a common one, on the logarithm, with a spread that is learned, did not mix: what noise hides of the shocks of
quiet periods leaves both open, and a funnel between them.

**Sampling.** Such shocks are not independent in the basis of `primum.model.drift`, so they are sampled cell by cell,
beside components of level and drift alone. With working response z and weight w of a cell, :math:`\ell + b` what its
linear predictor is without its shock, and its period's scale for s,

.. math::
    R = \frac{1}{1 + s^2 w / m}, \quad
    \epsilon = R s \frac{w}{m} (z - \ell - b) + \sqrt{R / m}\, x\, e^{\rho x^2 / 2}, \quad \rho = R^8 / 4,

where m is 1, or less where a record is far from the rest of its unit (`told_of`): then a t shock is looked for as far
out, and the record tells what it is. So x is close to standard normal: where the record tells the shock,
:math:`\rho` is next to nothing, and where it tells nothing, R is 1, and a normal bent so has the tails of a t with four
degrees of freedom (Goerg, 2015), in which samplers would get lost; of a normal shock :math:`\rho` is 0. The density of
x is that of :math:`\epsilon` times :math:`\sqrt{R / m}\, e^{\rho x^2 / 2} (1 + \rho x^2)`. Exact as ever: z, w and m
shape the geometry alone.

Paths see a cell through its shock, with weight

.. math:: w' = m / (1 / w + v), \quad v = 2 s^2

the variance of a t shock, or :math:`s^2`, that of a normal one. These weights follow s as it moves: paths that do not
leave s to wander, with fewer effective draws. So do 1, 7/5 (the information of a t) and 9/2 in place of 2; 3 is as
good. Where sizes differ between periods s is the root of their mean square: the factors of `primum.model.transport` are
fixed, and are those of equal weights whatever the scales of paths. Weights by period, fixed or following, leave the
level with a tenth of its draws where records are many.

A record tells its shock from noise only where the size of the noise is known, so families whose noise is learned,
and counts with overdispersion in place of shocks, have no such shocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from primum.model.cells import Array, Cells
from primum.model.kernel.places import MIN_WEIGHT
from primum.model.layout import SCALARS

_NORMAL = 0.75  # of shocks' SD, the scale of a t that is much like them


def scale_of_shocks(s: float, cells: Cells) -> float:
    """Roughly the scale of shocks whose SD, taken to be normal and the same in all periods, is s."""
    return _NORMAL * s if cells.heavy else s


def told_of(weight: Array, response: Array, s: float, cells: Cells) -> Array:
    """Roughly how much paths are told by a record, of one that is not far from the rest of its unit, 0 where missing.

    Parameters
    ----------
    weight, response
        Working weights and responses of cells, weights 0 where missing; shape (unit, time).
    s
        Reference scale of shocks.
    cells
        The outcome's arrays.
    """
    seen = weight > 0
    spread = 1 / np.where(seen, weight, 1.0) + s**2
    known = np.ma.masked_array(response, ~seen)
    away = known - np.ma.median(known[cells.comparators], axis=0)
    distance = np.ma.filled(np.abs(away - np.ma.median(away, axis=1)[:, None]), 0.0)
    usual = np.median(distance[seen]) / 0.6745  # a normal's SD, from a median distance
    squares = distance**2 / np.maximum(usual**2, spread)
    tail = cells.shock_tail
    return np.where(seen, np.minimum((1 + tail) / (1 + tail * squares), 1.0), 0.0)


def spread_of(told: Array) -> Array:
    """In how many scales to look for a shock, from what paths are told: the larger, the less; 1 where missing."""
    return np.ascontiguousarray(np.where(told > 0, told, 1.0) ** -0.5)


def weights_through(maths: Any, told: Any, weight: Any, square: Any, cells: Cells) -> tuple[Any, Any]:
    """Working weights of cells for paths, and their means over a unit's cells that are there.

    Parameters
    ----------
    maths
        numpy or pytensor.tensor.
    told
        From `told_of`; shape (time, unit).
    weight
        Working weights of cells; shape (time, unit).
    square
        Of the scale of shocks.
    cells
        The outcome's arrays.
    """
    cell = told * weight / (1 + square / (1 - 2 * cells.shock_tail) * weight)
    seen = maths.maximum((weight > 0).sum(axis=0), 1)
    return cell, maths.maximum(cell.sum(axis=0) / seen, MIN_WEIGHT)


def scales_of_shocks(cells: Cells, s: Any, data: dict[str, Any]) -> Any:
    """Scales of shocks by period, sign and all; shape (time, 1)."""
    import pymc as pm
    import pytensor.tensor as pt

    if not cells.sized:
        return s * pt.ones((cells.time.size, 1))
    own = pm.Normal(
        "s_period", 0.0, data["priors"][SCALARS.index("s"), 1], dims=str(pm.modelcontext(None).name_for("sized"))
    )
    pm.Deterministic("shock_scale", pt.abs(own), dims="time")
    return own[:, None]


def add_shocks(shock_scale: Any, unit_scale: Any, eta: Any, tail: float, data: dict[str, Any]) -> Any:
    """Sample shocks of all cells and add them to what eta is without them; shape (time, ordered).

    Parameters
    ----------
    shock_scale
        Of shocks by period, sign and all; shape (time, 1).
    unit_scale
        Squares of units' scales; shape (ordered,).
    eta
        Linear predictor without shocks; shape (time, ordered).
    tail
        One over the degrees of freedom of shocks.
    data
        Arrays of `primum.model.data.arrays_of` as `pymc.Data`.
    """
    import pymc as pm
    import pytensor.tensor as pt

    x, spread = pm.Flat("x_shock", dims=("time", "ordered")), data["shock_spread"]
    weight = data["shock_weight"] * spread**2
    scale = shock_scale * pt.sqrt(unit_scale)
    ratio = 1 / (1 + scale**2 * weight)
    bend = tail * ratio**8 * x**2
    deviate = ratio * scale * weight * (data["response"] - eta) + spread * pt.sqrt(ratio) * x * pt.exp(0.5 * bend)
    unlikely = (1 / tail + 1) * pt.log1p(tail * deviate**2) if tail else deviate**2
    pm.Potential("shock_density", (0.5 * pt.log(ratio) + 0.5 * bend + pt.log1p(bend) - 0.5 * unlikely).sum())
    return scale * deviate
