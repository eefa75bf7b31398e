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
are independent across components and enter through T variances alone. The common path has the
same coordinates: a zero-sum normal is T - 1 independent normals in any orthogonal basis of the
zero-sum vectors, and in this one its posterior is close to independent too.

**Scales.** A half-normal scale is the absolute value of a normal, and that normal is sampled, sign
and all: the model knows scales by their squares (and :math:`\sigma_\tau` with the sign of the
pilots' coordinates), so both signs are the same model and the density is smooth at 0. On the
logarithm of a scale, chains that begin far below it take hundreds of draws to come back. The
noise of a family is the exception: it cannot be near 0, and its logarithm is sampled.

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
That is exact too, and hyperparameters are left with almost the collapsed posterior.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from primum.model.cells import Cells, cells_of
from primum.model.data import DIMS, arrays_of
from primum.model.families import Family, family_of
from primum.model.layout import SCALARS, sizes_of
from primum.model.transport import path_density
from primum.panel import Panel
from primum.spec import Outcome, Priors, Spec

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
        Dims unit, time, pilot, component, drift (components but the first) and missing.
        Reported variables: mu, beta_pilot, sigma_alpha, lambda (time), q, s, tau, sigma_tau,
        tau_unit (pilot), sigma where the family has noise, and eta (unit, time); s only where
        sampling noise can be told from shocks. Data, masks and priors enter as `pymc.Data`.

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
    ['component', 'drift', 'missing', 'pilot', 'time', 'unit']
    """
    chosen = _chosen(spec, outcome)
    cells = cells_of(panel.dataset, chosen)
    return model_of(cells, family_of(chosen.family), chosen.all_priors(), np.asarray(panel.dataset["unit"]))


def model_of(cells: Cells, family: Family, priors: Priors, units: NDArray[Any] | None = None) -> pm.Model:
    """PyMC model of one outcome's cells, whose units may be given names; see `build`."""
    import pymc as pm
    import pytensor.tensor as pt

    units = np.arange(cells.value.shape[0]) if units is None else units
    named = {"unit": units, "time": cells.time, "pilot": units[cells.pilots], "drift": np.arange(1, cells.time.size)}
    coords = {name: named.get(name, np.arange(size)) for name, size in sizes_of(cells).items()}
    with pm.Model(coords=coords) as model:
        data = {
            name: pm.Data(name, values, dims=DIMS[name] if set(DIMS[name]) <= set(coords) else None)
            for name, values in arrays_of(cells, family, priors).items()
        }
        normal, half_normal = _hyperpriors(data["priors"])
        mu, beta_pilot = normal("mu"), normal("beta_pilot")
        shock = half_normal("s") ** 2 if cells.counted else pt.as_tensor(0.0)
        drift = half_normal("q") ** 2 * data["drift_variance"] + shock
        level = data["basis"].shape[0] * half_normal("sigma_alpha") ** 2 + shock
        variance = pt.concatenate([level[None], drift])
        sigma = pm.HalfNormal("sigma", data["priors"][SCALARS.index("sigma"), 1]) if family.noise else pt.as_tensor(1.0)
        slow = pm.Normal("lambda_drift", 0.0, data["priors"][len(SCALARS), 1], dims="drift")
        path = pm.Deterministic("lambda", slow @ data["basis"][1:], dims="time")
        centre = pt.concatenate([pt.sqrt(data["basis"].shape[0]) * (mu + beta_pilot)[None], slow])
        tau_unit = _effects(normal("tau"), half_normal("sigma_tau"), centre, variance, sigma, data)
        pilots = data["pilot_unit"]
        location = pt.add(mu + path[:, None], pt.zeros((path.shape[0], data["mean_weight"].shape[0])))
        effect = beta_pilot + tau_unit * data["exposure"].T
        density, eta = path_density(
            family, pt.inc_subtensor(location[:, pilots], effect), variance, data["mean_weight"] / sigma**2, sigma,
            pm.Flat("x", dims=("component", "unit")), pm.Flat("xi", dims="missing"), data,
        )  # fmt: skip
        pm.Potential("path_density", density)
        pm.Deterministic("eta", eta.T, dims=("unit", "time"))
    return model


def _hyperpriors(settings: Any) -> tuple[Any, Any]:
    """Makers of normal and half-normal hyperparameters by name, their settings being data; scales have a sign."""
    import pymc as pm
    import pytensor.tensor as pt

    def normal(name: str) -> Any:
        return pm.Normal(name, settings[SCALARS.index(name), 0], settings[SCALARS.index(name), 1])

    def half_normal(name: str) -> Any:
        signed = pm.Normal(f"{name}_signed", 0.0, settings[SCALARS.index(name), 1])
        pm.Deterministic(name, pt.abs(signed))
        return signed

    return normal, half_normal


def _effects(tau: Any, sigma_tau: Any, centre: Any, variance: Any, sigma: Any, data: dict[str, Any]) -> Any:
    """Effects in the pilots, transported; shape (pilot,)."""
    import pymc as pm
    import pytensor.tensor as pt

    x = pm.Flat("x_tau", dims="pilot")
    precision = 1 / (variance + sigma**2 / data["mean_weight"][data["pilot_unit"]][:, None])
    exposure = data["pilot_exposure"]
    known = (precision * exposure**2).sum(axis=1)
    pull = (precision * exposure * (data["pilot_response"] - centre)).sum(axis=1)
    shrink = 1 / (1 + sigma_tau**2 * known)
    zeta = shrink * sigma_tau * (pull - known * tau) + pt.sqrt(shrink) * x
    pm.Potential("effect_density", (0.5 * pt.log(shrink) - 0.5 * zeta**2).sum())
    return pm.Deterministic("tau_unit", tau + sigma_tau * zeta, dims="pilot")


def _chosen(spec: Spec, outcome: str | None) -> Outcome:
    names = [each.name for each in spec.outcomes]
    if outcome is None and len(names) == 1:
        return spec.outcomes[0]
    if outcome not in names:
        raise ValueError(f"outcome must be one of {names}, not {outcome!r}")
    return spec.outcome(outcome)
