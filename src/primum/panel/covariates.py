"""Whether covariates can be told from units' levels, from the common path, from each other, and from exposure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from primum.panel.rows import list_some

_ROUNDING = 1e-13
_LEFT = 0.02  # of the variance of exposure, beside covariates: less makes an effect's SD seven times as large
_ALIKE = 1e-4  # of a covariate's, beside others
_LARGEST = 1e100


def covariate_problems(dataset: xr.Dataset, columns: Sequence[str]) -> list[str]:
    """What is wrong with the covariates of an outcome; see `primum.panel.design`."""
    values = {column: np.asarray(dataset[f"covariate_{column}"]) for column in columns}
    found = [problem for column, each in values.items() for problem in _by_itself(each, dataset, column)]
    if found:
        return found
    moves = np.stack([within(each / each.std()).ravel() for each in values.values()], axis=-1)
    found = [
        f"column '{columns[place]}' is a covariate that says no more than {' and '.join(columns[:place])} "
        f"{'does' if place == 1 else 'do'}; leave one of them out"
        for place in range(1, len(columns))
        if _left(moves[:, place], moves[:, :place]) < _ALIKE
    ]
    if not found and _left(within(np.asarray(dataset["exposure"], dtype=float)).ravel(), moves) < _LEFT:
        found.append(
            f"{'columns' if len(columns) > 1 else 'column'} {list_some([f"'{name}'" for name in columns])}: covariates "
            "that move as exposure does, so that no effect can be told from theirs; leave them out, as what the "
            "programme brings with it is part of its effect"
        )
    return found


def within(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values less units' and periods' means; shape (unit, time)."""
    left = values - values.mean(axis=1, keepdims=True)
    return np.asarray(left - left.mean(axis=0, keepdims=True))


def _left(values: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Share of the sum of squares that others leave, by least squares."""
    known, *_ = np.linalg.lstsq(others, values, rcond=None)
    return float(((values - others @ known) ** 2).sum() / max((values**2).sum(), 1e-300))


def _by_itself(values: NDArray[np.float64], dataset: xr.Dataset, column: str) -> list[str]:
    """Of a covariate, cells in which it is not known, or that it says nothing that units and periods do not."""
    empty, names = np.argwhere(np.isnan(values)), np.asarray(dataset["unit"])
    if empty.size:
        where = list_some([f"({names[i]}, {dataset['time'].values[t]})" for i, t in empty])
        return [
            f"column '{column}' is a covariate and empty, or has no row, for {where}; give it for every unit and "
            "period, or leave the covariate out"
        ]
    largest = np.abs(values).max()
    if not 1 / _LARGEST < largest < _LARGEST and largest > 0:
        return [f"column '{column}' is a covariate out of all proportion (up to {largest:g}); give it in another unit"]
    if np.abs(within(values)).max() > _ROUNDING * largest:
        return []
    return [
        f"column '{column}' is a covariate that never moves in one unit otherwise than in all, which units' levels and "
        "the common path say already; leave it out"
    ]
