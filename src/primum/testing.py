"""Small panels and canned fits for tests, examples and documentation; nothing is sampled."""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr
from scipy.special import expit

from primum.fit import Fit, Gate, Imputed
from primum.fit.predict import predict
from primum.fit.replicate import deviates
from primum.fit.sample import observed_data
from primum.model import cells_of
from primum.model.families import family_of
from primum.model.joint import KINDS
from primum.panel import Panel
from primum.sources import demo_spec, simulate
from primum.spec import Outcome, Spec

CHAINS, DRAWS = 4, 250


def tiny_panel(seed: int = 1, units: int = 12, periods: int = 8, pilots: int = 3) -> Panel:
    """A simulated panel of a few units.

    Examples
    --------
    >>> dict(tiny_panel().dataset.sizes)
    {'unit': 12, 'time': 8}
    """
    return simulate(units=units, periods=periods, pilots=pilots, seed=seed).panel


@cache
def tiny_fit(seed: int = 1, pilots: int = 3) -> Fit:
    """A fit of a tiny panel whose draws are independent and made up, so that it passes the gate.

    The draws are not from the posterior: hyperparameters scatter around plausible values and
    eta around the observed levels. Good for shapes, tables, figures and reports, and for
    nothing that depends on the numbers.

    Examples
    --------
    >>> tiny_fit().gate.verdict
    'PASS'
    """
    return canned_fit(demo_spec(), tiny_panel(seed, pilots=pilots), seed)


def canned_fit(spec: Spec, panel: Panel, seed: int = 1) -> Fit:
    """A fit of any panel whose draws are made up as those of `tiny_fit` are.

    Parameters
    ----------
    spec, panel
        The evaluation.
    seed
        Seed of the draws.

    Examples
    --------
    >>> canned_fit(*tiny_categories()).posterior("grades")["sigma"].dims
    ('chain', 'draw')
    """
    rng = np.random.default_rng(seed)
    trees = {outcome.name: _canned(panel, outcome, rng) for outcome in spec.outcomes}
    gates = {outcome.name: Gate((), 1.001, float(CHAINS * DRAWS)) for outcome in spec.outcomes}
    return Fit(spec, panel, xr.DataTree(children=trees), gates)


def tiny_categories(seed: int = 1, units: int = 12, periods: int = 8, pilots: int = 3) -> tuple[Spec, Panel]:
    """A specification and a panel of inspections with one of four grades, the worst last.

    Exposure lowers the odds of a grade worse than good by three tenths, at every boundary between grades.

    Examples
    --------
    >>> import primum as pr
    >>> spec, panel = tiny_categories()
    >>> spec.outcome("grades").above
    'good'
    >>> [line.strip() for line in pr.describe(spec, panel).splitlines() if "share above good" in line]
    ['effect   on the share above good, with one odds ratio at every boundary']
    """
    import pandas as pd

    rng, grid = np.random.default_rng(seed), (units, periods)
    start = np.where(np.arange(units) < pilots, 2010.0 + periods // 2, np.nan)
    time = 2010 + np.arange(periods)
    exposed = time >= start[:, None]
    eta = rng.normal(-1.0, 0.4, (units, 1)) + np.cumsum(rng.normal(0, 0.1, grid), axis=1) + np.log(0.7) * exposed
    upto = expit(np.array([-1.5, 0.0, 1.4]) - eta[..., None])
    shares = np.diff(upto, axis=-1, prepend=0.0, append=1.0)
    counts = rng.multinomial(rng.integers(80, 400, grid), shares).reshape(-1, 4).T
    names = ["outstanding", "good", "weak", "inadequate"]
    table = pd.DataFrame({"area": np.repeat(np.arange(units) + 1, periods), "year": np.tile(time, units)})
    table = table.assign(start=np.repeat(start, periods), **dict(zip(names, counts, strict=True)))
    outcome = {
        "label": "Weak or inadequate provision", "family": "ordered", "value": names, "above": "good",
        "unit": "percentage points", "harm": "up", "sesoi": 2.0,
    }  # fmt: skip
    content = {
        "title": "Inspections", "programme": "Peer review", "seed": 1, "outcomes": {"grades": outcome},
        "columns": {"unit": "area", "time": "year", "start": "start"},
    }  # fmt: skip
    spec = Spec.from_dict(content)
    return spec, Panel.from_frame(table, spec.data)


@cache
def tiny_imputed(count: int = 3) -> Imputed:
    """Canned fits that stand for those of several imputations.

    Examples
    --------
    >>> list(tiny_imputed().fits)
    [1, 2, 3]
    """
    return Imputed(demo_spec(), {seed: tiny_fit(seed) for seed in range(1, count + 1)})


@cache
def tiny_joint_fit(seed: int = 1) -> Fit:
    """A canned fit that stands for one of outcomes jointly, with correlations that are made up as well.

    Examples
    --------
    >>> dict(tiny_joint_fit().correlations.sizes)
    {'chain': 4, 'draw': 250, 'outcome': 4, 'other': 4}
    """
    apart = tiny_fit(seed)
    spec, rng = apart.spec.change({"joint": True}), np.random.default_rng(seed)
    names = [outcome.name for outcome in spec.outcomes]
    dims, variables = ("chain", "draw", "outcome", "other"), {}
    for place, kind in enumerate(KINDS[:-1]):  # there are no comparator weights
        factor = np.eye(len(names)) + 0.3 * place + 0.2 * rng.normal(size=(CHAINS, DRAWS, len(names), len(names)))
        covariance = factor @ factor.swapaxes(-1, -2)
        scale = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
        variables[kind] = (dims, covariance / scale[..., :, None] / scale[..., None, :])
    coords = {"chain": np.arange(CHAINS), "draw": np.arange(DRAWS), "outcome": names, "other": names}
    return Fit(spec, apart.panel, apart.tree, apart.gates, xr.Dataset(variables, coords))


def _canned(panel: Panel, outcome: Outcome, rng: np.random.Generator) -> xr.DataTree:
    family, cells = family_of(outcome.family), cells_of(panel.dataset, outcome)
    standard = family.standard(cells)
    response, _ = family.working(cells, standard)
    units, periods = cells.value.shape
    sample = ("chain", "draw")
    shape = (CHAINS, DRAWS)

    def positive(centre: float) -> tuple[tuple[str, ...], np.ndarray]:
        return sample, centre * np.exp(0.1 * rng.normal(size=shape))

    tau = -0.6 if outcome.name == "kinship" else 0.0
    average = tau + 0.1 * rng.normal(size=shape)
    path = 0.05 * rng.normal(size=(*shape, periods))
    variables = {
        "mu": (sample, 0.05 * rng.normal(size=shape)),
        "beta_pilot": (sample, 0.1 * rng.normal(size=shape)),
        "sigma_alpha": positive(0.25),
        "lambda": ((*sample, "time"), path - path.mean(axis=-1, keepdims=True)),
        "q": positive(0.15),
        "s": positive(0.12),
        "tau": (sample, average),
        "sigma_tau": positive(0.15),
        "tau_unit": (
            (*sample, "pilot"),
            average[..., None] + 0.15 * rng.normal(size=(*shape, cells.pilots.size)),
        ),
        "eta": ((*sample, "unit", "time"), response + 0.05 * rng.normal(size=(*shape, units, periods))),
    }
    if cells.sized:
        variables["shock_scale"] = ((*sample, "time"), 0.12 * np.exp(0.3 * rng.normal(size=(*shape, periods))))
    if cells.apart:
        shock = 0.12 * deviates(cells.shock_tail, rng, (*shape, units, periods))
        if cells.heavy:
            shock[:, :, cells.pilots[0], -1] += 1.5  # far from all else that is known of that pilot
        variables["shock"] = ((*sample, "unit", "time"), shock)
    if cells.varied:
        variables["unit_scale"] = ((*sample, "unit"), np.exp(0.3 * rng.normal(size=(*shape, units))))
    if family.noise:
        variables["sigma"] = positive(1.0 if outcome.measure.split else 0.05)
    names = np.asarray(panel.dataset["unit"])
    coords = {
        "chain": np.arange(CHAINS),
        "draw": np.arange(DRAWS),
        "unit": names,
        "time": cells.time,
        "pilot": names[cells.pilots],
    }
    if outcome.covariates:
        coords["covariate"] = np.array(outcome.covariates)
        variables["beta"] = ((*sample, "covariate"), 0.1 * rng.normal(size=(*shape, len(outcome.covariates))))
    posterior = xr.Dataset(variables, coords)
    predictive, density = predict(posterior, outcome.name, family, cells, standard, rng)
    stats = xr.Dataset(
        {
            "diverging": (sample, np.zeros(shape, dtype=bool)),
            "energy": (sample, rng.normal(size=shape)),
            "n_steps": (sample, np.full(shape, 15)),
            "step_size": (sample, np.full(shape, 0.4)),
            "logp": (sample, rng.normal(size=shape)),
        },
        {name: coords[name] for name in sample},
    )
    tree = xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "sample_stats": stats,
            "posterior_predictive": predictive,
            "log_likelihood": density,
            "observed_data": observed_data(panel, outcome),
        }
    )
    tree.attrs = {"seconds_compile": 0.0, "seconds_sample": 0.0}
    return tree
