"""New units of a fitted model: what replicated panels and simulated evaluations are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from primum.model import Cells
from primum.model.cells import Array
from primum.model.unit_scales import new_squares


def new_units(posterior: xr.Dataset, cells: Cells, rng: np.random.Generator) -> tuple[Array, Array]:
    """Latents of as many new units as there are, pilots and comparators in their places.

    Parameters
    ----------
    posterior
        Draws of the hyperparameters; dims (chain, draw, ...), one replication a draw.
    cells
        The outcome's arrays.
    rng
        Source of randomness.

    Returns
    -------
    without, effect
        Linear predictor without an effect, and how far the effect in each cell is from tau times exposure:
        units' own deviations, and effect terms; shape (replication, unit, time) each.
    """
    basis = cells.basis
    draws = {str(name): flat(posterior[name]) for name in posterior.data_vars}
    count, (units, periods) = len(draws["mu"]), cells.value.shape
    shock = draws["s"] if "s" in draws else np.zeros(count)
    omega = draws["omega"][:, None] if "omega" in draws else np.zeros(())
    scale = np.sqrt(new_squares(cells, omega, rng, (count, units)))
    moves = basis.scales(draws["q"], draws.get("sigma_slope", 0.0))[:, None]
    drift = moves * np.sqrt(basis.variance) * rng.normal(size=(count, units, periods - 1))
    drift *= scale[:, :, None]
    if cells.weighting is not None:
        own = draws["kappa"] if cells.weighting.kappa is None else np.full(count, cells.weighting.kappa)
        drift[:, cells.pilots] *= own[:, None, None]
        drift[:, cells.pilots] += draws["weight"] @ drift[:, cells.comparators]
    level = np.sqrt(periods) * draws["sigma_alpha"][:, None, None] * rng.normal(size=(count, units, 1))
    components = np.concatenate([level, drift], axis=-1)
    shocks = deviates(cells.shock_tail, rng, components.shape) * scale[:, :, None]
    shocks *= draws["shock_scale"][:, None, :] if cells.sized else shock[:, None, None]
    # normal shocks of one size are as good in any orthogonal basis
    components += shocks @ basis.vectors.T if cells.apart else shocks
    is_pilot = np.isin(np.arange(units), cells.pilots)
    away = draws["sigma_tau"][:, None] * deviates(cells.tail, rng, (count, units))
    without = (
        draws["mu"][:, None, None]
        + draws["beta_pilot"][:, None, None] * is_pilot[:, None]
        + flat(paths_of(posterior, cells, np.arange(units)))
        + components @ basis.vectors
    )
    effect = away[:, :, None] * cells.exposure
    if cells.terms is not None:
        effect[:, cells.pilots] += np.tensordot(draws["gamma"], cells.terms.design, axes=1)
    return without, effect


def paths_of(posterior: xr.Dataset, cells: Cells, units: NDArray[np.int64]) -> Array:
    """The path that some units would follow without anything of their own: the common one, or their region's.

    What covariates have done to it belongs to it.

    Parameters
    ----------
    posterior
        Draws of lambda (chain, draw, time), or of lambda_region (chain, draw, region, time) where regions have paths
        of their own, and of beta (chain, draw, covariate) where there are covariates.
    cells
        The outcome's arrays.
    units
        Positions of the units.

    Returns
    -------
    ndarray
        Shape (chain, draw, unit, time), with one unit for all where they have the same path.
    """
    if cells.regions is None:
        paths = np.asarray(posterior["lambda"], dtype=float)[:, :, None]
    else:
        paths = np.asarray(posterior["lambda_region"], dtype=float)[:, :, cells.regions.of_unit[units]]
    if not len(cells.covariates):
        return paths
    return np.asarray(paths + np.tensordot(np.asarray(posterior["beta"]), cells.covariates[:, units], axes=1))


def flat(values: xr.DataArray | Array) -> Any:
    """Chains one after the other: dims (chain, draw, ...) become (replication, ...)."""
    array = np.asarray(values, dtype=float)
    return array.reshape(-1, *array.shape[2:])


def deviates(tail: float, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Deviates of effects or shocks around what they share: normal, or Student's t.

    Parameters
    ----------
    tail
        One over the degrees of freedom; 0 is normal.
    rng
        Source of randomness.
    shape
        How many.
    """
    return rng.standard_t(1 / tail, size=shape) if tail else rng.normal(size=shape)
