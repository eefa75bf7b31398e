"""What a posterior says of the cells it was fitted to: replicated values and log likelihood."""

from __future__ import annotations

import numpy as np
import xarray as xr

from primum.model import Cells
from primum.model.families import Family, Standard

CELL_DIMS = ("chain", "draw", "unit", "time")


def predict(
    posterior: xr.Dataset, name: str, family: Family, cells: Cells, standard: Standard, rng: np.random.Generator
) -> tuple[xr.Dataset, xr.Dataset]:
    """Posterior predictive draws and pointwise log likelihood of every cell.

    Parameters
    ----------
    posterior
        Dims (chain, draw, ...), with eta and, where the family has noise, sigma.
    name
        The outcome's, as in what was observed.
    family, cells, standard
        Its family, arrays and scale.
    rng
        Source of randomness.

    Returns
    -------
    predictive, log_likelihood
        Each with one variable of that name, dims (chain, draw, unit, time), in single precision;
        the log likelihood is NaN where a cell is not observed.
    """
    eta = np.asarray(posterior["eta"])
    replicated, density = np.empty(eta.shape, dtype=np.float32), np.empty(eta.shape, dtype=np.float32)
    # a chain at a time: all that is made on the way is in double precision
    for chain, (each, sigma) in enumerate(zip(eta, noise_of(posterior), strict=True)):
        replicated[chain] = family.draw(rng, each, sigma, cells, standard)
        density[chain] = family.log_likelihood(each, sigma, cells, standard)
    coords = {dim: posterior[dim] for dim in CELL_DIMS}
    return (
        xr.Dataset({name: (CELL_DIMS, replicated)}, coords),
        xr.Dataset({name: (CELL_DIMS, density)}, coords),
    )


def noise_of(posterior: xr.Dataset) -> np.ndarray:
    """Draws of sigma with room for unit and time, shape (chain, draw, 1, 1); ones where there is none."""
    if "sigma" not in posterior:
        return np.ones((posterior.sizes["chain"], posterior.sizes["draw"], 1, 1))
    return np.asarray(posterior["sigma"])[:, :, None, None]
