r"""Transport of paths that are apart from shocks: exact for weights that differ by cell and move with scales.

The factors of `primum.model.transport` are fixed, and are those of a unit's mean weight as scales move. That is
good where shocks are part of paths. Where they are apart (`primum.model.shocks`), what a record tells of the path
depends on the scale of its period's shocks or on how far out it lies, and fixed factors leave scales to be told by
every coordinate x of every unit: :math:`s_t` and :math:`\mu` kept a tenth of their effective draws.

Such a path is a level and a drift without white noise. A drift of persistence phi is a Markov chain, so the inverse of
its covariance is tridiagonal (Rue and Held, 2005, section 1.1): of one measured from its first period, with q = 1,
:math:`K_{t,t+1} = -o_t`, and the rows of K sum to :math:`e_t`, which are 0 for a random walk. With the basis' first
components :math:`b_0` (level) and :math:`b_1` (line, where units have trends), from which drift is measured, a path's
precision is

.. math:: \frac{K}{h} + \frac{b_0 b_0'}{v_0} + \frac{b_1 b_1'}{v_1} - \frac1h \sum_m u_m u_m', \quad h = q^2,

where the last sum takes out what K says of :math:`b_0` and :math:`b_1`, :math:`K Z (Z' K Z)^{-1} Z' K` with these as
the columns of Z: nothing for a random walk without lines. With weights W of cells, :math:`K + h W = L L'` takes one
step a period, in a form without differences of large numbers (a Kalman filter's, as information):

.. math::
    N_1 = h W_1 + e_1, \quad \phi_t = \frac{1}{1 + N_t / o_t}, \quad N_{t+1} = h W_{t+1} + e_{t+1} + \phi_t N_t, \\
    g_t = L_{tt}^{-1} = \sqrt{\phi_t / o_t} \text{ for } t < T, \quad g_T = N_T^{-1/2}, \quad
    L_{t+1,t} = -\phi_t L_{tt},

and each term :math:`c\,u u' / h`, c being :math:`h / v_0`, :math:`h / v_1` or -1, multiplies L by the root of
:math:`I + c\,v v'`, v being u solved for by all before, whose inverse is

.. math:: E^{-1} = I - \gamma v v', \quad \gamma = (1 - f) / |v|^2, \quad f = (1 + c |v|^2)^{-1/2}.

So with F the product of L and all E, :math:`F F' / h` is the precision of a path given its cells, and x is sampled,
where

.. math:: p = r F'^{-1} (F^{-1} r W (z - \ell) + x), \quad r^2 = h,

with the density of p times :math:`r^T / \det F`. Roots have the signs of q, :math:`\sigma_\alpha` and
:math:`\sigma_{slope}`, so that the map is smooth where one of them crosses 0: r and the f of what is taken out have
that of q, and so has :math:`g_T` where all :math:`e_t` are 0, since the level stays then; the f of level and line have
that of their scale. Exact as all transports are: W and z shape the geometry alone, and every cell has a little weight,
so that a unit may have no record at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from primum.model.cells import Array, Cells
from primum.model.kernel.places import DRIFT, LEVEL, LINE


@dataclass(frozen=True)
class Chain:
    """Precision of the paths' drift with q = 1, and what of it is replaced.

    Attributes
    ----------
    links
        o; shape (time - 1,).
    excess
        e; shape (time,).
    corners
        u, one row a term of rank one; shape (corner, time).
    kinds
        What each term's strength goes with, LEVEL, LINE or DRIFT; shape (corner,).
    """

    links: Array
    excess: Array
    corners: Array
    kinds: NDArray[np.int32]


def chain_of(cells: Cells) -> Chain:
    """Precision of the paths of an outcome's units.

    Parameters
    ----------
    cells
        The outcome's arrays.
    """
    basis, persistence = cells.basis, cells.phi ** np.diff(cells.time).astype(float)
    excess = np.zeros(cells.time.size)
    if cells.phi == 1.0:
        links = 1 / np.diff(cells.time)
    else:
        innovation = 1 - cells.phi**2
        links = innovation * persistence / (1 - persistence**2)
        # a row of the inverse covariance: 1 where alone, and what each neighbour adds beyond its link
        beyond = innovation * persistence**2 / (1 - persistence**2) - links
        excess += innovation
        excess[:-1] += beyond
        excess[1:] += beyond
    fixed = basis.vectors[: 1 + basis.line]
    told = _times(links, excess, fixed)
    values, turned = np.linalg.eigh(fixed @ told.T)
    seen = values > 1e-12 * links.max()  # a random walk says nothing of level
    taken = (turned[:, seen] / np.sqrt(values[seen])).T @ told
    kinds = [LEVEL, LINE][: len(fixed)] + [DRIFT] * len(taken)
    return Chain(links, excess, np.vstack([fixed, taken]), np.array(kinds, dtype=np.int32))


def no_chain() -> Chain:
    """That of paths that have their shocks in them, of no length."""
    return Chain(np.zeros(0), np.zeros(0), np.zeros((0, 0)), np.zeros(0, dtype=np.int32))


def _times(links: Array, excess: Array, rows: Array) -> Array:
    """K times each row."""
    flow = links * np.diff(rows, axis=1)
    found = excess * rows
    found[:, :-1] -= flow
    found[:, 1:] += flow
    return np.asarray(found)


def markov_density(
    location: Any, variance: Any, sign: Any, x: Any, weight: Any, data: dict[str, Any], first: int, terms: int
) -> tuple[Any, Any, Any]:
    """Log density of some units' x without the likelihood, their linear predictor and their components.

    The same as `primum.model.kernel.markov`, with matrices in place of recursions.

    Parameters
    ----------
    location
        Linear predictor but for the path; shape (time, unit).
    variance
        Of the paths' components; shape (component, unit).
    sign
        Of the roots of components' variances; shape (component,).
    x
        Shape (time, unit).
    weight
        Of cells, none of them 0; shape (time, ordered).
    data
        Arrays of `primum.model.data.arrays_of` as `pymc.Data`.
    first
        Place of the first of these units among all.
    terms
        How many terms of rank one there are.

    Returns
    -------
    density, eta, components
        PyTensor expressions: a scalar, and shapes (time, unit) and (component, unit).
    """
    import pytensor.tensor as pt
    from pytensor.tensor.linalg import cholesky, solve_triangular

    some = slice(first, first + location.shape[1])
    weight, away = weight[:, some], data["response"][:, some] - location
    links, excess = data["links"], data["excess"]
    step = variance[-1] / data["drift_variance"][-1]
    padded = pt.concatenate([pt.zeros(1), links, pt.zeros(1)])
    chain = pt.diag(excess + padded[1:] + padded[:-1]) - pt.diag(links, 1) - pt.diag(links, -1)
    precision = chain + pt.eye(chain.shape[0]) * (step * weight).T[:, None, :]
    flowing = pt.concatenate([pt.ones_like(links), pt.switch(excess[:1] > 0, 1.0, sign[-1:])])
    root, size = cholesky(precision) * flowing, sign[-1] * pt.sqrt(step)
    corners = solve_triangular(root, pt.repeat(data["corners"].T[None], location.shape[1], axis=0), lower=True)
    density = -pt.log(pt.abs(pt.diagonal(root, axis1=1, axis2=2))).sum()
    strengths = pt.stack([step / variance[0], step / variance[1], -pt.ones_like(step)])[data["corner_kind"]]
    signs = pt.stack([sign[0], sign[1], sign[-1]])[data["corner_kind"]]
    before: list[tuple[Any, Any]] = []
    y = solve_triangular(root, (size * weight * away).T[:, :, None], lower=True)[:, :, 0]

    def solved(vector: Any, each: tuple[Any, Any]) -> Any:
        return vector - (each[1] * (each[0] * vector).sum(axis=1))[:, None] * each[0]

    for m in range(terms):
        v = corners[:, :, m]
        for each in before:
            v = solved(v, each)
        length = (v**2).sum(axis=1)
        f = signs[m] / pt.sqrt(1 + strengths[m] * length)
        density += pt.log(pt.abs(f)).sum()
        before.append((v, (1 - f) / length))
        y = solved(y, before[-1])
    y += x.T
    for each in reversed(before):
        y = solved(y, each)
    path = size * solve_triangular(root.transpose(0, 2, 1), y[:, :, None], lower=False)[:, :, 0].T
    components = data["basis"] @ path
    density -= 0.5 * (components**2 / variance + pt.log(variance / step)).sum()
    return density, location + path, components
