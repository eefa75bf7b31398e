"""Draws: from one outcome's cells to arrays of draws, by nutpie.

Trajectories are those of Hamiltonian dynamics with the standard normal part of the posterior
solved exactly (split Hamiltonian Monte Carlo: Shahbaba, Lan, Johnson and Neal, 2014). In the
transported coordinates nearly all of the posterior is standard normal, so seven gradients make
a draw where leapfrog steps need fifteen.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from primum.fit.compile import Program, program_of, table_of
from primum.fit.progress import progress
from primum.model import Cells
from primum.model.cells import Array
from primum.model.data import arrays_of
from primum.model.families import Family
from primum.model.layout import LATENTS, SCALARS, Layout, layout_of, sampled_as
from primum.spec import Priors
from primum.spec.spec import Sampler

STATS = ("diverging", "energy", "n_steps", "step_size", "logp")


@dataclass(frozen=True)
class Draws:
    """Draws and what the sampler says of them.

    Attributes
    ----------
    values
        Reported variables by name; shape (chain, draw, ...). Latents, eta (chain, draw, unit, time)
        and weight (chain, draw, pilot, comparator), are in single precision: seven digits are plenty,
        and thousands of them are kept.
    stats
        Statistics of `STATS` by name; shape (chain, draw).
    """

    values: dict[str, NDArray[Any]]
    stats: dict[str, NDArray[Any]]


def draw(
    family: Family,
    cells: Cells,
    priors: Priors,
    settings: Sampler,
    seed: int,
    *,
    label: str = "",
    cores: int | None = None,
    show: bool = False,
) -> Draws:
    """Sample one outcome's model.

    Parameters
    ----------
    family, cells, priors
        The outcome.
    settings
        Chains, draws, tuning and target acceptance.
    seed
        Seed of all chains.
    label
        What to call it in the progress bar.
    cores
        Chains that run at once; by default one a core.
    show
        Whether to show progress.
    """
    from threadpoolctl import threadpool_limits

    nutpie, layout, chains = nutpie_module(), layout_of(cells, family), settings.chains
    model = for_nutpie(program_of(family.name), arrays_of(cells, family, priors), layout)
    # chains are what runs at once: their small matrix products would otherwise each ask for every core
    with progress(label, chains, show) as reporting, threadpool_limits(1):
        trace = nutpie.sample(
            model,
            draws=settings.draws,
            tune=settings.tune,
            chains=chains,
            cores=min(chains, cores or os.cpu_count() or 1),
            seed=seed,
            target_accept=settings.target_accept,
            exact_normal_trajectory=True,
            return_raw_trace=True,
            **reporting,
        )
    drawn, stats = trace.get_arrow_trace()
    length = kept_length(layout)
    vectors = [_column(batch, "kept", length)[settings.tune :] for batch in drawn]
    heads = np.stack([each[:, : layout.head] for each in vectors])
    values = {name: field.of(heads) for name, field in layout.reported.items() if name not in LATENTS}
    times, units = layout.reported["eta"].shape
    place = np.argsort(cells.order)
    eta = np.empty((chains, settings.draws, units, times), dtype=np.float32)
    weight = np.zeros((chains, settings.draws, *_shape_of_weights(cells)), dtype=np.float32)
    for chain, each in enumerate(vectors):
        packed = each[:, layout.head :].view(np.float32)
        eta[chain] = packed[:, : times * units].reshape(-1, times, units).transpose(0, 2, 1)[:, place]
        if cells.weighting is not None:
            pairs = packed[:, times * units : layout.results - layout.head]
            weight[chain][:, cells.weighting.base > 0] = pairs
    stacked = {name: np.stack([_column(batch, name)[settings.tune :] for batch in stats]) for name in STATS}
    weights = {} if cells.weighting is None else {"weight": weight}
    return Draws({**values, "eta": eta, **weights}, stacked)


def _shape_of_weights(cells: Cells) -> tuple[int, ...]:
    return (0, 0) if cells.weighting is None else cells.weighting.base.shape


def kept_length(layout: Layout) -> int:
    """Length of what is kept of a draw: latents, in single precision, take half their places."""
    return layout.head + (layout.results - layout.head + 1) // 2


def _column(batch: Any, name: str, length: int | None = None) -> NDArray[Any]:
    """A column of nutpie's record batch, one value or one vector a draw."""
    import pyarrow

    values = pyarrow.array(batch.column(name))
    if length is None:
        return np.asarray(values.to_numpy(zero_copy_only=False))
    return np.asarray(values.flatten().to_numpy()).reshape(-1, length)


def for_nutpie(program: Program, arrays: Mapping[str, NDArray[Any]], layout: Layout) -> Any:
    """A program as nutpie calls it, holding one outcome's data."""
    from nutpie.compile_pymc import CompiledPyMCModel

    held = {name: np.ascontiguousarray(values) for name, values in {**arrays, "places": layout.places}.items()}
    return CompiledPyMCModel(
        dims=None,
        _coords=None,
        _shapes={"kept": (kept_length(layout),)},
        _n_dim=layout.points,
        n_expanded=kept_length(layout),
        shape_info=(["kept"], None, [(kept_length(layout),)]),
        compiled_logp_func=SimpleNamespace(address=program.density),
        compiled_expand_func=SimpleNamespace(address=program.expand),
        initial_point_func=lambda seed: start(layout, held["priors"], seed),
        user_data=table_of(held),
        shared_data=held,  # keeps the arrays where the table says they are
        shared_var_keys={},
        logp_func=program,
        expand_func=program,
    )


def start(layout: Layout, priors: Array, seed: int) -> Array:
    """Where a chain starts: hyperparameters within half a prior's scale of its middle, coordinates standard normal."""
    rng = np.random.default_rng(seed)
    point = rng.normal(size=layout.points)
    for place, name in enumerate(SCALARS):
        if name in layout.free:
            centre, scale = (0.0, 1.0) if name in {"sigma_tau", "kappa"} else priors[place]
            away = 1.0 if sampled_as(name).endswith("_signed") else 0.0
            point[layout.free[name].start] = centre + scale * (away + rng.uniform(-0.5, 0.5))
    slow = layout.free["lambda_drift"].of(point)
    slow *= 0.5 * priors[len(SCALARS), 1]
    return point


def nutpie_module() -> Any:
    """nutpie, without the two seconds of ArviZ that it imports and is not asked to use here."""
    if "nutpie" in sys.modules or "arviz" in sys.modules:
        return import_module("nutpie")
    sys.modules["arviz"] = _Deferred("arviz")
    try:
        return import_module("nutpie")
    finally:
        del sys.modules["arviz"]


class _Deferred(ModuleType):
    """Stands for a module until something of it is used, so that nutpie works for others in this process."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)
