"""Draws by NumPyro, from the PyMC model as JAX sees it: for accelerators, where chains run side by side.

The same model, transported coordinates and chain starts as `primum.fit.draws`, whose hand-written
kernel and split trajectories are out of JAX's reach: PyTensor translates the graph, JAX
differentiates it, and NumPyro's NUTS takes the usual leapfrog steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from primum.errors import PrimumError
from primum.fit.draws import STATS, Draws, Guesses, start
from primum.model import Cells, model_of
from primum.model.cells import Array
from primum.model.data import arrays_of, guesses_of
from primum.model.families import Family
from primum.model.layout import LATENTS, Layout, layout_of, sampled_as
from primum.spec import Priors
from primum.spec.spec import Sampler

if TYPE_CHECKING:
    import pymc as pm

_FIELDS = {
    "diverging": "diverging",
    "energy": "energy",
    "n_steps": "num_steps",
    "step_size": "adapt_state.step_size",
    "logp": "potential_energy",
}
# Of trees while tuning, and after. Before NumPyro knows the scale of a coordinate, trees grow to 1,023
# steps and teach it little: tuning then takes longer than all draws.
_DEPTHS = (6, 10)


def draw_with_jax(family: Family, cells: Cells, priors: Priors, settings: Sampler, seed: int) -> Draws:
    """Sample one outcome's model with NumPyro, all chains at once.

    Parameters
    ----------
    family, cells, priors
        The outcome.
    settings
        Chains, draws, tuning and target acceptance.
    seed
        Seed of all chains. Draws repeat on one machine, not across kinds of accelerator.

    Returns
    -------
    Draws
        As `primum.fit.draws.draw` gives them, from other random numbers.

    Raises
    ------
    PrimumError
        If JAX or NumPyro is not installed.
    """
    layout = layout_of(cells, family)
    given, guesses = arrays_of(cells, family, priors)["priors"], guesses_of(cells, family, priors)
    starts = starts_of(layout, given, guesses, settings.chains, seed)
    model = model_of(cells, family, priors)
    with jax_in_double_precision():
        import jax
        from numpyro.infer import MCMC, NUTS

        density = density_of(model, layout)
        sampler = MCMC(
            NUTS(
                potential_fn=lambda point: -density(point),
                target_accept_prob=settings.target_accept,
                max_tree_depth=_DEPTHS,
            ),
            num_warmup=settings.tune,
            num_samples=settings.draws,
            num_chains=settings.chains,
            # of a draw, only what is reported is ever kept, with eta in single precision
            postprocess_fn=reported_of(model, layout),
            chain_method="vectorized",
            progress_bar=False,
        )
        sampler.run(jax.random.key(seed), init_params=jax.numpy.asarray(starts), extra_fields=tuple(_FIELDS.values()))
        values = {name: np.asarray(drawn) for name, drawn in sampler.get_samples(group_by_chain=True).items()}
        found = sampler.get_extra_fields(group_by_chain=True)
        stats = {name: np.asarray(found[_FIELDS[name]]) for name in STATS}
    return Draws(values, {**stats, "logp": -stats["logp"]})


def starts_of(layout: Layout, priors: Array, guesses: Guesses, chains: int, seed: int) -> Array:
    """Where chains start, each from a seed of its own; shape (chain, point)."""
    seeds = np.random.SeedSequence(seed).generate_state(chains)
    return np.stack([start(layout, priors, guesses, int(each)) for each in seeds])


@contextmanager
def jax_in_double_precision() -> Iterator[None]:
    """JAX ready for PyTensor's graphs, in double precision for this thread until the end of the block.

    PyTensor turns double precision on for the whole process when its JAX backend is first
    imported. That stays: whatever else runs on that backend would lose digits in silence. Beyond
    it nothing is changed, so a process that has since turned double precision off finds it off.
    """
    try:
        import jax
        import numpyro  # noqa: F401
    except ModuleNotFoundError as error:
        raise PrimumError(
            f"sampler.backend is 'jax', but {error.name} is not installed; "
            "run `pip install primum[jax]`, or set sampler.backend to 'numba'"
        ) from error
    import pymc.sampling.jax  # noqa: F401

    with jax.enable_x64(True):
        yield


def density_of(model: pm.Model, layout: Layout) -> Callable[[Any], Any]:
    """Log density of a point, as a JAX function of shape (point,) -> ().

    Parameters
    ----------
    model
        Of `primum.model.model_of`.
    layout
        Where each of its variables lies in a point.
    """
    function = _jaxified(model, layout, [model.logp()])
    return lambda point: function(point)[0]


def reported_of(model: pm.Model, layout: Layout) -> Callable[[Any], dict[str, Any]]:
    """Reported variables of a point by name, latents in single precision, as a JAX function; see `density_of`."""
    import pytensor.tensor as pt

    variables = model.replace_rvs_by_values([model[name] for name in layout.reported])
    named = dict(zip(layout.reported, variables, strict=True))
    kept = [pt.cast(each, "float32") if name in LATENTS else each for name, each in named.items()]
    function = _jaxified(model, layout, kept)
    return lambda point: dict(zip(named, function(point), strict=True))


def _jaxified(model: pm.Model, layout: Layout, outputs: Sequence[Any]) -> Callable[[Any], Any]:
    """A function of a whole point from expressions of the model's value variables, compiled when first called."""
    import jax
    from pymc.sampling.jax import get_jaxified_graph

    by_name = {variable.name: value for variable, value in model.rvs_to_values.items()}
    inputs = [by_name[sampled_as(name)] for name in layout.free]
    function = get_jaxified_graph(inputs=inputs, outputs=list(outputs))
    # NumPyro calls it outside its loop as well, where every operation would be compiled by itself
    compiled: Callable[[Any], Any] = jax.jit(
        lambda point: function(*[field.of(point) for field in layout.free.values()])
    )
    return compiled
