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
from primum.model.data import arrays_of, guesses_of
from primum.model.families import Family
from primum.model.layout import LATENTS, SCALARS, SIGNED, TAILED, Layout, layout_of
from primum.spec import Priors
from primum.spec.spec import Sampler

Guesses = Mapping[str, tuple[Array, Array]]
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
    model = model_for(family, cells, priors)
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
    unit_scale = np.empty((chains, settings.draws, units if cells.varied else 0), dtype=np.float32)
    for chain, each in enumerate(vectors):
        packed = each[:, layout.head :].view(np.float32)
        eta[chain] = packed[:, : times * units].reshape(-1, times, units).transpose(0, 2, 1)[:, place]
        if cells.weighting is not None:
            pairs = packed[:, times * units : times * units + int((cells.weighting.base > 0).sum())]
            weight[chain][:, cells.weighting.base > 0] = pairs
        if cells.varied:
            first = layout.reported["unit_scale"].start - layout.head
            unit_scale[chain] = packed[:, first : first + units][:, place]
    stacked = {name: np.stack([_column(batch, name)[settings.tune :] for batch in stats]) for name in STATS}
    extra = {} if cells.weighting is None else {"weight": weight}
    extra |= {"unit_scale": unit_scale} if cells.varied else {}
    return Draws({**values, "eta": eta, **extra}, stacked)


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


def model_for(family: Family, cells: Cells, priors: Priors) -> Any:
    """One outcome's model as nutpie calls it."""
    arrays, guesses = arrays_of(cells, family, priors), guesses_of(cells, family, priors)
    return for_nutpie(program_of(family.name), arrays, layout_of(cells, family), guesses)


def for_nutpie(
    program: Program, arrays: Mapping[str, NDArray[Any]], layout: Layout, guesses: Guesses | None = None
) -> Any:
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
        initial_point_func=lambda seed: start(layout, held["priors"], guesses or {}, seed),
        user_data=table_of(held, program.evaluate),
        shared_data=held,  # keeps the arrays where the table says they are
        shared_var_keys={},
        logp_func=program,
        expand_func=program,
    )


def start(layout: Layout, priors: Array, guesses: Guesses, seed: int) -> Array:
    """Where a chain starts: some two SDs from a guess, or else around the prior, and coordinates of units at 1 or -1.

    The sampler takes its first step sizes from the gradient where a chain starts. A standard normal has
    the same everywhere in size but at the ends of its range, and so has any other normal two SDs out: from
    draws of the prior, the first twenty draws took more gradients than the next two hundred.
    """
    rng = np.random.default_rng(seed)
    point = rng.choice(np.array([-1.0, 1.0]), size=layout.points)
    for name, field in layout.free.items():
        values = field.of(point)
        if name in guesses:
            location, spread = guesses[name]
            away = spread * rng.choice(np.array([-2.0, 2.0]), size=field.shape) * rng.uniform(0.75, 1.25, field.shape)
            values[...] = location + (np.maximum(away, -0.5 * location) if name in SIGNED else away)
        elif name in SCALARS:
            centre, scale = (0.0, 1.0) if name in TAILED or name == "kappa" else priors[SCALARS.index(name), :2]
            values[...] = centre + scale * (float(name in SIGNED) + rng.uniform(-0.5, 0.5))
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
