"""refit: one exact fit of one outcome, no longer than it needs to be."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import xarray as xr

from primum.effects import OutcomeEffects, outcome_effects
from primum.effects.estimands import CORE
from primum.errors import SpecError
from primum.fit import Gate
from primum.fit.attempts import CAREFUL
from primum.fit.gate import MIN_ESS, gate_of, without_latents
from primum.fit.sample import draw_posterior
from primum.panel import Panel
from primum.spec import Spec
from primum.spec.spec import Sampler

FIRST_DRAWS, MAX_DRAWS, TUNE = 600, 4800, 150


@dataclass(frozen=True, eq=False)
class Refit:
    """An exact fit of one outcome.

    Attributes
    ----------
    effects
        Its effects: `primum.estimands.CORE`, so that no other decides how long it is.
    posterior
        Draws of its parameters without eta; dims (chain, draw, ...).
    gate
        The same verdict as a full fit's: on the sampler, parameters, latents and effects.
    seconds
        What it took.
    """

    effects: OutcomeEffects
    posterior: xr.Dataset
    gate: Gate
    seconds: float


def refit(
    spec: Spec, panel: Panel, outcome: str | None = None, *, ess: float = MIN_ESS, cores: int | None = None
) -> Refit:
    """Fit one outcome with as many draws as its gate needs.

    Chains are drawn again, twice as long, until every parameter and effect has the effective
    draws asked for and the gate passes, or 4,800 draws a chain have not been enough; tuning is 150 draws.
    After a divergent transition they are drawn again in smaller steps instead (target acceptance 0.95), once:
    longer chains diverge no less, so where that is not enough the gate says so. Machine code
    is compiled once for all refits of a family, whatever their data, priors and exposure.
    The result depends on the specification's seed and on nothing else.

    Parameters
    ----------
    spec, panel
        The evaluation.
    outcome
        Name of the outcome; may be left out where the specification has only one.
    ess
        Effective draws, bulk and tail, that every parameter and effect must have.
    cores
        Chains that run at once; by default one a core.

    Returns
    -------
    Refit

    Raises
    ------
    SpecError
        If the panel was read with another layout, the outcome is not given and is needed, or outcomes are fitted
        jointly, which a refit of one of them cannot answer for.

    Examples
    --------
    >>> import primum as pr
    >>> spec, simulation = pr.demo_spec(), pr.simulate(units=20, periods=8, pilots=4, seed=1)
    >>> again = pr.refit(spec, simulation.panel, "kinship")  # doctest: +SKIP
    >>> again.effects.table.loc["satt", "mean"]  # doctest: +SKIP
    """
    started = time.perf_counter()
    problems = [] if panel.layout == spec.data else ["the panel was read with another layout; read the panel again"]
    problems += apart_only(spec, "a refit")
    try:
        chosen = spec.chosen(outcome)
    except SpecError as error:
        raise SpecError("the refit", [*problems, *error.problems]) from None
    if problems:
        raise SpecError("the refit", problems)
    settings = replace(spec.sampler, draws=FIRST_DRAWS, tune=min(TUNE, spec.sampler.tune))
    while True:
        posterior, stats = draw_posterior(spec, panel, chosen, settings, cores=cores)
        found = outcome_effects(posterior, spec, panel, chosen, gate_of(posterior, stats, ess), ess, CORE)
        following = _next(settings, found.gate, diverged=bool(stats["diverging"].any()), ess=ess)
        if following is None:
            return Refit(found, without_latents(posterior), found.gate, time.perf_counter() - started)
        settings = following


def apart_only(spec: Spec, what: str) -> list[str]:
    """What is wrong with a specification of which one outcome is to be fitted."""
    if not spec.joint:
        return []
    return [f'joint is true, and {what} fits one outcome apart; use spec.change({{"joint": False}})']


def _next(settings: Sampler, gate: Gate, *, diverged: bool, ess: float) -> Sampler | None:
    """How to draw again; None where that is not needed, or would not help."""
    if gate.verdict == "PASS":
        return None
    if diverged and settings.target_accept < CAREFUL:
        return replace(settings, target_accept=CAREFUL)
    if settings.draws >= MAX_DRAWS or (diverged and gate.min_ess >= ess):
        return None
    return replace(settings, draws=2 * settings.draws)
