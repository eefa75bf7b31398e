r"""From a specification and a panel to a PyMC model, in coordinates that mix.

The model of one outcome (design, equations 1 to 3, 6 and 7, with equal comparator weights and
kappa = 1: pilots drift like any comparator), for unit i and period t:

.. math::
    y_{it} &\sim \mathrm{Family}(g^{-1}(\eta_{it}), n_{it}) \\
    \eta_{it} &= \alpha_i + \lambda_t + u_{it} + e_{it} + d_{it}\,\tau_i \\
    \alpha_i &\sim N(\mu + \beta\,\mathrm{pilot}_i, \sigma_\alpha^2), \quad
    u_{it} - u_{i,t-1} \sim N(0, q^2), \quad e_{it} \sim N(0, s^2), \quad
    \tau_i \sim N(\tau, \sigma_\tau^2)

:math:`\beta` lets pilots start from another level, so that, as in any difference in differences,
a difference in levels says nothing of the effect. The drift is measured from its own mean over
the panel, which belongs to the level.

**Spectral form.** Let B hold the basis of `primum.model.drift`, one row a component. Then

.. math::
    \eta_i = \ell_i + B' c_i, \quad
    \ell_{it} = \mu + \beta\,\mathrm{pilot}_i + \lambda_t + d_{it}\tau_i, \quad
    c_{ik} \sim N(0, v_k)

with :math:`v_0 = T\sigma_\alpha^2 + s^2` and :math:`v_k = q^2 d_k + s^2`: level, drift and shock
are independent across components and enter through T variances alone.

**Transport.** Sampling c directly mixes badly, since the data inform it strongly. With a
working response z and a unit's mean working weight w, the Gaussian approximation to the
posterior of c given everything else has variance V = 1 / (1 / v + w) and mean V w B (z - l).
So x is sampled instead, where

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

from typing import TYPE_CHECKING, Any

import numpy as np

from primum.model.cells import Cells, cells_of
from primum.model.drift import random_walk_basis
from primum.model.families import Family, family_of
from primum.panel import Panel
from primum.spec import Outcome, Priors, Spec

if TYPE_CHECKING:
    import pymc as pm

_PSEUDO_SCALE = 0.3
_MIN_WEIGHT = 1e-3


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
        Dims unit, time, pilot, component and missing. Reported variables: mu, beta_pilot,
        sigma_alpha, lambda (time), q, s, tau, sigma_tau, tau_unit (pilot),
        sigma where the family has noise, and eta (unit, time); s only where sampling noise
        can be told from shocks. Data, masks and priors enter as `pymc.Data`.

    Raises
    ------
    ValueError
        If `outcome` is needed and missing, or is not in the specification.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.model import build
    >>> simulation = pr.simulate(units=20, periods=8, pilots=4, seed=1)
    >>> model = build(pr.demo_spec(), simulation.panel, "kinship")
    >>> sorted(model.coords)
    ['component', 'missing', 'pilot', 'time', 'unit']
    """
    import pymc as pm

    chosen = _chosen(spec, outcome)
    cells = cells_of(panel.dataset, chosen)
    family = family_of(chosen.family)
    coords = {
        "unit": np.asarray(panel.dataset["unit"]),
        "time": cells.time,
        "pilot": np.asarray(panel.dataset["unit"])[cells.pilots],
        "component": np.arange(cells.time.size),
        "missing": np.arange(int((~cells.observed).sum())),
    }
    with pm.Model(coords=coords) as model:
        data = _data(cells, family)
        _likelihood(family, cells, data, *_location(cells, family, data, chosen.all_priors()))
    return model


def _chosen(spec: Spec, outcome: str | None) -> Outcome:
    names = [each.name for each in spec.outcomes]
    if outcome is None and len(names) == 1:
        return spec.outcomes[0]
    if outcome not in names:
        raise ValueError(f"outcome must be one of {names}, not {outcome!r}")
    return spec.outcome(outcome)


def _data(cells: Cells, family: Family) -> dict[str, Any]:
    """Everything that differs between outcomes of one family and shape, as `pymc.Data`."""
    import pymc as pm

    def share(name: str, values: Any, dims: tuple[str, ...] | str | None = None) -> Any:
        # static shapes halve the time to compile
        array = np.asarray(values)
        return pm.Data(name, array, dims=dims, shape=array.shape)

    standard = family.standard(cells)
    response, weight = family.working(cells, standard)
    basis = random_walk_basis(cells.time)
    mean_weight = weight.sum(axis=1) / np.maximum(cells.observed.sum(axis=1), 1)
    missing_unit, missing_time = np.nonzero(~cells.observed)
    is_pilot = np.zeros(cells.value.shape[0])
    is_pilot[cells.pilots] = 1.0
    grid = ("unit", "time")
    return {
        "value": share("value", cells.value, grid),
        "denominator": share("denominator", cells.denominator, grid),
        "observed": share("observed", cells.observed.astype(float), grid),
        "response": share("response", response, grid),
        "weight": share("weight", weight, grid),
        "mean_weight": share("mean_weight", np.maximum(mean_weight, _MIN_WEIGHT), "unit"),
        "is_pilot": share("is_pilot", is_pilot, "unit"),
        "pilot_position": share("pilot_position", cells.pilots, "pilot"),
        "pilot_exposure": share("pilot_exposure", cells.exposure[cells.pilots], ("pilot", "time")),
        "missing_unit": share("missing_unit", missing_unit, "missing"),
        "missing_time": share("missing_time", missing_time, "missing"),
        "basis": share("basis", basis.vectors, ("component", "time")),
        "walk_variance": share("walk_variance", basis.variance),
        "standard": share("standard", [standard.centre, standard.spread]),
    }


def _location(cells: Cells, family: Family, data: dict[str, Any], priors: Priors) -> tuple[Any, Any, Any]:
    """Hyperparameters and the systematic part of the predictor.

    Returns
    -------
    location, variance, sigma
        Shapes (unit, time), (component,) and (); sigma is 1 for families without noise.
    """
    import pymc as pm
    import pytensor.tensor as pt

    rows = {name: row for row, (name, _) in enumerate(priors.items())}
    settings = np.array([[prior.location, prior.scale] for _, prior in priors.items()])
    shared = pm.Data("priors", settings, shape=settings.shape)

    def normal(name: str) -> Any:
        return pm.Normal(name, shared[rows[name], 0], shared[rows[name], 1])

    def half_normal(name: str) -> Any:
        return pm.HalfNormal(name, shared[rows[name], 1])

    periods = cells.time.size
    mu, beta_pilot = normal("mu"), normal("beta_pilot")
    path = pm.ZeroSumNormal("lambda", shared[rows["lambda_t"], 1], dims="time", shape=periods)
    tau, sigma_tau = normal("tau"), half_normal("sigma_tau")
    tau_unit = pm.Deterministic(
        "tau_unit", tau + sigma_tau * pm.Normal("z_tau", dims="pilot", shape=cells.pilots.size), dims="pilot"
    )
    shock = half_normal("s") ** 2 if cells.counted else pt.as_tensor(0.0)
    drift = half_normal("q") ** 2 * data["walk_variance"] + shock
    level = periods * half_normal("sigma_alpha") ** 2 + shock
    location = mu + beta_pilot * data["is_pilot"][:, None] + path[None, :]
    effect = pt.zeros_like(location)
    location = location + pt.set_subtensor(effect[data["pilot_position"]], tau_unit[:, None] * data["pilot_exposure"])
    sigma = half_normal("sigma") if family.noise else pt.as_tensor(1.0)
    return location, pt.concatenate([pt.atleast_1d(level), drift]), sigma


def _likelihood(family: Family, cells: Cells, data: dict[str, Any], location: Any, variance: Any, sigma: Any) -> None:
    """Transport of the units' paths, their exact density, and the likelihood."""
    import pymc as pm
    import pytensor.tensor as pt

    weight = data["mean_weight"] / sigma**2
    conditional = 1 / (1 / variance[None, :] + weight[:, None])
    residual = data["response"] - location
    missing = int((~cells.observed).sum())
    rows, columns = data["missing_unit"], data["missing_time"]
    if missing:
        xi = pm.Flat("xi", dims="missing", shape=missing, initval=np.zeros(missing))
        residual = pt.set_subtensor(residual[rows, columns], _PSEUDO_SCALE * xi)
    x = pm.Flat("x", dims=("unit", "component"), shape=cells.value.shape, initval=np.zeros(cells.value.shape))
    path = conditional * pt.dot(weight[:, None] * residual, data["basis"].T) + pt.sqrt(conditional) * x
    departure = pt.dot(path, data["basis"])
    eta = pm.Deterministic("eta", location + departure, dims=("unit", "time"))
    density = -0.5 * path**2 / variance[None, :] + 0.5 * pt.log(conditional / variance[None, :])
    pm.Potential("path_density", density.sum())
    if missing:
        gap = departure[rows, columns] - _PSEUDO_SCALE * xi
        pm.Potential("missing_density", (0.5 * pt.log(weight[rows]) - 0.5 * weight[rows] * gap**2).sum())
    pm.Potential("log_likelihood", (data["observed"] * family.log_density(eta, sigma, data)).sum())
