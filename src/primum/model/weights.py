r"""Comparator weights: what a pilot's drift has in common with its comparators' (design, equations 4 and 5).

For pilot i and comparator j, in the coordinates of the basis and for every component but the
constant one (levels say nothing of drift),

.. math::
    u_{ik} = \sum_j w_{ij} u_{jk} + \delta_{ik}, \quad \delta_{ik} \sim N(0, \kappa^2 q^2 d_k), \quad
    w_{ij} \propto \pi_{ij} \exp(\omega(\sqrt{h}\, a_j + \sqrt{1 - h}\, b_{ij})), \quad a, b \sim N(0, 1)

with base weights :math:`\pi`, scale :math:`\omega` and a share h of its variance in common between
pilots: a logistic-normal prior (Aitchison and Shen, 1980). :math:`\omega = 0` fixes weights at their
base; with :math:`\kappa \to 0` as well that is a synthetic control with an intercept (Abadie,
Diamond and Hainmueller, 2010; Doudchenko and Imbens, 2016).

**Comparators' drifts, not their data.** A comparator's path c is drift plus shock, so with
:math:`v_k = q^2 d_k + s^2`

.. math:: u_{jk} \mid c_{jk} \sim N(r_k c_{jk}, r_k s^2), \quad r_k = q^2 d_k / v_k

and u is sampled through :math:`u_{jk} = r_k c_{jk} + q s \sqrt{d_k / v_k}\, x_{jk}` with standard
normal x, which is multiplied by the comparator's scale where units differ in scale. Where units have trends,
the line's component is of them, and :math:`\sigma_{slope}` stands there for q. Pilots that lean
on one comparator share its uncertainty, exactly; nothing treats a small area's noisy path as known.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def carried_drift(moves: Any, s: Any | None, unit_scale: Any, component: Any, lean: Any, data: dict[str, Any]) -> Any:
    """What weights carry from comparators' drifts to the pilots; shape (pilot, component).

    Parameters
    ----------
    moves
        Scale of each component after the constant, q or that of trends, sign and all; shape (component - 1,).
    s
        Scale of shocks, sign and all; None where there is none.
    unit_scale
        Squares of comparators' scales; shape (comparator,).
    component
        Of comparators' paths; shape (component, comparator).
    lean
        How weights lean to comparators, in SDs; shape (comparator,).
    data
        Arrays of `primum.model.data.arrays_of` as `pymc.Data`.
    """
    import pymc as pm
    import pytensor.tensor as pt

    own = pm.modelcontext(None).name_for
    pair = pm.Normal("x_pair", dims=str(own("pair")))
    ratio = data["drift_variance"] / (moves**2 * data["drift_variance"] + (0.0 if s is None else s**2))
    drifts = (moves**2 * ratio)[:, None] * component[1:]
    if s is not None:
        x = pm.Normal("x_u", dims=("drift", str(own("donor"))))
        drifts += (moves * s)[:, None] * pt.sqrt(ratio[:, None] * unit_scale) * x
    places = data["pair_pilot"], data["pair_donor"]
    logs = data["pair_base"] + data["weighting"][0] * lean[places[1]] + data["weighting"][1] * pair
    empty = pt.full((data["exposure"].shape[0], component.shape[1]), -np.inf, dtype="float64")
    weight = pm.math.softmax(pt.set_subtensor(empty[places], logs), axis=1)
    pm.Deterministic("weight", weight, dims=("pilot", "comparator"))
    return pt.concatenate([pt.zeros((weight.shape[0], 1)), weight @ drifts.T], axis=1)
