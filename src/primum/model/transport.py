r"""Transport of the units' paths: coordinates in which the posterior is close to a standard normal.

Let the path of unit i, its whole departure from the location :math:`\ell_i`, be
:math:`B' c_i` with independent :math:`c_{ik} \sim N(0, v_k)` (`primum.model.build`). Sampling c
directly mixes badly, since the data inform it strongly. With working responses z and weights W, a
diagonal matrix that is 0 where a cell is missing, the Gaussian approximation to the posterior of
c given everything else has

.. math::
    \text{variance } \Omega_i = (\mathrm{diag}(1/v) + B W_i B')^{-1}, \quad
    \text{mean } \Omega_i B W_i (z_i - \ell_i).

A factor of :math:`\Omega_i` at every step would be dear. With the unit's mean weight w it is close to
the diagonal :math:`S_i^2`, :math:`s_{ik}^2 = 1 / (1/v_k + w_i)`, which follows the scales as they move,
and what remains, :math:`S_i^{-1} \Omega_i S_i^{-1}`, is close to a correlation matrix that hardly
moves. It is factored once, at the reference scales of `primum.model.reference`, as :math:`M_i M_i'`,
and x is sampled instead of c, where

.. math::
    c_i = S_i M_i (M_i' S_i B W_i (z_i - \ell_i) + x_i).

The density of x is that of c times the Jacobian, :math:`\prod_k s_{ik}` and a constant. Nothing is
approximated: z, w, W and M shape the geometry only. A missing cell needs nothing of its own here,
since M knows what it leaves open, unless units differ in scale.

**Leading components.** So sampled are the components after the level (and the trend, where units have one), which goes
first. With what comes after component k integrated out of the Gaussian approximation, records say of it, given those
before it, that

.. math::
    L_{ik} = (W_i^{-1} + B_{>k}' V_{>k} B_{>k})^{-1} b_k, \quad p_{ik} = b_k' L_{ik}, \quad
    c_{ik} = \frac{\sqrt{v_k}}{\sqrt{1 + v_k p_{ik}}}
        \Bigl(\frac{\sqrt{v_k}}{\sqrt{1 + v_k p_{ik}}} L_{ik}' (z_i - \ell_i - \ldots) + x_{ik}\Bigr),

L and p being fixed at reference scales. The rest then has :math:`z_i - \ell_i - c_{i0} b_0` in place of
:math:`z_i - \ell_i`. When :math:`\mu` moves, every level moves against it, and all that comes after stays where it is.
With all components in M that was so only at the very scales of the reference: elsewhere the drifts of all units were
dragged along wherever cells of a unit differ in weight. Counts of events that grow from tens to hundreds, with
overdispersion in place of shocks, left :math:`\mu` with 31 effective draws of 4,000; with its level ahead, 994. Without
shocks the signs of :math:`\sigma_\alpha`, :math:`\sigma_{slope}` and q go with coordinates of their own, and the
density is the same for both only where factors leave these apart, as M does here.

**Where the scale of the noise is learned**, W is the unit's mean weight in every cell that is there. The map
must stay right as sigma falls, since data may hardly tell noise from shocks, and with
:math:`W / \sigma^2 \to \infty` the mean is the response itself only for the true correlation, not for one made
at a reference; with equal weights both are the identity. Weights of single cells, and factors that lagged
behind sigma, gave hundreds of divergences in durations. A missing cell would be the worst of them, so it gets a
pseudo-response

.. math:: z^*_{it} = \ell_{it} + \bar r_i + 0.3\,\xi_{it}

with a full weight, which is sampled with density :math:`N(z^*; \eta, \sigma^2 / w)`. That integrates to one and so
leaves the posterior as it is. :math:`\bar r_i` is how far the unit's records lie from their location on average, so
that the gap moves with them: around the location alone, every :math:`\xi` of a unit had to move against :math:`\mu`,
which was left with a tenth of its effective draws where records are many.

**Where counts are overdispersed** working weights fall as sigma rises. All weights of a unit, p, L and W, are
divided by :math:`1 + f_i (\sigma^2 - \sigma_0^2)`, f being how one over the unit's weight rises with :math:`\sigma^2`
relative to itself, and :math:`\sigma_0` where weights are right. (Where sigma is the scale of all noise, f and
:math:`\sigma_0` are 1.) With weights that stood still, sigma of panels with thousands of records had 157 to 450
effective draws of 4,000; now 939 to 1,833.

**Where units differ in scale** (`primum.model.unit_scales`), missing cells get the same: what a gap leaves open is as
wide as the unit's drift, whose scale moves while M stands still. With gaps in M alone English re-referrals had some
divergences in every fit and 15 steps a draw; with pseudo-responses none, and 8 to 13 steps. Where shocks are apart from
paths, missing cells have shocks of their own to sample, and no pseudo-response.

Non-centred hierarchies are after Papaspiliopoulos, Roberts and Skold (2007), transports of this
kind after Parno and Marzouk (2018).
"""

from __future__ import annotations

from typing import Any


def path_density(
    location: Any,
    variance: Any,
    sign: Any,
    precision: Any,
    x: Any,
    factor: Any,
    pseudo: Any,
    data: dict[str, Any],
    first: int,
    leading: int,
) -> tuple[Any, Any, Any]:
    """Log density of some units' x without the likelihood, their linear predictor and their components.

    Parameters
    ----------
    location
        Linear predictor but for the path; shape (time, unit).
    variance
        Of the paths' components; shape (component, unit).
    sign
        Of S, which can only be smooth if it changes where a variance, or 1 / w, touches 0;
        shape (component,).
    precision
        What working weights are multiplied by; shape (unit,).
    x
        Shape (component, unit).
    factor
        M; shape (unit, component, component), of the components that do not lead.
    pseudo
        How far pseudo-responses lie from their location, NaN where a cell has none; shape (time, unit).
    data
        Arrays of `primum.model.data.arrays_of` as `pymc.Data`.
    first
        Place of the first of these units among all.
    leading
        How many components lead.

    Returns
    -------
    density, eta, components
        PyTensor expressions: a scalar, and shapes (time, unit) and (component, unit).
    """
    import pytensor.tensor as pt

    some = slice(first, first + location.shape[1])
    weight = precision * data["mean_weight"][some]
    has_pseudo = pt.isfinite(pseudo)
    away = data["response"][:, some] - location
    anchor = data["anchor"][:, some]
    known = pt.switch(has_pseudo, pseudo + (anchor * away[: anchor.shape[0]]).sum(axis=0), 0.0)
    left, density, leads = pt.switch(has_pseudo, known, away), pt.as_tensor(0.0), []
    for k in range(leading):
        shrink = 1 / (1 + variance[k] * precision * data["lead_told"][k, some])
        spread = sign[k] * pt.sqrt(variance[k] * shrink)
        whole = spread * precision * (data["lead_weight"][k][:, some] * left).sum(axis=0) + x[k]
        density += (-0.5 * shrink * whole**2 + 0.5 * pt.log(shrink)).sum()
        leads.append(spread * whole)
        left -= data["basis"][k][:, None] * leads[-1]
    gap, after = precision * data["cell_weight"][:, some] * left, slice(leading, None)
    shrink = 1 / (1 + variance[after] * weight)
    spread = sign[after, None] * pt.sqrt(variance[after] * shrink)
    residual = data["basis"][after] @ gap
    pulled = pt.matmul(factor.transpose(0, 2, 1), (spread * residual).T[:, :, None]) + x[after].T[:, :, None]
    whole = pt.matmul(factor, pulled)[:, :, 0].T
    components = pt.concatenate([pt.stack(leads), spread * whole])
    path = data["basis"].T @ components
    density += (-0.5 * shrink * whole**2 + 0.5 * pt.log(shrink)).sum()
    density += pt.switch(has_pseudo, 0.5 * pt.log(weight) - 0.5 * weight * (path - known) ** 2, 0.0).sum()
    return density, location + path, components
