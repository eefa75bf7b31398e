"""Sampling one outcome: from a specification and a panel to a tree of draws."""

from __future__ import annotations

import time
from zlib import crc32

import numpy as np
import xarray as xr

from primum.fit.compile import program_of
from primum.fit.draws import Draws, draw
from primum.fit.predict import predict
from primum.model import Cells, cells_of
from primum.model.families import family_of
from primum.model.layout import Layout, layout_of
from primum.panel import Panel
from primum.spec import Outcome, Spec

PREDICTIVE_DRAWS = 1000


def sample_outcome(spec: Spec, panel: Panel, outcome: Outcome, show: bool) -> xr.DataTree:
    """Fit one outcome.

    Parameters
    ----------
    spec, panel
        The evaluation.
    outcome
        Which of its outcomes.
    show
        Whether to show progress.

    Returns
    -------
    xarray.DataTree
        Groups posterior, sample_stats, posterior_predictive, log_likelihood (both of about
        1,000 evenly spaced draws) and observed_data. Attributes ``seconds_compile`` and ``seconds_sample``.
    """
    started = time.perf_counter()
    family, cells = family_of(outcome.family), cells_of(panel.dataset, outcome)
    settings = spec.sampler
    program_of(family.name)
    compiled_at = time.perf_counter()
    seed = seed_for(spec.seed, outcome.name)
    drawn = draw(family, cells, outcome.all_priors(), settings, seed, label=outcome.label, show=show)
    sampled_at = time.perf_counter()
    posterior = posterior_of(drawn, layout_of(cells, family), cells, np.asarray(panel.dataset["unit"]))
    rng = np.random.default_rng([spec.seed, crc32(outcome.name.encode())])
    step = max(1, settings.chains * settings.draws // PREDICTIVE_DRAWS)
    thinned = posterior.isel(draw=slice(None, None, step))
    predictive, density = predict(thinned, family, cells, family.standard(cells), rng)
    sample = ("chain", "draw")
    result = xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "sample_stats": xr.Dataset(
                {name: (sample, values) for name, values in drawn.stats.items()},
                {name: posterior[name] for name in sample},
            ),
            "posterior_predictive": predictive,
            "log_likelihood": density,
            "observed_data": observed_data(panel, outcome),
        }
    )
    result.attrs = {"seconds_compile": compiled_at - started, "seconds_sample": sampled_at - compiled_at}
    return result


def posterior_of(drawn: Draws, layout: Layout, cells: Cells, units: np.ndarray) -> xr.Dataset:
    """Draws with their dims and the panel's names."""
    chains, draws = drawn.values["mu"].shape
    coords = {
        "chain": np.arange(chains),
        "draw": np.arange(draws),
        "unit": units,
        "time": cells.time,
        "pilot": units[cells.pilots],
    }
    variables = {
        name: (("chain", "draw", *field.dims), drawn.values[name]) for name, field in layout.reported.items()
    }
    # seven digits are plenty for a latent and halve the file
    eta = drawn.values["eta"].astype(np.float32).swapaxes(-1, -2)
    return xr.Dataset({**variables, "eta": (("chain", "draw", "unit", "time"), eta)}, coords)


def observed_data(panel: Panel, outcome: Outcome) -> xr.Dataset:
    """Values of one outcome as the panel has them, with its denominators where it has any."""
    names = [outcome.name] if outcome.denominator is None else [outcome.name, f"{outcome.name}_denominator"]
    return panel.dataset[names].drop_vars("label")


def seed_for(seed: int, name: str) -> int:
    """Seed of one outcome, which does not depend on the outcomes beside it."""
    return int(np.random.SeedSequence([seed, crc32(name.encode())]).generate_state(1)[0])
