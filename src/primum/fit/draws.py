"""Draws: from one outcome's cells to arrays of draws, by nutpie.

Trajectories are those of Hamiltonian dynamics with the standard normal part of the posterior
solved exactly (split Hamiltonian Monte Carlo: Shahbaba, Lan, Johnson and Neal, 2014). In the
transported coordinates nearly all of the posterior is standard normal, so seven gradients make
a draw where leapfrog steps need fifteen.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from primum.errors import PrimumError
from primum.fit.compile import JOINT, Program, joined, joint_table_of, program_of, table_of
from primum.fit.progress import progress
from primum.model import Cells
from primum.model.cells import Array
from primum.model.data import arrays_of, guesses_of
from primum.model.families import Family
from primum.model.joint import Part, kinds_of
from primum.model.kernel.joint import count_of
from primum.model.layout import LATENTS, SCALARS, SIGNED, TAILED, Layout, layout_of
from primum.spec import Priors
from primum.spec.spec import Sampler

Guesses = Mapping[str, tuple[Array, Array]]
_NO_START = ("initialization points", "initial gradient", "Poisoned sampler state")
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


@dataclass(frozen=True)
class JointDraws:
    """Draws of outcomes that are fitted jointly.

    Attributes
    ----------
    values
        Of each outcome, by its name, as in `Draws`.
    correlations
        By kind, in the order of outcomes that was given; shape (chain, draw, outcome, outcome).
    stats
        As in `Draws`.
    """

    values: dict[str, dict[str, NDArray[Any]]]
    correlations: dict[str, Array]
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
    layout, model = layout_of(cells, family), model_for(family, cells, priors)
    vectors, stats = _sample(model, kept_length(layout), settings, seed, label, cores, show)
    return Draws(_values(vectors, cells, layout), stats)


def draw_joint(
    parts: Sequence[Part], prior: float, settings: Sampler, seed: int, *, label: str = "", show: bool = False
) -> JointDraws:
    """Sample the model of several outcomes jointly.

    Parameters
    ----------
    parts
        The outcomes, in the order in which they are joined.
    prior
        Parameter of the correlations' LKJ prior.
    settings, seed, label, show
        As `draw` takes them.
    """
    layouts = [layout_of(part.cells, part.family) for part in parts]
    lengths = [_pairs(parts), *map(kept_length, layouts)]
    model = joint_model_for(parts, prior)
    vectors, stats = _sample(model, sum(lengths), settings, seed, label, None, show)
    pieces = [np.split(each, np.cumsum(lengths)[:-1], axis=1) for each in vectors]
    values = {
        part.name: _values([each[place] for each in pieces], part.cells, layout)
        for place, (part, layout) in enumerate(zip(parts, layouts, strict=True), 1)
    }
    kinds = kinds_of(parts)
    below = np.stack([each[0] for each in pieces]).reshape(settings.chains, settings.draws, len(kinds), -1)
    rows, columns = np.tril_indices(len(parts), -1)
    whole = np.tile(np.eye(len(parts)), (*below.shape[:3], 1, 1))
    whole[..., rows, columns] = whole[..., columns, rows] = below
    return JointDraws(values, {kind: whole[:, :, place] for place, kind in enumerate(kinds)}, stats)


def _sample(
    model: Any, length: int, settings: Sampler, seed: int, label: str, cores: int | None, show: bool
) -> tuple[list[Array], dict[str, NDArray[Any]]]:
    """What is kept of every draw, one array a chain of shape (draw, length), and what the sampler said."""
    from threadpoolctl import threadpool_limits

    nutpie, chains = nutpie_module(), settings.chains
    # chains are what runs at once: their small matrix products would otherwise each ask for every core
    with progress(label, chains, show) as reporting, threadpool_limits(1), _starts_named(label):
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
    vectors = [_column(batch, "kept", length)[settings.tune :] for batch in drawn]
    return vectors, {name: np.stack([_column(batch, name)[settings.tune :] for batch in stats]) for name in STATS}


@contextmanager
def _starts_named(label: str) -> Iterator[None]:
    """An error that says what a user can do where no chain finds a point to start from."""
    try:
        yield
    except BaseException as error:  # nutpie panics, which is no Exception, where a gradient is not finite
        if isinstance(error, KeyboardInterrupt) or not any(each in str(error) for each in _NO_START):
            raise
        raise PrimumError(
            f"{label or 'the outcome'}: no chain found a point to start from, since the model's density or its slope "
            "is not finite there; look for values that never change or are out of all proportion to the others "
            "(`primum describe`), or priors that are"
        ) from None


def _values(vectors: list[Array], cells: Cells, layout: Layout) -> dict[str, NDArray[Any]]:
    """Reported variables out of what was kept of one outcome, chain by chain.

    It empties the list as it goes: of many areas and periods there is no room for all draws twice.
    """
    heads = np.stack([each[:, : layout.head] for each in vectors])
    chains, draws = heads.shape[:2]
    values = {name: field.of(heads) for name, field in layout.reported.items() if name not in LATENTS}
    times, units = layout.reported["eta"].shape
    place = np.argsort(cells.order)
    cellwise = {
        name: np.empty((chains, draws, units, times), dtype=np.float32)
        for name in ("eta", "shock")
        if name in layout.reported
    }
    weight = np.zeros((chains, draws, *_shape_of_weights(cells)), dtype=np.float32)
    unit_scale = np.empty((chains, draws, units if cells.varied else 0), dtype=np.float32)
    for chain in range(chains):
        packed = vectors.pop(0)[:, layout.head :].view(np.float32)
        for name, kept in cellwise.items():
            first = layout.reported[name].start - layout.head
            kept[chain] = (
                packed[:, first : first + times * units].reshape(-1, times, units).transpose(0, 2, 1)[:, place]
            )
        if cells.weighting is not None:
            pairs = packed[:, times * units : times * units + int((cells.weighting.base > 0).sum())]
            weight[chain][:, cells.weighting.base > 0] = pairs
        if cells.varied:
            first = layout.reported["unit_scale"].start - layout.head
            unit_scale[chain] = packed[:, first : first + units][:, place]
    extra = {} if cells.weighting is None else {"weight": weight}
    extra |= {"unit_scale": unit_scale} if cells.varied else {}
    return {**values, **cellwise, **extra}


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


def joint_model_for(parts: Sequence[Part], prior: float) -> Any:
    """Several outcomes' joint model as nutpie calls it."""
    layouts = [layout_of(part.cells, part.family) for part in parts]
    programs = [program_of(joined(part.family.name)) for part in parts]
    arrays = [
        _held(arrays_of(part.cells, part.family, part.priors), layout)
        for part, layout in zip(parts, layouts, strict=True)
    ]
    guesses = [guesses_of(part.cells, part.family, part.priors) for part in parts]
    tables = [table_of(held, program.evaluate) for held, program in zip(arrays, programs, strict=True)]
    each = [
        (program.evaluate, table, layout.points, layout.results)
        for program, table, layout in zip(programs, tables, layouts, strict=True)
    ]
    units, periods = parts[0].cells.value.shape
    pilots = parts[0].cells.pilots.size
    bounds = (units, units * periods, units * periods + pilots, units * (periods + 1))[: len(kinds_of(parts))]
    eta = np.array([prior])

    def starts(seed: int) -> Array:
        seeds = np.random.SeedSequence(seed).generate_state(1 + len(parts))
        near = np.random.default_rng(seeds[0]).uniform(-0.5, 0.5, size=_pairs(parts))
        own = zip(layouts, arrays, guesses, seeds[1:].tolist(), strict=True)
        return np.concatenate([near, *(start(layout, held["priors"], guess, at) for layout, held, guess, at in own)])

    return _compiled(
        program_of(JOINT),
        joint_table_of(eta, bounds, each),
        points=_pairs(parts) + sum(layout.points for layout in layouts),
        kept=_pairs(parts) + sum(map(kept_length, layouts)),
        starts=starts,
        held={"outcomes": arrays, "tables": tables, "prior": eta, "programs": programs},
    )


def _pairs(parts: Sequence[Part]) -> int:
    """How many correlations there are, of all kinds."""
    return count_of(len(kinds_of(parts)), len(parts))


def _held(arrays: Mapping[str, NDArray[Any]], layout: Layout) -> dict[str, NDArray[Any]]:
    """Arrays of one outcome, each in one piece."""
    return {name: np.ascontiguousarray(values) for name, values in {**arrays, "places": layout.places}.items()}


def for_nutpie(
    program: Program, arrays: Mapping[str, NDArray[Any]], layout: Layout, guesses: Guesses | None = None
) -> Any:
    """A program as nutpie calls it, holding one outcome's data."""
    held = _held(arrays, layout)
    return _compiled(
        program,
        table_of(held, program.evaluate),
        points=layout.points,
        kept=kept_length(layout),
        starts=lambda seed: start(layout, held["priors"], guesses or {}, seed),
        held=held,
    )


def _compiled(
    program: Program, table: NDArray[np.int64], *, points: int, kept: int, starts: Callable[[int], Array], held: Any
) -> Any:
    return nutpie_module().compile_pymc.CompiledPyMCModel(
        dims=None,
        _coords=None,
        _shapes={"kept": (kept,)},
        _n_dim=points,
        n_expanded=kept,
        shape_info=(["kept"], None, [(kept,)]),
        compiled_logp_func=SimpleNamespace(address=program.density),
        compiled_expand_func=SimpleNamespace(address=program.expand),
        initial_point_func=starts,
        user_data=table,
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
