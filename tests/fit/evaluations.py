"""Fits for the tests of this folder: one that is really sampled, and small canned ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import xarray as xr

from primum.fit import Fit
from primum.panel import Panel
from primum.sources import simulate
from primum.spec import Spec
from primum.testing import tiny_fit
from tests.model.panels import Hyper, spec_of, table_of

SAMPLER = {"sampler.chains": 4, "sampler.draws": 1000, "sampler.tune": 400, "sampler.target_accept": 0.9}
HYPER = Hyper(mu=0.0, tau=0.5, sigma_tau=0.3, sigma=0.25, s=0.0)


@dataclass(frozen=True)
class RealFit:
    """A fit, what it was made from, and how it went.

    Attributes
    ----------
    shown
        What was printed on the terminal.
    """

    spec: Spec
    panel: Panel
    fit: Fit
    shown: str


def tiny_evaluation(*names: str) -> tuple[Spec, Panel]:
    """Normal outcomes without denominators, six cells of each missing, in the order asked for."""
    table = table_of(
        "normal", ("first", "first_again"), units=14, pilots=4, missing=6, text_units=True, hyper=HYPER, seed=5
    )
    spec = spec_of("normal", names, counted=False, changes=SAMPLER)
    return spec, Panel.from_frame(table, spec.data)


@cache
def small_fit(seed: int = 1) -> Fit:
    """A canned fit of a duration and a share, with few enough draws to be written quickly."""
    whole = tiny_fit(seed)
    spec = replace(whole.spec, outcomes=whole.spec.outcomes[2:])
    panel = Panel.from_frame(simulate(units=12, periods=8, pilots=3, seed=seed).table, spec.data)
    trees = {outcome.name: thinned(whole[outcome.name]) for outcome in spec.outcomes}
    gates = {outcome.name: whole.gates[outcome.name] for outcome in spec.outcomes}
    return Fit(spec, panel, xr.DataTree(children=trees), gates)


def thinned(tree: xr.DataTree) -> xr.DataTree:
    groups = {name: child.to_dataset() for name, child in tree.children.items()}
    few = {name: group.isel(draw=slice(0, 20), missing_dims="ignore") for name, group in groups.items()}
    result = xr.DataTree.from_dict(few)
    result.attrs = dict(tree.attrs)
    return result
