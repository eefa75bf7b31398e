"""Sampling outcomes, each apart or all jointly: from a specification and a panel to a tree of draws."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from primum.fit.compile import joint_programs, program_of
from primum.fit.draws import draw, draw_joint
from primum.fit.predict import predict
from primum.model import Cells, cells_of
from primum.model.families import family_of
from primum.model.joint import parts_of
from primum.model.layout import layout_of
from primum.panel import Panel
from primum.spec import Outcome, Spec
from primum.spec.spec import Sampler

PREDICTIVE_DRAWS = 1000
PREDICTIVE_VALUES = 50_000_000
_SAMPLE = ("chain", "draw")


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
    if spec.sampler.backend == "numba":
        program_of(outcome.family)
    compiled_at = time.perf_counter()
    posterior, stats = draw_posterior(spec, panel, outcome, spec.sampler, show=show)
    seconds = {"compile": compiled_at - started, "sample": time.perf_counter() - compiled_at}
    return _tree(posterior, stats, spec, panel, outcome, seconds)


def sample_joint(spec: Spec, panel: Panel, show: bool, which: str = "") -> xr.DataTree:
    """Fit all outcomes jointly.

    Parameters
    ----------
    spec, panel
        The evaluation.
    show
        Whether to show progress.
    which
        What to say in it of the panel.

    Returns
    -------
    xarray.DataTree
        Child ``outcomes`` holds what `sample_outcome` gives of each, with as many seconds each; child ``correlations``
        has variables level, path and effect, dims (chain, draw, outcome, other).
    """
    started = time.perf_counter()
    parts, settings = parts_of(spec, panel), spec.sampler
    for program in joint_programs(part.family.name for part in parts):
        program_of(program)
    compiled_at = time.perf_counter()
    seed = seed_for(spec.seed, " ".join(sorted(part.name for part in parts)))
    drawn = draw_joint(parts, spec.lkj, settings, seed, label=f"all outcomes{which}", show=show)
    shares = {"compile": compiled_at - started, "sample": time.perf_counter() - compiled_at}
    seconds = {name: value / len(parts) for name, value in shares.items()}
    cells = {part.name: part.cells for part in parts}
    stats = _stats(drawn.stats, settings)
    trees = {
        each.name: _tree(
            _posterior(drawn.values[each.name], panel, each, cells[each.name], settings),
            stats, spec, panel, each, seconds,
        )
        for each in spec.outcomes
    }  # fmt: skip
    names = [part.name for part in parts]
    dims = (*_SAMPLE, "outcome", "other")
    coords = {**_sample_coords(settings), "outcome": names, "other": names}
    order = [outcome.name for outcome in spec.outcomes]
    correlations = xr.Dataset({kind: (dims, values) for kind, values in drawn.correlations.items()}, coords)
    return xr.DataTree(
        children={
            "outcomes": xr.DataTree(children=trees),
            "correlations": xr.DataTree(correlations.sel(outcome=order, other=order)),
        }
    )


def _tree(
    posterior: xr.Dataset, stats: xr.Dataset, spec: Spec, panel: Panel, outcome: Outcome, seconds: dict[str, float]
) -> xr.DataTree:
    """All groups of one outcome."""
    family, cells = family_of(outcome.family), cells_of(panel.dataset, outcome)
    rng = np.random.default_rng([spec.seed, crc32(outcome.name.encode())])
    step = _thinning(spec.sampler.chains * spec.sampler.draws, cells.value.size)
    thinned = posterior.isel(draw=slice(None, None, step))
    predictive, density = predict(thinned, outcome.name, family, cells, family.standard(cells), rng)
    result = xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "sample_stats": stats,
            "posterior_predictive": predictive,
            "log_likelihood": density,
            "observed_data": observed_data(panel, outcome),
        }
    )
    result.attrs = {f"seconds_{name}": value for name, value in seconds.items()}
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
    return _posterior(drawn.values, panel, outcome, cells, settings), _stats(drawn.stats, settings)


def _posterior(
    values: Mapping[str, NDArray[Any]], panel: Panel, outcome: Outcome, cells: Cells, settings: Sampler
) -> xr.Dataset:
    """Draws of one outcome with their dims and the panel's names."""
    units = np.asarray(panel.dataset["unit"])
    coords = {
        **_sample_coords(settings),
        "unit": units,
        "time": cells.time,
        "pilot": units[cells.pilots],
        "comparator": units[cells.comparators],
        **({} if cells.terms is None else {"term": list(cells.terms.names)}),
        **({"covariate": list(outcome.covariates)} if outcome.covariates else {}),
        **({} if cells.regions is None else {"region": list(cells.regions.names)}),
    }
    dims = {name: field.dims for name, field in layout_of(cells, family_of(outcome.family)).reported.items()}
    dims |= {"eta": ("unit", "time"), "weight": ("pilot", "comparator"), "unit_scale": ("unit",)}
    dims |= {"shock": ("unit", "time"), "shock_scale": ("time",)}
    return xr.Dataset({name: ((*_SAMPLE, *dims[name]), drawn) for name, drawn in values.items()}, coords)


def _stats(stats: Mapping[str, NDArray[Any]], settings: Sampler) -> xr.Dataset:
    """What the sampler said, with dims."""
    return xr.Dataset({name: (_SAMPLE, values) for name, values in stats.items()}, _sample_coords(settings))


def _sample_coords(settings: Sampler) -> dict[str, NDArray[np.int64]]:
    return {"chain": np.arange(settings.chains), "draw": np.arange(settings.draws)}


def observed_data(panel: Panel, outcome: Outcome) -> xr.Dataset:
    """Values of one outcome as the panel has them, and what is known beside them, as far as there is any."""
    parts = [f"{outcome.name}_{part}" for part in (*outcome.measure.parts, "open")]
    observed = panel.dataset[[outcome.name, *(name for name in parts if name in panel.dataset)]]
    return observed.drop_vars(["label", "region"], errors="ignore")


def seed_for(seed: int, name: str) -> int:
    """Seed of one outcome, which does not depend on the outcomes beside it."""
    return int(np.random.SeedSequence([seed, crc32(name.encode())]).generate_state(1)[0])
