"""Simulated evaluations: panels of a given shape whose true average effect is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from scipy.optimize import brentq

from primum.effects.averages import over_cells, satt_weights
from primum.fit import Gate
from primum.fit.gate import gate_of
from primum.fit.predict import noise_of
from primum.fit.replicate import flat, new_units
from primum.fit.sample import draw_posterior
from primum.model import Cells, cells_of
from primum.model.cells import Array
from primum.model.families import family_of
from primum.model.families.binned import Binned
from primum.model.families.ordered import Ordered
from primum.panel import Panel
from primum.panel.design import usable
from primum.spec import Outcome, Spec

DRAWS = 600
_FARTHEST = 12.0  # on the linear predictor; no odds are moved further than by exp(12)


@dataclass(frozen=True, eq=False)
class Learned:
    """What comparators and the years before say of an outcome, the pilots' outcomes since being left unseen.

    Attributes
    ----------
    posterior
        Draws of the hyperparameters; dims (chain, draw, ...). Those of the effect are draws of their prior.
    gate
        Verdict on them.
    """

    posterior: xr.Dataset
    gate: Gate


def learn(spec: Spec, panel: Panel, outcome: Outcome, cores: int | None) -> Learned:
    """Fit an outcome without the pilots' cells under exposure."""
    settings = replace(spec.sampler, draws=DRAWS)
    posterior, stats = draw_posterior(spec, before_exposure(panel, outcome), outcome, settings, cores=cores)
    return Learned(posterior.drop_vars("eta"), gate_of(posterior, stats))


def before_exposure(panel: Panel, outcome: Outcome) -> Panel:
    """The panel with an outcome's values, and intervals, empty wherever there is exposure."""
    unseen = panel.dataset["exposure"] == 0
    return _with_values(panel, {name: panel.dataset[name].where(unseen) for name in _values(panel, outcome)})


def simulate(learned: Learned, panel: Panel, outcome: Outcome, effect: float, number: int, seed: list[int]) -> Panel:
    """A panel of new units whose SATT is exactly an effect.

    Parameters
    ----------
    learned
        Where hyperparameters come from: one draw, another for every `number`.
    panel
        Its units, periods, exposure, denominators and gaps are kept.
    outcome
        The outcome.
    effect
        True SATT, in the outcome's unit; effects of single pilots vary around it.
    number
        Of the simulation.
    seed
        With `number`, it decides everything but the effect.

    Raises
    ------
    ValueError
        If no average effect on the linear predictor makes it, such as a fall by more points than there are.
    """
    family, cells = family_of(outcome.family), cells_of(panel.dataset, outcome)
    standard = family.standard(cells)
    rng = np.random.default_rng([*seed, number])
    sizes = learned.posterior.sizes
    place = rng.integers(sizes["chain"] * sizes["draw"])
    chosen = learned.posterior.isel(chain=[place // sizes["draw"]], draw=[place % sizes["draw"]])
    without, away = (values[0] for values in new_units(chosen, cells, rng))
    pilots, ones = cells.pilots, np.ones(1)
    weight = satt_weights(cells.exposure[pilots] == 1, cells.denominator[pilots], outcome.target)
    expected = family.mean(without, ones, cells, standard)

    def error(tau: float) -> float:
        exposed = family.mean(without + tau * cells.exposure + away, ones, cells, standard)
        return float(over_cells(outcome.factor * (exposed - expected)[pilots], weight)) - effect

    if error(-_FARTHEST) * error(_FARTHEST) > 0:
        raise ValueError(f"no panel like this one has an average effect of {effect:g} {outcome.unit}")
    tau = brentq(error, -_FARTHEST, _FARTHEST)
    noise, eta, still = flat(noise_of(chosen))[0], without + tau * cells.exposure + away, None
    if isinstance(family, Binned | Ordered):
        value, still = family.records(rng, eta, float(noise[0, 0]), cells, standard)
    else:
        value = family.draw(rng, eta, noise, cells, standard).astype(float)
    return _with_values(panel, _replaced(panel, outcome, value, still, cells))


def _replaced(panel: Panel, outcome: Outcome, value: Array, still: Array | None, cells: Cells) -> dict[str, Any]:
    """Values, and open records, where the panel has any; intervals and hidden bins become counts."""
    names = _values(panel, outcome)
    made = {outcome.name: value}
    if still is not None and f"{outcome.name}_open" in names:
        made[f"{outcome.name}_open"] = still
    seen = usable(panel.dataset, outcome.name) & cells.observed
    found = {name: panel.dataset[name].where(False) for name in names}
    for name, values in made.items():
        where = seen if cells.bins is None else seen[..., None]
        found[name] = panel.dataset[name].copy(data=np.where(where, values, np.nan))
    return found


def _values(panel: Panel, outcome: Outcome) -> list[str]:
    names = (outcome.name, *(f"{outcome.name}_{part}" for part in ("low", "high", "open")))
    return [name for name in names if name in panel.dataset]


def _with_values(panel: Panel, values: dict[str, Any]) -> Panel:
    return Panel(panel.dataset.assign(values), panel.layout)
