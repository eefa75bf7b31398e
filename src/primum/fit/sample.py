"""Sampling one outcome: from a specification and a panel to a tree of draws."""

from __future__ import annotations

import os
import time
from zlib import crc32

import numpy as np
import xarray as xr

from primum.fit.compile import compiled
from primum.fit.predict import predict
from primum.fit.progress import progress
from primum.model import build, cells_of
from primum.model.families import family_of
from primum.panel import Panel
from primum.spec import Outcome, Spec

KEPT = (
    "mu", "beta_pilot", "sigma_alpha", "lambda", "q", "s", "sigma", "tau", "sigma_tau", "tau_unit",
    "eta",
)  # fmt: skip
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
    import nutpie

    started = time.perf_counter()
    model = build(spec, panel, outcome.name)
    kept = tuple(name for name in KEPT if name in model.named_vars)
    program = compiled(model, outcome.family, kept)
    compiled_at = time.perf_counter()
    settings = spec.sampler
    with progress(outcome.label, settings.chains, show) as reporting:
        tree = nutpie.sample(
            program,
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            cores=min(settings.chains, os.cpu_count() or 1),
            seed=seed_for(spec.seed, outcome.name),
            target_accept=settings.target_accept,
            save_warmup=False,
            **reporting,
        )
    sampled_at = time.perf_counter()
    posterior = tree["posterior"].to_dataset()[list(kept)]
    # seven digits are plenty for a latent and halve the file
    posterior["eta"] = posterior["eta"].astype(np.float32)
    family, cells = family_of(outcome.family), cells_of(panel.dataset, outcome)
    rng = np.random.default_rng([spec.seed, crc32(outcome.name.encode())])
    step = max(1, settings.chains * settings.draws // PREDICTIVE_DRAWS)
    thinned = posterior.isel(draw=slice(None, None, step))
    predictive, density = predict(thinned, family, cells, family.standard(cells), rng)
    stats = tree["sample_stats"].to_dataset()[["diverging", "energy", "n_steps", "step_size", "logp"]]
    result = xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "sample_stats": stats,
            "posterior_predictive": predictive,
            "log_likelihood": density,
            "observed_data": observed_data(panel, outcome),
        }
    )
    result.attrs = {"seconds_compile": compiled_at - started, "seconds_sample": sampled_at - compiled_at}
    return result


def observed_data(panel: Panel, outcome: Outcome) -> xr.Dataset:
    """Values of one outcome as the panel has them, with its denominators where it has any."""
    names = [outcome.name] if outcome.denominator is None else [outcome.name, f"{outcome.name}_denominator"]
    return panel.dataset[names].drop_vars("label")


def seed_for(seed: int, name: str) -> int:
    """Seed of one outcome, which does not depend on the outcomes beside it."""
    return int(np.random.SeedSequence([seed, crc32(name.encode())]).generate_state(1)[0])
