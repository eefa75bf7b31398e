"""fit: from a specification and a panel to a Fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

import numpy as np
import xarray as xr

from primum.errors import PanelError, PrimumError, SpecError
from primum.fit.attempts import in_all, next_attempt
from primum.fit.compile import JOINT, compile_ahead, joint_programs
from primum.fit.correlations import pairs_of
from primum.fit.gate import Gate, diagnose, gate_of, judge, together
from primum.fit.imputed import Imputed
from primum.fit.result import Fit
from primum.fit.resume import Checkpoints
from primum.fit.sample import sample_joint, sample_outcome
from primum.panel import Panel
from primum.panel.imputed import differences
from primum.spec import Outcome, Spec

_AGAIN = ", again"
Imputations = Mapping[Any, Panel] | Sequence[Panel]  # by name, or in order


@overload
def fit(spec: Spec, panel: Panel, *, checkpoints: str | Path | None = ..., show_progress: bool = ...) -> Fit: ...
@overload
def fit(
    spec: Spec, panel: Imputations, *, checkpoints: str | Path | None = ..., show_progress: bool = ...
) -> Imputed: ...
@overload
def fit(
    spec: Spec, panel: Panel | Imputations, *, checkpoints: str | Path | None = ..., show_progress: bool = ...
) -> Fit | Imputed: ...
def fit(
    spec: Spec, panel: Panel | Imputations, *, checkpoints: str | Path | None = None, show_progress: bool = True
) -> Fit | Imputed:
    """Fit every outcome of an evaluation, each apart or, with ``joint = true``, all jointly.

    An outcome whose parameters or latents do not pass the gate is sampled once more, from other random numbers, in
    smaller steps (target acceptance 0.95), with twice the tuning and, unless the first left more than 1 GiB, twice the
    draws. ``sampler.attempts = 1`` leaves it at the first, and so do fewer than 800 draws, which can hardly pass.

    Parameters
    ----------
    spec
        The specification.
    panel
        The panel, read with ``spec.data``; or several imputations of it, a list of panels or the dict that
        `Panel.imputed` reads, which give one analysis.
    checkpoints
        A folder in which finished outcomes are kept, so that a killed run resumes where it
        stopped; it is the caller's to remove. None keeps nothing.
    show_progress
        Whether to show progress in a terminal or notebook; it is silent elsewhere.

    Returns
    -------
    Fit or Imputed
        With the gate's verdict on every outcome; where there are imputations, on the chains of each by themselves.

    Raises
    ------
    SpecError
        If a panel was read with another layout.
    PanelError
        If imputations differ in more than values and denominators, or are fewer than two.

    Examples
    --------
    >>> import primum as pr
    >>> simulation = pr.simulate(units=20, periods=8, pilots=4, seed=1)
    >>> fit = pr.fit(pr.demo_spec(), simulation.panel)  # doctest: +SKIP
    >>> fit.gate.verdict  # doctest: +SKIP
    'PASS'
    """
    if isinstance(panel, Panel):
        return _fit(spec, panel, checkpoints, show_progress)
    panels = panel if isinstance(panel, Mapping) else dict(enumerate(panel, 1))
    if len(panels) < 2:
        problems = ["fewer than two are given; give a panel that was not imputed several times by itself"]
    else:
        problems = differences({name: each.dataset for name, each in panels.items()})
    if problems:
        raise PanelError("the imputations", problems)
    seeds = np.random.SeedSequence(spec.seed).generate_state(len(panels)).tolist()
    return Imputed(
        spec,
        {
            name: _fit(replace(spec, seed=seed), each, checkpoints, show_progress, f", imputation {name}")
            for (name, each), seed in zip(panels.items(), seeds, strict=True)
        },
    )


def _fit(spec: Spec, panel: Panel, checkpoints: str | Path | None, show_progress: bool, which: str = "") -> Fit:
    """Fit one panel; progress says which."""
    if panel.layout != spec.data:
        raise SpecError("the specification", ["the panel was read with another layout; read the panel again"])
    kept = Checkpoints.open(checkpoints, spec, panel)
    if spec.joint:
        return _fit_jointly(spec, panel, kept, show_progress, which)
    trees, judged, saved = {}, {}, []
    if spec.sampler.backend == "numba":
        compile_ahead(outcome.family for outcome in spec.outcomes)
    # an outcome is judged and kept while the next one is sampled
    with ThreadPoolExecutor(1) as judging:
        for outcome in spec.outcomes:
            tree = kept.load(outcome.name, spec.sampler.attempts)
            if tree is None:
                tree = sample_outcome(spec, panel, _shown(outcome, which), show_progress)
                saved.append(judging.submit(kept.save, outcome.name, tree))
            trees[outcome.name] = tree
            judged[outcome.name] = judging.submit(_judge, tree)
    for each in saved:
        each.result()
    gates = {name: each.result() for name, each in judged.items()}
    for outcome in spec.outcomes:
        name = outcome.name
        again = next_attempt(spec, trees[name], gates[name])
        if again is not None:
            with suppress(PrimumError):  # what cannot be sampled with more care stays as it was judged
                found = sample_outcome(again, panel, _shown(outcome, f"{which}{_AGAIN}"), show_progress)
                trees[name] = in_all(trees[name], found)
                kept.save(name, trees[name])
                gates[name] = _judge(trees[name])
    return Fit(spec, panel, xr.DataTree(children=trees), gates)


def _shown(outcome: Outcome, which: str) -> Outcome:
    """An outcome as progress names it."""
    return replace(outcome, label=f"{outcome.label}{which}")


def _fit_jointly(spec: Spec, panel: Panel, kept: Checkpoints, show_progress: bool, which: str) -> Fit:
    whole = kept.load(JOINT, spec.sampler.attempts)
    if whole is None:
        compile_ahead(joint_programs(outcome.family for outcome in spec.outcomes))
        whole = sample_joint(spec, panel, show_progress, which)
        kept.save(JOINT, whole)
    gates = _judge_jointly(spec, whole)
    again = next_attempt(spec, whole, together(gates.values()))
    if again is not None:
        with suppress(PrimumError):
            whole = in_all(whole, sample_joint(again, panel, show_progress, f"{which}{_AGAIN}"))
            kept.save(JOINT, whole)
            gates = _judge_jointly(spec, whole)
    trees = {outcome.name: whole["outcomes"].children[outcome.name].copy() for outcome in spec.outcomes}
    return Fit(spec, panel, xr.DataTree(children=trees), gates, whole["correlations"].to_dataset())


def _judge_jointly(spec: Spec, whole: xr.DataTree) -> dict[str, Gate]:
    """A correlation that was not explored is in doubt of every outcome."""
    shared = judge(diagnose(pairs_of(whole["correlations"].to_dataset())))
    return {outcome.name: _judge(whole["outcomes"].children[outcome.name]) & shared for outcome in spec.outcomes}


def _judge(tree: xr.DataTree) -> Gate:
    return gate_of(tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset())
