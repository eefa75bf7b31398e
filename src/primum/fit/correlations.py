"""Correlations between outcomes that are fitted jointly, a quantity a pair."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import xarray as xr


def pairs_of(correlations: xr.Dataset) -> xr.Dataset:
    """Every correlation once.

    Parameters
    ----------
    correlations
        Variables level, path, effect and, with comparator weights, weight; dims (chain, draw, outcome, other).

    Returns
    -------
    xarray.Dataset
        The same variables after ``correlation_``; dims (chain, draw, pair), with coordinates ``outcome`` and ``other``
        (pair).

    Examples
    --------
    >>> names = ["rereferral", "kinship"]
    >>> whole = xr.Dataset(
    ...     {"level": (("chain", "draw", "outcome", "other"), [[[[1.0, 0.5], [0.5, 1.0]]]])},
    ...     {"outcome": names, "other": names},
    ... )
    >>> pairs_of(whole)["correlation_level"].to_series().to_dict()
    {(0, 0, 'rereferral and kinship'): 0.5}
    """
    pairs = list(combinations(np.asarray(correlations["outcome"]).tolist(), 2))
    first, second = (xr.DataArray([pair[place] for pair in pairs], dims="pair") for place in (0, 1))
    chosen = correlations.sel(outcome=first, other=second)
    named = chosen.rename({name: f"correlation_{name}" for name in chosen.data_vars})
    return named.assign_coords(pair=[" and ".join(pair) for pair in pairs])
