"""Attempts: what did not pass the gate is sampled once more, with more care, before anybody is asked to.

The second is kept whatever its verdict: to keep the better of two would be to choose by luck.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from primum.fit.gate import Gate
from primum.fit.imputed import Imputed
from primum.fit.result import Fit
from primum.spec import Spec
from primum.spec.spec import Sampler

CAREFUL = 0.95
LARGE = 2**30  # bytes of a first attempt, beyond which a second has no more draws
_MADE = "attempts"


def attempts_of(tree: xr.DataTree) -> int:
    """How often what is in a tree was sampled."""
    return max(int(node.attrs.get(_MADE, 1)) for node in tree.subtree)


def careful(sampler: Sampler) -> Sampler:
    """Settings of a second attempt: smaller steps, and twice the tuning and draws."""
    target = max(CAREFUL, sampler.target_accept)
    return replace(sampler, tune=2 * sampler.tune, draws=2 * sampler.draws, target_accept=target)


def next_attempt(spec: Spec, tree: xr.DataTree, gate: Gate) -> Spec | None:
    """What to sample next, from other random numbers; None where it passed, or enough attempts were made.

    Of a first that is `LARGE` there is no room for twice the draws.
    """
    sampler, made = spec.sampler, attempts_of(tree)
    if gate.verdict == "PASS" or made > 1 or not sampler.repeats:
        return None
    settings, size = careful(sampler), sum(node.nbytes for node in tree.subtree)
    seed = int(np.random.SeedSequence([spec.seed, made]).generate_state(1)[0])
    return replace(spec, seed=seed, sampler=replace(settings, draws=sampler.draws) if size > LARGE else settings)


def in_all(before: xr.DataTree, after: xr.DataTree) -> xr.DataTree:
    """The later of two attempts, which says how many were made, and what they took together."""
    for node in after.subtree:
        seconds = [name for name in node.attrs if str(name).startswith("seconds_")]
        for name in seconds:
            node.attrs[name] += before[node.path].attrs[name]
        if seconds:
            node.attrs[_MADE] = attempts_of(before) + 1
    return after


def sampled_again(fit: Fit | Imputed) -> dict[str, dict[Any, int]]:
    """Draws a chain of what was sampled twice, by outcome and by imputation, which has no name where there are none."""
    fits = fit.fits if isinstance(fit, Imputed) else {"": fit}
    found = {
        outcome.name: {
            name: int(each.posterior(outcome.name).sizes["draw"])
            for name, each in fits.items()
            if attempts_of(each[outcome.name]) > 1
        }
        for outcome in fit.spec.outcomes
    }
    return {name: each for name, each in found.items() if each}
