r"""Heavy-tailed shocks: what happens to a unit in a single period is now and then far larger than usual.

A change of definition, a backlog that is cleared, a system that is replaced: one such record should not carry the
answer. Shocks are then Student's t,

.. math:: e_{it} = s\,\epsilon_{it}, \quad \epsilon_{it} \sim t_4

(times the unit's scale, where units differ in scale), as Lange, Little and Taylor (1989) have it for errors: a shock
of many s costs only the logarithm of its size, so that the record is explained by its shock rather than by the unit's
drift or effect. With four degrees of freedom the variance, :math:`2 s^2`, is finite; data of this size can hardly
tell three from six.

They are not normal in the basis of `primum.model.drift`, so they are sampled cell by cell, beside components of level
and drift alone. With working response z and weight w of a cell, and :math:`\ell + b` what its linear predictor is
without its shock,

.. math::
    R = \frac{1}{1 + s^2 w / m}, \quad
    \epsilon = R s \frac{w}{m} (z - \ell - b) + \sqrt{R / m}\, x\, e^{\rho x^2 / 2}, \quad \rho = R^8 / 4,

where m is 1, or less where a record is far from the rest of its unit (`told_of`): then the shock is looked for as far
out, and the record tells what it is. So x is close to standard normal: where the record tells the shock,
:math:`\rho` is next to nothing, and where it tells nothing, R is 1, and a normal bent so has the tails of a t with four
degrees of freedom (Goerg, 2015), in which samplers would get lost. The density of x is that of :math:`\epsilon` times
:math:`\sqrt{R / m}\, e^{\rho x^2 / 2} (1 + \rho x^2)`. Exact as ever: z, w and m shape the geometry alone.

Paths see a cell through its shock, with weight

.. math:: w' = m / (1 / w + 2 s^2),

:math:`2 s^2` being the variance of a shock. These weights follow s as it moves: paths that do not leave s to wander,
with fewer effective draws. So do 1, 7/5 (the information of a t) and 9/2 in place of 2; 3 is as good.

A record tells its shock from noise only where the size of the noise is known, so families whose noise is learned,
and counts with overdispersion in place of shocks, have no heavy-tailed shocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from primum.model.cells import TAIL, Array, Cells
from primum.model.kernel.places import MIN_WEIGHT, SHOCK_VARIANCE

_NORMAL = 0.75  # of shocks' SD, the scale of a t that is much like them


def scale_of_shocks(s: float) -> float:
    """Roughly the scale of t shocks whose SD, taken to be normal, is s."""
    return _NORMAL * s


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
    return np.where(seen, np.minimum((1 + TAIL) / (1 + TAIL * squares), 1.0), 0.0)


def spread_of(told: Array) -> Array:
    """In how many scales to look for a shock, from what paths are told: the larger, the less; 1 where missing."""
    return np.ascontiguousarray(np.where(told > 0, told, 1.0) ** -0.5)


def weights_through(maths: Any, told: Any, weight: Any, s: Any) -> tuple[Any, Any]:
    """Working weights of cells for paths, and their means over a unit's cells that are there.

    Parameters
    ----------
    maths
        numpy or pytensor.tensor.
    told
        From `told_of`; shape (time, unit).
    weight
        Working weights of cells; shape (time, unit).
    s
        Scale of shocks.
    """
    cell = told * weight / (1 + SHOCK_VARIANCE * s**2 * weight)
    seen = maths.maximum((weight > 0).sum(axis=0), 1)
    return cell, maths.maximum(cell.sum(axis=0) / seen, MIN_WEIGHT)


def add_shocks(s: Any, unit_scale: Any, eta: Any, data: dict[str, Any]) -> Any:
    """Sample shocks of all cells and add them to what eta is without them; shape (time, ordered).

    Parameters
    ----------
    s
        Scale of shocks, sign and all.
    unit_scale
        Squares of units' scales; shape (ordered,).
    eta
        Linear predictor without shocks; shape (time, ordered).
    data
        Arrays of `primum.model.data.arrays_of` as `pymc.Data`.
    """
    import pymc as pm
    import pytensor.tensor as pt

    x, spread = pm.Flat("x_shock", dims=("time", "ordered")), data["shock_spread"]
    weight = data["shock_weight"] * spread**2
    scale = s * pt.sqrt(unit_scale)
    ratio = 1 / (1 + scale**2 * weight)
    bend = TAIL * ratio**8 * x**2
    deviate = ratio * scale * weight * (data["response"] - eta) + spread * pt.sqrt(ratio) * x * pt.exp(0.5 * bend)
    unlikely = (1 / TAIL + 1) * pt.log1p(TAIL * deviate**2)
    pm.Potential("shock_density", (0.5 * pt.log(ratio) + 0.5 * bend + pt.log1p(bend) - 0.5 * unlikely).sum())
    return scale * deviate
