"""Matches: comparators of each pilot, their base weights, and how alike they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from primum.match.balance import Balance
from primum.spec.matching import Matching

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Matches:
    """Comparators of each pilot; make one with `primum.match` or `primum.match_sets`.

    Attributes
    ----------
    sets
        One row a pilot and comparator with a weight: columns pilot, pilot_label, comparator,
        comparator_label, rank (1 is the nearest), distance, weight and matched, and outcome first
        where outcomes have comparators of their own. `Panel.with_base_weights` takes it as it is.
    weights
        Base weights, each pilot's adding up to 1; dims (pilot, comparator), after outcome where
        outcomes have comparators of their own.
    distance
        NaN for comparators that lack a variable; dims as for weights.
    balance
        How alike pilots and comparators are.
    scaling
        One row a variable and cohort: columns outcome (where outcomes have comparators of their own),
        start (of the cohort's exposure), variable, centre and scale (mean and SD of comparators, on
        the scale of the linear predictor or of the covariate) and signal (share of comparators'
        variance that is not noise).
    matching
        How they were matched, or compared.
    unmatched
        Labels of pilots without a comparator, which have equal weights.
    notes
        What a reader must know, in sentences.
    """

    sets: pd.DataFrame
    weights: xr.DataArray
    distance: xr.DataArray
    balance: Balance
    scaling: pd.DataFrame
    matching: Matching
    unmatched: tuple[str, ...]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        pilots, used, variables = self.balance.pilots, self.balance.comparators, self.balance.variables
        often = used.sort_values("weight", ascending=False).head(_SHOWN)
        matched_on = variables[variables["kind"] != "period"]
        lines = [
            f"Matches: {self.weights.sizes['pilot']} pilots, {used['label'].nunique()} of "
            f"{self.weights.sizes['comparator']} comparators used",
            f"  effective comparators a pilot: {_range(pilots['effective'])}",
            f"  largest standardised mean difference: {matched_on['smd_before'].abs().max():.2f} before, "
            f"{matched_on['smd_after'].abs().max():.2f} after",
            f"  mean gap of single pilots, in SDs: {matched_on['gap_before'].mean():.2f} before, "
            f"{matched_on['gap_after'].mean():.2f} after",
        ]
        most = [
            f"{row.label}{_of(row)} (weight {row.weight:.2f} over {row.pilots} pilots)" for row in often.itertuples()
        ]
        lines += [f"  most used: {', '.join(most)}"] * bool(most)
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])


def _of(row: Any) -> str:
    return f" for {row.outcome}" if hasattr(row, "outcome") else ""


def _range(values: pd.Series[float]) -> str:
    low, high = f"{np.min(values):.1f}", f"{np.max(values):.1f}"
    return low if low == high else f"{low} to {high}"
