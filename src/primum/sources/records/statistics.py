"""From sums over the records of a cell to the columns of the table."""

from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from primum.sources.records.aggregation import Aggregation, RecordOutcome

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


def cells_of(rows: pd.DataFrame, aggregation: Aggregation) -> tuple[pd.DataFrame, int]:
    """Sums of each cell in order, with zeros for cells without records where these are wanted.

    Returns
    -------
    rows, empty
        One row a cell; how many cells without records there are, of all units, periods and strata seen.
    """
    import pandas as pd

    strata = [f"stratum_{k}" for k in range(len(aggregation.strata))]
    keys = ["unit", "time", *strata]
    seen = [rows[["unit"]].drop_duplicates(), pd.DataFrame({"time": list(aggregation.periods.numbers)})]
    seen += [rows[strata].drop_duplicates()] if strata else []
    empty = math.prod(map(len, seen)) - len(rows)
    if aggregation.empty_cells == "zero":
        every = reduce(lambda left, right: left.merge(right, how="cross"), seen)
        kinds = rows.dtypes.drop(keys)
        rows = every.merge(rows, how="left", on=keys, validate="one_to_one")
        rows = rows.fillna(dict.fromkeys(kinds.index, 0)).astype(kinds)
    return rows.sort_values(keys, ignore_index=True), empty


def table_of(rows: pd.DataFrame, aggregation: Aggregation) -> pd.DataFrame:
    """Columns of a table of cells, from their sums."""
    import pandas as pd

    columns: dict[str, Any] = {
        "unit": rows["unit"],
        "time": rows["time"],
        "period": rows["time"].map(aggregation.periods.labels),
        **{name: rows[f"stratum_{k}"] for k, name in enumerate(aggregation.strata)},
        "records": rows["records"],
    }
    for i, outcome in enumerate(aggregation.outcomes):
        prefix = f"o{i}_"
        sums = {name.removeprefix(prefix): rows[name].to_numpy() for name in rows.columns if name.startswith(prefix)}
        made = _duration(outcome, sums) if outcome.is_duration else _share(sums)
        columns |= {f"{outcome.name}_{part}": values for part, values in made.items()}
    return pd.DataFrame(columns)


def _share(sums: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    made = {"count": sums["count"], "n": sums["n"]}
    if "w" in sums:
        same = (sums["count"] == 0) | (sums["count"] == sums["n"])
        made["share"], made["standard_error"] = weighted_mean(sums, same)
    return made


def _duration(outcome: RecordOutcome, sums: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    made = {"n": sums["n"], "open": sums["open"]}
    if outcome.log_mean:
        same = sums["shortest"] == sums["longest"]
        if "w" in sums:
            mean, error = weighted_mean(sums, same)
            # by the delta method, so that the error of the logarithm is this one over the geometric mean
            made |= {"geometric_mean": np.exp(mean), "log_mean": mean, "standard_error": np.exp(mean) * error}
        else:
            mean, variance = mean_and_variance(sums, same)
            made |= {"geometric_mean": np.exp(mean), "log_mean": mean, "log_variance": variance}
    if outcome.bins:
        *first, last = range(len(outcome.bins))
        # a record that is open beyond the last edge is known to end there
        lasting = sums[f"open_{last}"] if outcome.open_bins else sums[f"bin_{last}"] + sums[f"open_{last}"]
        bins = dict(zip(outcome.bins, [*(sums[f"bin_{k}"] for k in first), lasting], strict=True))
        still = [*(sums[f"open_{k}"] for k in first), np.zeros_like(lasting)]
        opened = dict(zip(outcome.open_bins, still, strict=True)) if outcome.open_bins else {}
        made |= bins | {"binned": sum((*bins.values(), *opened.values()))} | opened
    return made


def mean_and_variance(sums: dict[str, NDArray[Any]], same: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Mean and sample variance of logarithms from their sums; NaN where there are too few records.

    Parameters
    ----------
    sums
        ``n``, ``log`` and ``log_square``; shape (cell,).
    same
        Where all records are equal, so that the variance is exactly 0; shape (cell,).
    """
    n = np.asarray(sums["n"], dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.asarray(sums["log"], dtype=float) / n
        variance = np.maximum(np.asarray(sums["log_square"], dtype=float) - n * mean**2, 0.0) / (n - 1)
    return np.where(n > 0, mean, np.nan), np.where(n > 1, np.where(same, 0.0, variance), np.nan)


def weighted_mean(sums: dict[str, NDArray[Any]], same: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Weighted mean and its standard error by linearisation, records being independent.

    The error is ``sqrt(n / (n - 1) sum_i w_i^2 (y_i - mean)^2) / sum_i w_i``, that of a ratio of two sums under
    sampling with replacement (Särndal, Swensson and Wretman, 1992, chapter 5). A cell of one record, or whose records
    are all equal, tells no error, and 0 would say that it is exact: there it is
    ``sqrt(v sum_i w_i^2) / sum_i w_i``, v being the variance within all cells, those with equal records among them.

    Parameters
    ----------
    sums
        ``n``, and sums of w, w y, w^2, w^2 y and w^2 y^2 as ``w``, ``wy``, ``ww``, ``wwy``, ``wwyy``; shape (cell,).
    same
        Where all records are equal; shape (cell,).
    """
    n, w, wy, ww, wwy, wwyy = (np.asarray(sums[name], dtype=float) for name in ("n", "w", "wy", "ww", "wwy", "wwyy"))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = wy / w
        squares = np.maximum(wwyy - 2 * mean * wwy + mean**2 * ww, 0.0)
        error = np.sqrt(n / (n - 1) * squares) / w
        own = np.where(same, 0.0, n / (n - 1) * squares / ww)
        pooled = np.sqrt((np.maximum(n - 1, 0) * np.where(n > 1, own, 0.0)).sum() / np.maximum(n - 1, 0).sum() * ww) / w
    return np.where(n > 0, mean, np.nan), np.where(n > 0, np.where(same | (n < 2), pooled, error), np.nan)
