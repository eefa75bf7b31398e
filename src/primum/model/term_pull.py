r"""Effect terms and the average effect, sampled around what the pilots' responses say of them.

In the coordinates of the basis a pilot's working response departs from its location without effects by

.. math:: \rho_i \sim N(G_i'\gamma, C_i), \quad C_i = \mathrm{diag}(v + 1 / w_i) + \sigma_\tau^2 b_i b_i'

with its own path and its own effect integrated out, b the exposure and G the terms' design, the average effect being
the last term, with b for its design. So all pilots together say of :math:`\gamma` that it has precision
:math:`P = \sum_i G_i C_i^{-1} G_i'` and linear part :math:`h = \sum_i G_i C_i^{-1} \rho_i`. Terms are sampled one
after another, each given those before it and the later ones integrated out under :math:`N(0, S^2)`. With A the
inverse of :math:`P_{ll} + S_l^{-2}` over the later terms, that leaves of P and h (Schur's complement), for e up to m,

.. math:: P^*_{me} = P_{me} - P_{ml} A P_{le}, \quad h^*_m = h_m - P_{ml} A h_l

so that with :math:`\gamma_m = \sigma_m \zeta_m`, :math:`\zeta_m \sim N(0, 1)`

.. math::
    \zeta_m = R_m \sigma_m (h^*_m - \sum_{e < m} P^*_{me} \gamma_e) + \sqrt{R_m}\, x_m, \quad
    R_m = \frac{1}{1 + \sigma_m^2 P^*_{mm}}

and the density of x is that of :math:`\zeta` times :math:`\sqrt{R}`. The average effect has a prior of fixed scale S,
so it is sampled as its departure from what is expected of it, :math:`(h_\tau - P_{\tau e} \gamma_e) / (P_{\tau\tau} +
S^{-2})`; without terms nothing is. P, A and C are taken at the scales that make the pilots' responses most plausible,
and shape the geometry alone; h is linear in the pilots' location as it is sampled.

Under staggered adoption (benchmarks/staggered) standard normal coordinates in place of these make a funnel of terms
and their spreads: a quarter of the effective draws, in twice the steps. With the average effect before the terms, it
and the spread between cohorts make one, and one fit in five has some divergent transitions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from primum.model.cells import Array, Cells
from primum.model.hyper import tailed, told


class Pilots(NamedTuple):
    """The pilots in the coordinates of the basis.

    Attributes
    ----------
    response
        Working responses; shape (pilot, component).
    exposure
        Shape (pilot, component).
    terms
        Design of the effect terms, one SD of each; shape (term, pilot, component).
    variance
        Of their own paths and of noise; shape (pilot, component).
    """

    response: Array
    exposure: Array
    terms: Array
    variance: Array


class Pull(NamedTuple):
    """What is left of precisions and linear parts for each term, given those before it; the last is the average.

    Attributes
    ----------
    weight
        Precision of terms; shape (term,).
    response
        Linear part, without what is taken from it for location and terms before; shape (term + 1,).
    centre
        What the pilots' common location is multiplied by; shape (term + 1, component).
    before
        What terms before it are multiplied by, 0 from the diagonal on; shape (term + 1, term). What is the average
        effect's is divided by its precision.
    """

    weight: Array
    response: Array
    centre: Array
    before: Array


def pulls_of(pilots: Pilots, centre: Array, known: Array, groups: Array, scale: Array, prior: Array) -> Pull:
    """What the pilots say of each term, given those before it.

    Parameters
    ----------
    pilots
        The pilots.
    centre
        Roughly their common location; shape (component,).
    known
        SDs of priors of how far the average effect and the pilots' level lie from 0 and from that; shape (2,).
    groups
        Which scale each term has, or -1 for a scale of 1; shape (term,).
    scale
        SDs of the half-normal priors of sigma_tau and of the terms' scales; shape (1 + groups,).
    prior
        SDs of the terms at scales of 1; shape (term,).
    """
    found, count = _plausible(pilots, centre, known, groups, scale, prior), len(prior)
    design = np.concatenate([pilots.terms, pilots.exposure[None]])
    precise = np.append(prior * _scales_of(groups, found), known[0]) ** -2.0
    toward = np.einsum("mik,ikl->mil", design, _inverses(pilots, found[0]))
    whole = np.einsum("mil,nil->mn", toward, design)
    linear = np.column_stack([np.einsum("mil,il->m", toward, pilots.response), toward.sum(axis=1)])
    weight, left, before = np.zeros(count), np.zeros(linear.shape), np.zeros((count + 1, count))
    for m in range(count):
        later = slice(m + 1, None)
        taken = whole[m, later] @ np.linalg.inv(whole[later, later] + np.diag(precise[later]))
        weight[m] = whole[m, m] - taken @ whole[later, m]
        before[m, :m] = whole[m, :m] - taken @ whole[later, :m]
        left[m] = linear[m] - taken @ linear[later]
    of_average = whole[count, count] + precise[count]
    left[count], before[count] = linear[count] / of_average, whole[count, :count] / of_average
    return Pull(weight, left[:, 0], left[:, 1:], before)


def no_pull(components: int) -> Pull:
    """Where there are no terms, nothing is expected of the average effect either."""
    return Pull(np.zeros(0), np.zeros(1), np.zeros((1, components)), np.zeros((1, 0)))


def add_terms(cells: Cells, centre: Any, data: dict[str, Any]) -> tuple[Any, Any]:
    """Sample effect terms, shape (term,), with their log density.

    Parameters
    ----------
    cells
        The outcome's arrays.
    centre
        The pilots' common location in the coordinates of the basis; shape (component,).
    data
        Arrays of `primum.model.data.arrays_of` as `pymc.Data`.
    """
    import pymc as pm
    import pytensor.tensor as pt

    if cells.terms is None:
        return pt.zeros(0), 0.0
    groups, dim = cells.terms.groups, str(pm.modelcontext(None).name_for("term"))
    learned = {group: tailed(f"sigma_{group}", data) for group in dict.fromkeys(groups) if group != "moderator"}
    spread = data["term_scale"] * pt.stack([learned.get(group, pt.as_tensor(1.0)) for group in groups])
    x, shrink = pm.Flat("x_term", dims=dim), 1 / (1 + spread**2 * data["term_weight"])
    pull, before = data["term_response"][:-1] - data["term_centre"][:-1] @ centre, data["term_before"][:-1]
    # each term is pulled by those before it
    pulled = pt.eye(len(groups)) + (shrink * spread**2)[:, None] * before
    gamma = pt.linalg.solve_triangular(pulled, spread * (shrink * spread * pull + pt.sqrt(shrink) * x), lower=True)
    _, density = told(spread, data["term_weight"], pull - before @ gamma, x)
    return pm.Deterministic("gamma", gamma, dims=dim), density


def expected_of(centre: Any, gamma: Any, data: dict[str, Any]) -> Any:
    """What is expected of the average effect, given the terms."""
    return data["term_response"][-1] - data["term_centre"][-1] @ centre - data["term_before"][-1] @ gamma


def _inverses(pilots: Pilots, sigma_tau: float) -> Array:
    """Inverse of C; shape (pilot, component, component)."""
    pulled = pilots.exposure / pilots.variance
    known = (pilots.exposure * pulled).sum(axis=1)
    outer = pulled[:, :, None] * pulled[:, None, :] * (sigma_tau**2 / (1 + sigma_tau**2 * known))[:, None, None]
    return np.asarray(np.eye(pulled.shape[1]) / pilots.variance[:, :, None] - outer)


def _scales_of(groups: Array, found: Array) -> Array:
    """Scale of each term: that of its group, or 1."""
    return np.asarray(np.append(found[1:], 1.0)[groups])


def _plausible(pilots: Pilots, centre: Array, known: Array, groups: Array, scale: Array, prior: Array) -> Array:
    """Most plausible sigma_tau and scales of terms, in logarithms; average effect and level are integrated out."""
    level = np.zeros((1, *pilots.response.shape))
    level[..., 0] = 1.0
    columns = np.concatenate([pilots.terms, pilots.exposure[None], level])
    away, levels = pilots.response - centre, known * [1.0, np.sqrt(level.shape[-1])]
    seen = (pilots.exposure**2 / pilots.variance).sum(axis=1)

    def unlikely(logs: Array) -> float:
        found = scale * np.exp(logs)
        inverse = _inverses(pilots, found[0])
        toward = np.einsum("mik,ikl->mil", columns, inverse)
        precise = np.append(prior * _scales_of(groups, found), levels) ** -2.0
        whole = np.einsum("mil,nil->mn", toward, columns) + np.diag(precise)
        linear = np.einsum("mil,il->m", toward, away)
        misfit = np.einsum("ik,ikl,il", away, inverse, away) - linear @ np.linalg.solve(whole, linear)
        size = np.log1p(found[0] ** 2 * seen).sum() + np.linalg.slogdet(whole)[1] - np.log(precise).sum()
        return float(0.5 * (misfit + size) + (0.5 * np.exp(2 * logs) - logs).sum())

    return np.asarray(scale * np.exp(minimize(unlikely, np.full(scale.size, -1.0), method="L-BFGS-B").x))
