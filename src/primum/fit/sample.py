"""Sampling one outcome: from a specification and a panel to a tree of draws."""

from __future__ import annotations

import time
from zlib import crc32

import numpy as np
import xarray as xr

from primum.fit.compile import program_of
from primum.fit.draws import draw
from primum.fit.predict import predict
from primum.model import cells_of
from primum.model.families import family_of
from primum.model.layout import layout_of
from primum.panel import Panel
from primum.spec import Outcome, Spec
from primum.spec.spec import Sampler

PREDICTIVE_DRAWS = 1000
PREDICTIVE_VALUES = 50_000_000


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
    if spec.sampler.backend == "numba":
        program_of(family.name)
    compiled_at = time.perf_counter()
    posterior, stats = draw_posterior(spec, panel, outcome, spec.sampler, show=show)
    sampled_at = time.perf_counter()
    rng = np.random.default_rng([spec.seed, crc32(outcome.name.encode())])
    step = _thinning(spec.sampler.chains * spec.sampler.draws, cells.value.size)
    thinned = posterior.isel(draw=slice(None, None, step))
    predictive, density = predict(thinned, family, cells, family.standard(cells), rng)
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


def _thinning(draws: int, cells: int) -> int:
    """Every how many draws predictions are kept: about 1,000 of them, fewer where there are very many cells."""
    return max(1, draws // PREDICTIVE_DRAWS, draws * cells // PREDICTIVE_VALUES)


def draw_posterior(
    spec: Spec, panel: Panel, outcome: Outcome, settings: Sampler, *, cores: int | None = None, show: bool = False
) -> tuple[xr.Dataset, xr.Dataset]:
    """Draws of one outcome with their dims and the panel's names, and what the sampler said.

    Parameters
    ----------
    spec, panel, outcome
        The evaluation.
    settings
        Chains, draws and tuning, which may differ from the specification's.
    cores
        Chains that run at once; by default one a core.
    show
        Whether to show progress.

    Returns
    -------
    posterior, sample_stats
        Dims (chain, draw, ...).
    """
    family, cells = family_of(outcome.family), cells_of(panel.dataset, outcome)
    seed = seed_for(spec.seed, outcome.name)
    priors = outcome.all_priors()
    if settings.backend == "jax":
        from primum.fit.jax_draws import draw_with_jax

        drawn = draw_with_jax(family, cells, priors, settings, seed)
    else:
        drawn = draw(family, cells, priors, settings, seed, label=outcome.label, cores=cores, show=show)
    units, sample = np.asarray(panel.dataset["unit"]), ("chain", "draw")
    coords = {
        "chain": np.arange(settings.chains),
        "draw": np.arange(settings.draws),
        "unit": units,
        "time": cells.time,
        "pilot": units[cells.pilots],
        "comparator": units[cells.comparators],
        **({} if cells.terms is None else {"term": list(cells.terms.names)}),
        **({} if cells.regions is None else {"region": list(cells.regions.names)}),
    }
    dims = {name: field.dims for name, field in layout_of(cells, family).reported.items()}
    dims |= {"eta": ("unit", "time"), "weight": ("pilot", "comparator"), "unit_scale": ("unit",)}
    posterior = xr.Dataset({name: ((*sample, *dims[name]), values) for name, values in drawn.values.items()}, coords)
    stats = xr.Dataset(
        {name: (sample, values) for name, values in drawn.stats.items()}, {name: coords[name] for name in sample}
    )
    return posterior, stats


def observed_data(panel: Panel, outcome: Outcome) -> xr.Dataset:
    """Values of one outcome as the panel has them, and what is known beside them, as far as there is any."""
    parts = [f"{outcome.name}_{part}" for part in (*outcome.measure.parts, "open")]
    observed = panel.dataset[[outcome.name, *(name for name in parts if name in panel.dataset)]]
    return observed.drop_vars(["label", "region"], errors="ignore")


def seed_for(seed: int, name: str) -> int:
    """Seed of one outcome, which does not depend on the outcomes beside it."""
    return int(np.random.SeedSequence([seed, crc32(name.encode())]).generate_state(1)[0])
