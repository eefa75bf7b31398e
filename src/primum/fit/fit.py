"""fit: from a specification and a panel to a Fit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import xarray as xr

from primum.errors import SpecError
from primum.fit.compile import compile_ahead
from primum.fit.gate import Gate, gate_of
from primum.fit.result import Fit
from primum.fit.resume import Checkpoints
from primum.fit.sample import sample_outcome
from primum.panel import Panel
from primum.spec import Spec


def fit(spec: Spec, panel: Panel, *, checkpoints: str | Path | None = None, show_progress: bool = True) -> Fit:
    """Fit every outcome of an evaluation.

    Parameters
    ----------
    spec
        The specification.
    panel
        The panel, read with ``spec.data``.
    checkpoints
        A folder in which finished outcomes are kept, so that a killed run resumes where it
        stopped; it is the caller's to remove. None keeps nothing.
    show_progress
        Whether to show progress in a terminal or notebook; it is silent elsewhere.

    Returns
    -------
    Fit
        With the gate's verdict on every outcome.

    Raises
    ------
    SpecError
        If the panel was read with another layout.

    Examples
    --------
    >>> import primum as pr
    >>> simulation = pr.simulate(units=20, periods=8, pilots=4, seed=1)
    >>> fit = pr.fit(pr.demo_spec(), simulation.panel)  # doctest: +SKIP
    >>> fit.gate.verdict  # doctest: +SKIP
    'PASS'
    """
    if panel.layout != spec.data:
        raise SpecError("the specification", ["the panel was read with another layout; read the panel again"])
    kept = Checkpoints.open(checkpoints, spec, panel)
    trees, gates, saved = {}, {}, []
    if spec.sampler.backend == "numba":
        compile_ahead(outcome.family for outcome in spec.outcomes)
    # an outcome is judged and kept while the next one is sampled
    with ThreadPoolExecutor(1) as judging:
        for outcome in spec.outcomes:
            tree = kept.load(outcome.name)
            if tree is None:
                tree = sample_outcome(spec, panel, outcome, show_progress)
                saved.append(judging.submit(kept.save, outcome.name, tree))
            trees[outcome.name] = tree
            gates[outcome.name] = judging.submit(_judge, tree)
    for each in saved:
        each.result()
    return Fit(spec, panel, xr.DataTree(children=trees), {name: each.result() for name, each in gates.items()})


def _judge(tree: xr.DataTree) -> Gate:
    return gate_of(tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset())
