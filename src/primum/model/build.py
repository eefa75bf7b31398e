r"""From a specification and a panel to a PyMC model, in coordinates that mix.

The model of one outcome (design, equations 1 to 7), for unit i and period t:

.. math::
    y_{it} &\sim \mathrm{Family}(g^{-1}(\eta_{it}), n_{it}) \\
    \eta_{it} &= \alpha_i + \lambda_t + u_{it} + e_{it} + d_{it}\,\tau_i \\
    \alpha_i &\sim N(\mu + \beta\,\mathrm{pilot}_i, \sigma_\alpha^2), \quad
    u_{it} - u_{i,t-1} \sim N(0, q^2), \quad e_{it} \sim N(0, s^2), \quad
    \tau_i \sim N(\tau, \sigma_\tau^2)

:math:`\beta` lets pilots start from another level, so that, as in any difference in differences,
a difference in levels says nothing of the effect. The drift is measured from its own mean over
the panel, which belongs to the level. Pilots drift like any comparator, unless the outcome has
comparator weights: then what `primum.model.weights` carries from comparators' drifts is part of
their location, and their own drift has steps of :math:`N(0, \kappa^2 q^2)`.

**Spectral form.** Let B hold the basis of `primum.model.drift`, one row a component. Then

.. math::
    \eta_i = \ell_i + B' c_i, \quad
    \ell_{it} = \mu + \beta\,\mathrm{pilot}_i + \lambda_t + d_{it}\tau_i, \quad
    c_{ik} \sim N(0, v_k)

with :math:`v_0 = T\sigma_\alpha^2 + s^2` and :math:`v_k = q^2 d_k + s^2`: level, drift and shock
are independent across components and enter through T variances alone. The common path has the
same coordinates: a zero-sum normal is T - 1 independent normals in any orthogonal basis of the
zero-sum vectors, and in this one its posterior is close to independent too. Where no unit has a record in some
period, the path sums to zero over the others (`primum.model.common_path`).

**Trends.** Where units have trends of their own, drift is measured from its own line instead, level and
slope of which belong to the unit's, and the line, with unit norm, is a component of B of its own: with
slopes of :math:`N(0, \sigma_{slope}^2)` a period and :math:`\bar t` the mean of the periods,

.. math::
    v_1 = \sigma_{slope}^2 \sum_t (t - \bar t)^2 + s^2, \quad v_k = q^2 d_k + s^2 \text{ for } k > 1,

d being the eigenvalues of the drift's kernel projected away from constant and line. Wherever the scale q of
a component stands below, it is :math:`\sigma_{slope}` in that of the line: weights carry comparators' trends
as they do drifts, and :math:`\kappa` is of a pilot's own trend as of its drift.

**Paths.** A common path that is a random walk has coordinates :math:`N(0, h^2 d_k / \bar d)` in the basis that
makes the random walk's movements independent, so that with h the scale of its prior it moves as far over the
panel as a free one. Where regions have paths of their own, region g's departs from the common one by

.. math:: r_g = \sigma_{region} \sum_k \sqrt{d_k}\, \zeta_{gk} b_k, \quad \zeta_{gk} \sim N(0, 1),

a random walk measured from its mean, with steps of :math:`N(0, \sigma_{region}^2)` a period; it is part of the
location :math:`\ell_i` of all units there. What a region without comparators does by itself is known from its
pilots before exposure, and after that only from how far regions move. Its comparators say of
:math:`\lambda_k + r_{gk}` that it is roughly :math:`z_{gk}` with precision :math:`P_{gk}`, and :math:`\zeta` is
sampled through the same map as the pilots' effects below, P and z being fixed at the reference scales of
`primum.model.reference`, which shapes the geometry alone:

.. math::
    A_{gk} = \frac{1}{1 + \sigma_{region}^2 d_k P_{gk}}, \quad
    \zeta_{gk} = A_{gk}\sigma_{region}\sqrt{d_k} P_{gk}(z_{gk} - \lambda_k) + \sqrt{A_{gk}}\, x_{gk}.

Covariates that change over time are part of that location, too (`primum.model.covariates`).

**Scales.** A half-normal scale is the absolute value of a normal, and that normal is sampled, sign
and all: the model knows scales by their squares, so both signs are the same model and the density
is smooth at 0. On the logarithm of a scale the density falls only exponentially towards 0; chains
that begin far below take hundreds of draws to come back, and where data cannot tell noise from
shocks they diverge there. The two mirror images do no harm where the data keep a scale off 0.
They keep :math:`\sigma_\tau` off neither, as pilots are few, and crossing from one to the other
turns the pilots' coordinates over, so it has another coordinate z. :math:`-\log\Phi(-z)` makes an
exponential of a standard normal (it inverts the survival function), so with prior
HalfNormal(h) and

.. math::
    \sigma_\tau = h\,g(z), \quad g(z) = -\log\Phi(-z), \quad g'(z) = \phi(z)\,e^{g(z)}

the log density of z is :math:`-g^2/2 + g - z^2/2` up to a constant: its tails are no heavier than
a normal's, and it is close to one where the data say little.

**Transport.** The components are sampled through `primum.model.transport`. The pilots' effects
are transported before them, with the components integrated out of the Gaussian approximation:
in component k, a pilot's response departs from its location without the effect by
:math:`\rho_k \sim N(b_k \tau_i, v_k + 1 / w_i)`, b being the exposure in the basis, so with

.. math::
    P_i = \sum_k \frac{b_k^2}{v_k + 1/w_i}, \quad m_i = \sum_k \frac{b_k\rho_k}{v_k + 1/w_i},
    \quad A_i = \frac{1}{1 + \sigma_\tau^2 P_i}, \quad
    \tau_i = \tau + \sigma_\tau\zeta_i, \quad
    \zeta_i = A_i\sigma_\tau(m_i - P_i\tau) + \sqrt{A_i}\, x_i

the density of :math:`x_i` is that of :math:`\zeta_i`, standard normal, times :math:`\sqrt{A_i}`.
That is exact too, and hyperparameters are left with almost the collapsed posterior. Where effects are
heavy-tailed :math:`\zeta_i` has the density of Student's t instead, in the same coordinates. Effect terms are
transported before, one after another, and then the average effect (`primum.model.term_pull`). Shocks that are
heavy-tailed, or of a size of their own in each period, are left out of components, and sampled cell by cell
(`primum.model.shocks`). Means that are known as intervals are sampled, too (`primum.model.inside`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from primum.model.cells import Cells, cells_of
from primum.model.data import DIMS, arrays_of
from primum.model.factors import unpacked
from primum.model.families import Family, family_of, follows_scale, learns_noise, pseudo_cells
from primum.model.hyper import average, hyperpriors, kappa_of, tailed, told
from primum.model.inside import add_inside
from primum.model.kernel.places import PSEUDO_SCALE
from primum.model.layout import SCALARS, sizes_of
from primum.model.markov import chain_of, markov_density
from primum.model.shocks import add_shocks, scales_of_shocks, weights_through
from primum.model.term_pull import add_terms, expected_of
from primum.model.transport import path_density
from primum.model.unit_scales import unit_scales
from primum.model.weights import carried_drift
from primum.panel import Panel
from primum.spec import Priors, Spec

if TYPE_CHECKING:
    import pymc as pm


def build(spec: Spec, panel: Panel, outcome: str | None = None) -> pm.Model:
    """PyMC model of one outcome.

    Parameters
    ----------
    spec
        The specification.
    panel
        The panel, read with this specification's layout.
    outcome
        Name of the outcome; may be left out where the specification has only one.

    Returns
    -------
    pymc.Model
        Dims unit, time, pilot, comparator, component, drift (components but the first), missing,
        and ordered (comparators, then pilots, as the model walks through them).
        Reported variables: mu, beta_pilot, sigma_alpha, lambda (time), q, s, tau, sigma_tau,
        tau_unit (pilot), sigma where the family has noise, and eta (unit, time); s only where
        sampling noise can be told from shocks; weight (pilot, comparator), and kappa unless it is
        fixed, where there are comparator weights; sigma_slope where units have trends; sigma_region and the
        regions' paths lambda_region (region, time) where they have any. Data, masks and priors enter as
        `pymc.Data`.

    Raises
    ------
    SpecError
        If `outcome` is needed and missing, or is not in the specification.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.model import build
    >>> simulation = pr.simulate(units=20, periods=8, pilots=4, seed=1)
    >>> model = build(pr.demo_spec(), simulation.panel, "kinship")
    >>> {name: len(model.coords[name]) for name in ("unit", "time", "pilot", "comparator", "component")}
    {'unit': 20, 'time': 8, 'pilot': 4, 'comparator': 16, 'component': 8}
    """
    chosen = spec.chosen(outcome)
    cells = cells_of(panel.dataset, chosen)
    return model_of(cells, family_of(chosen.family), chosen.all_priors(), np.asarray(panel.dataset["unit"]))


def model_of(cells: Cells, family: Family, priors: Priors, units: NDArray[Any] | None = None) -> pm.Model:
    """PyMC model of one outcome's cells, whose units may be given names; see `build`."""
    import pymc as pm

    units = np.arange(cells.value.shape[0]) if units is None else units
    with pm.Model(coords=coords_of(cells, units)) as model:
        add_outcome(cells, family, priors)
    return model


@dataclass(frozen=True)
class Given:
    """What the outcomes before say of one that is fitted jointly with them, as PyTensor expressions.

    Attributes
    ----------
    known, effects, donors
        What they expect of its components, of its effects and of how its weights lean, in SDs; shapes
        (component, ordered), (pilot,) and (comparator,).
    left, spread, leaning
        SDs that they leave of these, of 1; shape (component,) and scalars.
    """

    known: Any
    effects: Any
    donors: Any
    left: Any
    spread: Any
    leaning: Any


@dataclass(frozen=True)
class Found:
    """What an outcome says to those after it, as PyTensor expressions.

    Attributes
    ----------
    innovations, effects, donors
        How far components, effects and weights depart from what was expected, in the SDs that were left; shapes
        (component, ordered), (pilot,) and (comparator,).
    sign
        Of the roots of components' variances; shape (component,).
    """

    innovations: Any
    effects: Any
    donors: Any
    sign: Any


def add_outcome(cells: Cells, family: Family, priors: Priors, given: Given | None = None) -> Found:
    """Add one outcome to the PyMC model of the context, which has its coords but for those it shares with none."""
    import pymc as pm
    import pytensor.tensor as pt

    model = pm.modelcontext(None)
    model.add_coords({model.name_for(name): np.arange(size) for name, size in _own_sizes(cells, family).items()})
    data = {
        name: pm.Data(name, values, dims=DIMS[name] if set(DIMS[name]) <= set(model.coords) else None)
        for name, values in arrays_of(cells, family, priors).items()
    }
    data = add_inside(data, sizes_of(cells, family)["inside"], _own("inside"))
    normal, half_normal = hyperpriors(data["priors"])
    mu, beta_pilot = normal("mu"), normal("beta_pilot")
    sigma = half_normal("sigma") if learns_noise(family, cells) else pt.as_tensor(1.0)
    s, q = half_normal("s") if cells.counted and not cells.sized else None, half_normal("q")
    sigma_alpha, kappa, others = half_normal("sigma_alpha"), kappa_of(cells, data), cells.comparators.size
    of_scales, scale = pt.as_tensor(0.0), pt.ones(cells.order.size)
    if cells.varied:
        omega = data["constants"][SCALARS.index("omega")] if cells.scale_tail else tailed("omega", data)
        of_scales, scale = unit_scales(cells, omega, (data["unit_told"][0], data["unit_told"][1]))
    moves = pt.repeat(q[None], data["drift_variance"].shape[0])
    if cells.trends:
        moves = pt.set_subtensor(moves[0], half_normal("sigma_slope"))
    white = s if cells.white else None
    variance, root_sign = _variances(sigma_alpha, moves, white, data, scale[:others])
    own, _ = _variances(sigma_alpha, kappa * moves, white, data, scale[others:])
    slow = pm.Normal("lambda_drift", 0.0, data["path_scale"], dims="drift")
    path = pm.Deterministic("lambda", slow @ data["path_basis"], dims="time")
    x, pseudo = pm.Flat("x", dims=("component", "ordered")), _pseudo_gaps(cells, family)
    precision, sign = 1 / (data["noise"][0] + data["noise"][1] * sigma**2), root_sign
    if follows_scale(family, cells):
        sign = root_sign * pt.sign(sigma)
    regional = _regions(cells, slow, path, data)
    location = mu + path[:, None] + (regional @ data["path_basis"])[:others].T
    if len(cells.covariates):
        beta = pm.Normal("beta", 0.0, data["covariate_scale"][0], dims=_own("covariate"))
        location += pt.tensordot(beta, data["covariate_cells"], axes=1)
    centre = pt.concatenate([pt.sqrt(data["basis"].shape[0]) * (mu + beta_pilot)[None], slow @ data["path_mix"]])
    gamma, of_terms = add_terms(cells, centre, data)
    tau, of_tau = average(priors.tau, expected_of(centre, gamma, data), data)
    carried = pt.tensordot(gamma, data["pilot_terms"], axes=1) + _in_basis(regional[others:], data)
    if len(cells.covariates):
        carried += pt.tensordot(beta, data["covariate_pilots"], axes=1)
    expected = pt.as_tensor(0.0)
    if given is not None:
        expected = root_sign[:, None] * pt.sqrt(variance) * given.known[:, :others]
        location += data["basis"].T @ expected
        carried += (root_sign[:, None] * pt.sqrt(own) * given.known[:, others:]).T
        variance, own = variance * given.left[:, None] ** 2, own * given.left[:, None] ** 2

    fields = data["fields"]
    if cells.apart:
        shock_scale, size = scales_of_shocks(cells, s, scale, data)
        told, noise = size * data["cell_weight"], sigma if cells.mixed else 1.0
        cell_weight = weights_through(told, shock_scale**2, noise**2)
        terms = chain_of(cells).kinds.size

    def of_paths(location: Any, variance: Any, first: int) -> tuple[Any, Any, Any]:
        some = slice(first, first + location.shape[1])
        if cells.apart:
            return markov_density(location, variance, sign, x[:, some], cell_weight, data, first, terms)
        factor = unpacked(data["factors"], cells.order.size, cells.time.size - cells.leading, others)[some]
        return path_density(
            location, variance, sign, precision[some], x[:, some], factor, pseudo[:, some], data, first, cells.leading
        )

    density, eta, component = of_paths(location, variance, 0)
    if cells.weighting is not None:
        donor = pm.Normal("x_donor", dims=_own("donor"))
        lean = donor if given is None else given.donors + given.leaning * donor
        carried += carried_drift(moves, white, scale[:others], component + expected, lean, data)
    weight, sigma_tau = (precision * data["mean_weight"])[others:], tailed("sigma_tau", data)
    aim, spread = (tau, sigma_tau) if given is None else (tau + sigma_tau * given.effects, sigma_tau * given.spread)
    tau_unit, zeta, of_effects = _effects(aim, spread, centre + carried, own, weight, cells.tail, data)
    location = mu + path[:, None] + beta_pilot + (tau_unit[:, None] * data["exposure"] + carried @ data["basis"]).T
    of_pilots, eta_pilots, component_pilots = of_paths(location, own, others)
    eta = pt.concatenate([eta, eta_pilots], axis=1)
    if cells.apart:
        shock = add_shocks(shock_scale, told, noise, eta, data)
        pm.Deterministic("shock", shock.T[np.argsort(cells.order)], dims=("unit", "time"))
        eta += shock
    if cells.mixed:  # given its size, noise is normal
        density += 0.5 * (fields[2] * pt.log(size)).sum()
        family, fields = family_of("normal"), pt.set_subtensor(fields[1], told)
    likelihood = family.log_density(eta, sigma, fields, data["standard"])
    density += of_terms + of_tau + of_scales + of_effects + of_pilots + likelihood.sum()
    pm.Potential("path_density", density)
    pm.Deterministic("eta", eta.T[np.argsort(cells.order)], dims=("unit", "time"))
    roots = root_sign[:, None] * pt.sqrt(pt.concatenate([variance, own], axis=1))
    innovations = pt.concatenate([component, component_pilots], axis=1) / roots
    return Found(innovations, zeta, pt.zeros(0) if cells.weighting is None else donor, root_sign)


def coords_of(cells: Cells, units: NDArray[Any]) -> dict[str, Any]:
    """Coords that outcomes of one panel share."""
    return {
        "unit": units,
        "time": cells.time,
        "pilot": units[cells.pilots],
        "comparator": units[cells.comparators],
        "ordered": units[cells.order],
        "component": np.arange(cells.time.size),
        "drift": np.arange(1, cells.time.size),
    }


def _own_sizes(cells: Cells, family: Family) -> dict[str, int]:
    """Lengths of the dims that are an outcome's own."""
    own = ("term", "varied", "sized", "pseudo", "inside", "covariate", "donor", "pair", "region")
    return {name: size for name, size in sizes_of(cells, family).items() if name in own}


def _pseudo_gaps(cells: Cells, family: Family) -> Any:
    """How far pseudo-responses lie from their location, NaN where a cell has none; shape (time, unit)."""
    import pymc as pm
    import pytensor.tensor as pt

    units, times = np.nonzero(pseudo_cells(family, cells)[cells.order])
    gaps = pt.as_tensor(np.full(cells.value.T.shape, np.nan))  # of pt.full JAX would make single precision
    return (
        pt.set_subtensor(gaps[times, units], PSEUDO_SCALE * pm.Flat("xi", dims=_own("pseudo"))) if units.size else gaps
    )


def _regions(cells: Cells, slow: Any, path: Any, data: dict[str, Any]) -> Any:
    """How regions' paths depart from the common one, in the path's coordinates; shape (ordered unit, drift)."""
    import pymc as pm
    import pytensor.tensor as pt

    if cells.regions is None:
        return pt.zeros((cells.order.size, data["path_scale"].shape[0]))
    x, spread = (
        pm.Flat("x_region", dims=(_own("region"), "drift")),
        tailed("sigma_region", data) * data["region_scale"],
    )
    pull = data["region_weight"] * (data["region_response"] - slow)
    zeta, density = told(spread, data["region_weight"], pull, x)
    pm.Potential("region_density", density)
    departure = spread * zeta
    pm.Deterministic("lambda_region", path + departure @ data["path_basis"], dims=(_own("region"), "time"))
    return departure[data["region_of"]]


def _in_basis(movement: Any, data: dict[str, Any]) -> Any:
    """From the path's coordinates, shape (unit, drift), to those of the basis, shape (unit, component)."""
    import pytensor.tensor as pt

    return pt.concatenate([pt.zeros((movement.shape[0], 1)), movement @ data["path_mix"]], axis=1)


def _variances(sigma_alpha: Any, moves: Any, s: Any | None, data: dict[str, Any], unit_scale: Any) -> tuple[Any, Any]:
    """Variances of units' components, shape (component, unit), and the signs of their roots, shape (component,).

    Without shocks the root of a variance is a scale, sign and all; with them it does not touch 0.
    """
    import pytensor.tensor as pt

    shock = pt.as_tensor(0.0) if s is None else s**2
    scales = pt.concatenate([sigma_alpha[None], moves])
    factors = pt.concatenate([data["basis"].shape[:1], data["drift_variance"]])
    level = pt.concatenate([(scales**2 * factors)[:1], pt.zeros(data["drift_variance"].shape)])
    variance = scales**2 * factors - level + shock
    return level[:, None] + variance[:, None] * unit_scale, pt.sign(scales) if s is None else pt.ones_like(scales)


def _own(dim: str) -> str:
    """Name of a dim that is an outcome's own, in the model of the context."""
    import pymc as pm

    return str(pm.modelcontext(None).name_for(dim))


def _effects(
    tau: Any, sigma_tau: Any, centre: Any, variance: Any, weight: Any, tail: float, data: dict[str, Any]
) -> tuple[Any, Any, Any]:
    """Effects in the pilots, transported, how far they depart from tau in SDs, shape (pilot,) each, and a density."""
    import pymc as pm
    import pytensor.tensor as pt

    x = pm.Flat("x_tau", dims="pilot")
    precision = 1 / (variance.T + 1 / weight[:, None])
    exposure = data["pilot_exposure"]
    known = (precision * exposure**2).sum(axis=1)
    pull = (precision * exposure * (data["pilot_response"] - centre)).sum(axis=1)
    shrink = 1 / (1 + sigma_tau**2 * known)
    zeta = shrink * sigma_tau * (pull - known * tau) + pt.sqrt(shrink) * x
    unlikely = (1 / tail + 1) * pt.log1p(tail * zeta**2) if tail else zeta**2
    density = (0.5 * pt.log(shrink) - 0.5 * unlikely).sum()
    return pm.Deterministic("tau_unit", tau + sigma_tau * zeta, dims="pilot"), zeta, density
