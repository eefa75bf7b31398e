"""A peer for the speed benchmark: primum's model as a textbook would write it, sampled by `pm.sample`.

The model and its priors are those of `primum.model.build`; only the coordinates differ. Levels, drift,
shocks and effects are non-centred and each has its own latent, where primum samples a transport of
their sum. Missing cells are simply left out of the likelihood.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from primum.model import Cells, cells_of
from primum.model.families import family_of
from primum.panel import Panel
from primum.spec import Outcome, Spec

if TYPE_CHECKING:
    import pymc as pm

REPORTED = (
    "mu", "beta_pilot", "sigma_alpha", "lambda", "q", "s", "tau", "sigma_tau", "tau_unit", "eta", "satt",
)  # fmt: skip


def textbook(spec: Spec, panel: Panel, outcome: str) -> pm.Model:
    """PyMC model of one binomial outcome in textbook coordinates.

    Parameters
    ----------
    spec, panel
        The evaluation.
    outcome
        Name of a binomial outcome.

    Returns
    -------
    pymc.Model
        Reports what `primum.model.build` reports, under the same names, and satt in the outcome's unit.

    Raises
    ------
    ValueError
        If the outcome is not binomial, or its drift not a random walk.
    """
    import pymc as pm

    chosen = spec.outcome(outcome)
    if chosen.family != "binomial":
        raise ValueError(f"textbook takes binomial outcomes; {chosen.name} is {chosen.family}")
    phi = getattr(chosen, "phi", 1.0)
    if phi != 1.0:
        raise ValueError(f"textbook's drift is a random walk; {chosen.name} asks for phi = {phi:g}")
    cells = cells_of(panel.dataset, chosen)
    unit = np.asarray(panel.dataset["unit"])
    coords = {"unit": unit, "time": cells.time, "pilot": unit[cells.pilots], "step": cells.time[1:]}
    with pm.Model(coords=coords) as model:
        tau_unit, eta = _predictor(chosen, cells)
        centre = family_of(chosen.family).standard(cells).centre
        rows, columns = np.nonzero(cells.observed)
        pm.Binomial(
            "y",
            n=cells.denominator[rows, columns].astype(np.int64),
            logit_p=centre + eta[rows, columns],
            observed=cells.value[rows, columns].astype(np.int64),
        )
        _satt(chosen, cells, centre, tau_unit, eta)
    return model


def _predictor(outcome: Outcome, cells: Cells) -> tuple[Any, Any]:
    """Effects by pilot and the linear predictor, each latent non-centred."""
    import pymc as pm
    import pytensor.tensor as pt

    priors = dict(outcome.all_priors().items())

    def normal(name: str) -> Any:
        return pm.Normal(name, priors[name].location, priors[name].scale)

    def half_normal(name: str) -> Any:
        return pm.HalfNormal(name, priors[name].scale)

    is_pilot = np.zeros(cells.value.shape[0])
    is_pilot[cells.pilots] = 1.0
    level = normal("mu") + normal("beta_pilot") * is_pilot
    alpha = level + half_normal("sigma_alpha") * pm.Normal("z_alpha", dims="unit")
    path = pm.ZeroSumNormal("lambda", priors["lambda_t"].scale, dims="time")
    # a walk over a step of h periods moves by N(0, h q^2); it is measured from its own mean
    step = np.sqrt(np.diff(cells.time).astype(float))
    moves = half_normal("q") * step * pm.Normal("z_drift", dims=("unit", "step"))
    walk = pt.concatenate([pt.zeros((is_pilot.size, 1)), pt.cumsum(moves, axis=1)], axis=1)
    drift = walk - walk.mean(axis=1, keepdims=True)
    shock = half_normal("s") * pm.Normal("z_shock", dims=("unit", "time"))
    tau, sigma_tau = normal("tau"), half_normal("sigma_tau")
    tau_unit = pm.Deterministic("tau_unit", tau + sigma_tau * pm.Normal("z_tau", dims="pilot"), dims="pilot")
    without = alpha[:, None] + path[None, :] + drift + shock
    effect = tau_unit[:, None] * cells.exposure[cells.pilots]
    eta = pm.Deterministic("eta", pt.inc_subtensor(without[cells.pilots], effect), dims=("unit", "time"))
    return tau_unit, eta


def _satt(outcome: Outcome, cells: Cells, centre: float, tau_unit: Any, eta: Any) -> None:
    """Average effect over fully exposed cells of pilots, as in `primum.effects.averages`."""
    import pymc as pm
    import pytensor.tensor as pt

    rows, columns = np.nonzero(cells.exposure[cells.pilots] == 1)
    logits = centre + eta[cells.pilots[rows], columns]
    difference = pt.sigmoid(logits) - pt.sigmoid(logits - tau_unit[rows])
    pm.Deterministic("satt", outcome.factor * difference.mean())


def sample_textbook(
    spec: Spec, panel: Panel, outcome: str, *, draws: int, tune: int, chains: int, cores: int, seed: int
) -> dict[str, Any]:
    """Sample the textbook model with PyMC's own NUTS, everything else at its default, and time it.

    Since PyMC 6 a plain `pm.sample()` takes nutpie where that is installed, so the sampler is named.

    Parameters
    ----------
    spec, panel, outcome
        As for `textbook`.
    draws, tune, chains, cores, seed
        As for `pymc.sample`; draws and tune are per chain.

    Returns
    -------
    dict
        ``seconds_total``: building, compiling and sampling. ``seconds_sample``: PyMC's own
        ``sampling_time``, from the start of the chains to the end of the last one.
        ``draws``: Dataset of `REPORTED`, dims chain and draw first. ``divergences``: a count, and
        ``steps``: mean leapfrog steps a draw.
    """
    import pymc as pm

    started = time.perf_counter()
    with textbook(spec, panel, outcome):
        tree = pm.sample(
            draws=draws,
            tune=tune,
            chains=chains,
            cores=cores,
            random_seed=seed,
            nuts_sampler="pymc",
            progressbar=False,
            compute_convergence_checks=False,
        )
    total = time.perf_counter() - started
    posterior = tree["posterior"].to_dataset()
    statistics = tree["sample_stats"]
    return {
        "seconds_total": total,
        "seconds_sample": float(posterior.attrs["sampling_time"]),
        "draws": posterior[list(REPORTED)],
        "divergences": int(statistics["diverging"].sum()),
        "steps": float(statistics["n_steps"].mean()),
    }
