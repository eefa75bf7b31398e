r"""Shocks that are apart from paths: heavy-tailed, larger in some periods than in others, or beside heavy-tailed noise.

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
beside components of level and drift alone. A t shock is a normal one of a size of its own (Andrews and Mallows, 1974),

.. math:: e_{it} \sim N(0, \sigma_{it}^2), \quad \sigma_{it}^2 = s^2 / g_{it}, \quad
    g_{it} \sim \mathrm{Gamma}(2, 2),

s being that of the period or the unit, where these differ, and g is 1 where shocks are normal. The cube root of a gamma
is close to normal (Wilson and Hilferty, 1931), so g is sampled through y, with

.. math:: g = u^3, \quad u = \tfrac12 (a + b y + \sqrt{(a + b y)^2 + 4\delta^2}),
    \quad a = 1 - \tfrac{1}{18}, \quad b^2 = \tfrac{1}{18}, \quad \delta = 0.1,

a hyperbola that keeps u above 0 and is all but straight where u is not small; the density of y is that of g times
:math:`3 b u^3 / \sqrt{(a + b y)^2 + 4\delta^2}`. With working response z and weight w of a cell, and
:math:`\ell + b` what its linear predictor is without its shock,

.. math:: R = \frac{1}{1 + \sigma^2 w}, \quad e = \sigma(R \sigma w (z - \ell - b) + \sqrt{R}\, x),

and x is sampled, with the density of :math:`e / \sigma`, standard normal, times the root of R. Paths see the cell
through its shock, with weight :math:`1 / (1 / w + \sigma^2)`, which follows :math:`\sigma` as it moves, and
`primum.model.markov` has the path that these weights leave exactly. With factors that are fixed, as where shocks are in
paths, weights by period left :math:`s_t` or the level with a tenth of their draws, and with t shocks sampled by
themselves, around what records are expected to tell of them, steps were half as long. Exact as ever: z and w shape the
geometry alone.

A record tells its shock from noise only where the size of the noise is known, so families whose noise is learned,
and counts with overdispersion in place of shocks, have no heavy-tailed shocks, nor any by period.

**Noise of Student's t** (`primum.model.families.student_t`) beside shocks is the same mixture: normal, with variance
:math:`\sigma_n^2 / (w g)`, :math:`\sigma_n` being the scale of all noise and w what the number of records makes of it.
With :math:`W = w g` in place of w, all of the above holds with

.. math:: e = \frac{\sigma W}{A}\,\sigma (z - \ell - b) + \frac{\sigma_n}{\sqrt A}\,\sigma x,
    \quad A = \sigma_n^2 + \sigma^2 W,

and paths see the cell with weight W / A. Shocks and noise then each follow g and both scales as they move. With shocks
in paths, and a t's density of records around them, s and :math:`\sigma_n` had 310 to 570 effective draws of 4,000 on
five panels of very different sizes, and so 720 to 1,900.
"""

from __future__ import annotations

from typing import Any

from primum.model.cells import Cells
from primum.model.kernel.places import MIN_WEIGHT
from primum.model.kernel.shocks import BEND, SLOPE, START
from primum.model.layout import SCALARS


def weights_through(weight: Any, square: Any, noise: Any = 1.0) -> Any:
    """Working weights of cells for paths, of which each is above 0.

    Parameters
    ----------
    weight
        Working weights of cells, 0 where missing; shape (time, unit).
    square
        Variance of a cell's shock; shape (time, unit), or one that broadcasts with it.
    noise
        What weights are to be divided by: the square of the scale of all noise, where there is one.
    """
    return MIN_WEIGHT + weight / (noise + square * weight)


def scales_of_shocks(cells: Cells, s: Any, unit_scale: Any, data: dict[str, Any]) -> tuple[Any, Any]:
    """Scales of cells' shocks, with the sign of their period's, and sizes of their noise; shape (time, ordered) each.

    Parameters
    ----------
    cells
        The outcome's arrays.
    s
        Scale of shocks, where it is the same in all periods.
    unit_scale
        Squares of units' scales; shape (ordered,).
    data
        Arrays of `primum.model.data.arrays_of` as `pymc.Data`.
    """
    import pymc as pm
    import pytensor.tensor as pt

    if cells.sized:
        scale = data["priors"][SCALARS.index("s"), 1]
        own = pm.Normal("s_period", 0.0, scale, dims=str(pm.modelcontext(None).name_for("sized")))
        pm.Deterministic("shock_scale", pt.abs(own), dims="time")
    else:
        own = pt.repeat(s[None], cells.time.size)
    found, same = own[:, None] * pt.sqrt(unit_scale), pt.ones((cells.time.size, cells.order.size))
    if not (cells.heavy or cells.mixed):
        return found, same
    away = START + SLOPE * pm.Flat("x_tail", dims=("time", "ordered"))
    width = pt.sqrt(away**2 + 4 * BEND**2)
    # of a difference of large numbers the quotient has the digits
    root = pt.switch(away > 0, 0.5 * (away + width), 2 * BEND**2 / (width - away))
    pm.Potential("tail_density", (6 * pt.log(root) - pt.log(width) - 2 * root**3).sum())
    return (found, root**3) if cells.mixed else (found * root**-1.5, same)


def add_shocks(scale: Any, weight: Any, noise: Any, eta: Any, data: dict[str, Any]) -> Any:
    """Sample shocks of all cells, around what records leave for them; shape (time, ordered).

    Parameters
    ----------
    scale
        Of cells' shocks; shape (time, ordered).
    weight
        Working weights of cells, 0 where missing, where the scale of all noise is 1; shape (time, ordered).
    noise
        That scale, with its sign, or 1.
    eta
        Linear predictor without shocks; shape (time, ordered).
    data
        Arrays of `primum.model.data.arrays_of` as `pymc.Data`.
    """
    import pymc as pm
    import pytensor.tensor as pt

    x, total = pm.Flat("x_shock", dims=("time", "ordered")), noise**2 + scale**2 * weight
    deviate = scale * weight / total * (data["response"] - eta) + noise / pt.sqrt(total) * x
    pm.Potential("shock_density", (0.5 * pt.log(noise**2 / total) - 0.5 * deviate**2).sum())
    return scale * deviate
