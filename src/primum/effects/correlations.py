"""Correlations between outcomes that were fitted jointly, by pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from primum.errors import SpecError
from primum.fit import Fit, Imputed
from primum.fit.chains import mcse_mean
from primum.fit.correlations import pairs_of
from primum.fit.gate import diagnose, stacked
from primum.spec import Spec

if TYPE_CHECKING:
    import pandas as pd

SHOWN = {"level": "levels", "path": "departures", "effect": "effects", "weight": "weights"}


@dataclass(frozen=True, eq=False)
class Correlations:
    """Correlations between outcomes; make one with `primum.correlations`.

    Attributes
    ----------
    spec
        What was fitted.
    draws
        Variables correlation_level, correlation_path, correlation_effect and, where outcomes have comparator weights,
        correlation_weight; dims (chain, draw, pair).
    table
        One row a pair of outcomes, of their levels, of their paths (drift and shocks together), of their effects
        in the pilots, and of how their weights lean to comparators; index (kind, outcome, other), columns mean, median,
        eti95_low, eti95_high, sd, p_positive, p_positive_mcse, rhat, ess_bulk and ess_tail.
    """

    spec: Spec
    draws: xr.Dataset
    table: pd.DataFrame


def correlations(fit: Fit | Imputed) -> Correlations:
    """How levels, departures and effects of outcomes go together.

    Parameters
    ----------
    fit
        A fit of outcomes jointly.

    Raises
    ------
    SpecError
        If outcomes were fitted apart.

    Examples
    --------
    >>> from primum.testing import tiny_joint_fit
    >>> found = correlations(tiny_joint_fit()).table
    >>> found.index[0], bool(found["mean"].between(-1, 1).all())
    (('level', 'rereferral', 'escalation'), True)
    """
    import pandas as pd

    if fit.correlations is None:
        raise SpecError("correlations", ["outcomes were fitted apart; set joint to true, and fit again"])
    draws = pairs_of(fit.correlations)
    first, second = (np.asarray(draws[name]).tolist() for name in ("outcome", "other"))
    kinds = [kind for kind in SHOWN if f"correlation_{kind}" in draws]
    rows = [(kind, *pair) for kind in kinds for pair in zip(first, second, strict=True)]
    stack = stacked(draws)
    values = stack.reshape(len(stack), -1)
    low, median, high = np.quantile(values, [0.025, 0.5, 0.975], axis=1)
    index = pd.MultiIndex.from_tuples(rows, names=["kind", "outcome", "other"])
    table = pd.DataFrame(
        {
            "mean": values.mean(axis=1),
            "median": median,
            "eti95_low": low,
            "eti95_high": high,
            "sd": values.std(axis=1, ddof=1),
            "p_positive": (values > 0).mean(axis=1),
            "p_positive_mcse": np.nan_to_num(mcse_mean((stack > 0).astype(float))),
        },
        index=index,
    ).join(diagnose(draws).set_axis(index))
    return Correlations(fit.spec, draws, table)
