r"""Transport of the units' paths: coordinates in which the posterior is close to a standard normal.

Let the path of unit i, its whole departure from the location :math:`\ell_i`, be
:math:`B' c_i` with independent :math:`c_{ik} \sim N(0, v_k)` (`primum.model.build`). Sampling c
directly mixes badly, since the data inform it strongly. With a working response z and a unit's
mean working weight w, the Gaussian approximation to the posterior of c given everything else
has variance V = 1 / (1 / v + w) and mean V w B (z - l). So x is sampled instead, where

.. math::
    c_{ik} = V_{ik} w_i [B(z_i - \ell_i)]_k + \sqrt{V_{ik}}\, x_{ik},

and the density of x is that of c times the Jacobian, :math:`\prod \sqrt{V_{ik}}`. Nothing is
approximated: z and w shape the geometry only. A missing cell gets a pseudo-response
:math:`z^* = \ell + \xi\,h` that is sampled with density N(z*; eta, 1/w), which integrates to one
and so leaves the posterior as it is, while the transport has something to hold on to.

Non-centred hierarchies are after Papaspiliopoulos, Roberts and Skold (2007), transports of this
kind after Parno and Marzouk (2018).
"""

from __future__ import annotations

from typing import Any

from primum.model.kernel import PSEUDO_SCALE


def path_density(
    location: Any, variance: Any, sign: Any, weight: Any, x: Any, xi: Any, units: Any, times: Any, data: dict[str, Any],
    first: int,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """Log density of some units' x and xi without the likelihood, their linear predictor and their components.

    Parameters
    ----------
    location
        Linear predictor but for the path; shape (time, unit).
    variance
        Of the path's components; shape (component,).
    sign
        Of the square root of V, which can only be smooth if it changes where a variance, or 1 / w,
        touches 0; shape (component,).
    weight
        Mean working weight; shape (unit,).
    x
        Shape (component, unit).
    xi
        Shape (missing,).
    units, times
        Places of missing cells among these units; shape (missing,).
    data
        Arrays of `primum.model.data.arrays_of` as `pymc.Data`.
    first
        Place of the first of these units among all.

    Returns
    -------
    density, eta, components
        PyTensor expressions: a scalar, and shapes (time, unit) and (component, unit).
    """
    import pytensor.tensor as pt

    variance = variance[:, None]
    response = data["response"][:, first : first + location.shape[1]]
    residual = pt.set_subtensor((response - location)[times, units], PSEUDO_SCALE * xi)
    conditional = 1 / (1 / variance + weight)
    components = conditional * weight * (data["basis"] @ residual) + sign[:, None] * pt.sqrt(conditional) * x
    path = data["basis"].T @ components
    prior = -0.5 * components**2 / variance + 0.5 * pt.log(conditional / variance)
    gap = path[times, units] - PSEUDO_SCALE * xi
    missing = 0.5 * pt.log(weight[units]) - 0.5 * weight[units] * gap**2
    return prior.sum() + missing.sum(), location + path, components
