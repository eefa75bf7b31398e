"""From weights to matches: tables of sets, balance and scaling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from primum.match.balance import Balance, variable_balance
from primum.match.cohorts import first_exposed
from primum.match.group import Group
from primum.match.matches import Matches
from primum.panel import Panel
from primum.spec.matching import Matching

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


def assembled(
    panel: Panel, groups: Sequence[Group], weights: Sequence[Array], matching: Matching, notes: Sequence[str]
) -> Matches:
    """Everything that is said of weights.

    Parameters
    ----------
    panel
        The panel.
    groups
        Outcomes that share comparators, compared.
    weights
        Of each group, 0 for pilots without a comparator; shape (pilot, comparator).
    matching
        How they were matched.
    notes
        In sentences.
    """
    import pandas as pd

    alone = [each.sum(axis=1) == 0 for each in weights]
    equal = 1 / (~panel.pilots).sum()
    full = [np.where(without[:, None], equal, each) for without, each in zip(alone, weights, strict=True)]
    tables = [
        (
            _sets(panel, group, each, without),
            _pilots(panel, group, each, without),
            _comparators(panel, each[~without]),
            variable_balance(group.comparisons, group.split(each)),
            _scaling(group),
        )
        for group, each, without in zip(groups, full, alone, strict=True)
    ]
    for group, found in zip(groups, tables, strict=True):
        for table in found if group.outcome is not None else ():
            table.insert(0, "outcome", group.outcome)
    sets, pilots, comparators, variables, scaling = (
        pd.concat(each, ignore_index=True) for each in zip(*tables, strict=True)
    )
    labels = panel.labels[panel.pilots]
    return Matches(
        sets=sets,
        weights=_array(panel, groups, full),
        distance=_array(panel, groups, [group.distance for group in groups]),
        balance=Balance(variables, pilots, comparators),
        scaling=scaling,
        matching=matching,
        unmatched=tuple(labels[np.any(alone, axis=0)].tolist()),
        notes=tuple(notes),
    )


def _array(panel: Panel, groups: Sequence[Group], parts: Sequence[Array]) -> xr.DataArray:
    units = np.asarray(panel.dataset["unit"])
    coords = {"outcome": [group.outcome for group in groups], "pilot": units[panel.pilots]}
    found = xr.DataArray(np.stack(parts), {**coords, "comparator": units[~panel.pilots]})
    return found if groups[0].outcome is not None else found.isel(outcome=0, drop=True)


def _sets(panel: Panel, group: Group, weights: Array, alone: NDArray[np.bool_]) -> pd.DataFrame:
    import pandas as pd

    units, labels = np.asarray(panel.dataset["unit"]), panel.labels
    pilots, others = np.flatnonzero(panel.pilots), np.flatnonzero(~panel.pilots)
    rank = np.argsort(np.argsort(group.distance, axis=1, kind="stable"), axis=1) + 1.0
    rank[np.isnan(group.distance)] = np.nan
    row, column = np.nonzero(weights)
    table = pd.DataFrame(
        {
            "pilot": units[pilots[row]],
            "pilot_label": labels[pilots[row]],
            "comparator": units[others[column]],
            "comparator_label": labels[others[column]],
            "rank": rank[row, column],
            "distance": group.distance[row, column],
            "weight": weights[row, column],
            "matched": ~alone[row],
        }
    )
    return table.iloc[np.lexsort((table["rank"], -table["weight"], row))].reset_index(drop=True)


def _pilots(panel: Panel, group: Group, weights: Array, alone: NDArray[np.bool_]) -> pd.DataFrame:
    import pandas as pd

    known = np.isfinite(group.distance)
    near = np.where(known, weights, 0.0)
    with np.errstate(invalid="ignore"):
        distance = (near * np.where(known, group.distance, 0.0)).sum(axis=1) / near.sum(axis=1)
    return pd.DataFrame(
        {
            "pilot": np.asarray(panel.dataset["unit"])[panel.pilots],
            "label": panel.labels[panel.pilots],
            "start": list(first_exposed(panel).values()),
            "matched": ~alone,
            "comparators": (weights > 0).sum(axis=1),
            "effective": 1 / (weights**2).sum(axis=1),
            "distance": distance,
        }
    )


def _comparators(panel: Panel, weights: Array) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(
        {
            "comparator": np.asarray(panel.dataset["unit"])[~panel.pilots],
            "label": panel.labels[~panel.pilots],
            "pilots": (weights > 0).sum(axis=0),
            "weight": weights.sum(axis=0),
        }
    )
    return table[table["pilots"] > 0].sort_values(["pilots", "weight"], ascending=False, kind="stable")


def _scaling(group: Group) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "start": each.cohort.start,
                "variable": variable.name,
                "centre": variable.centre,
                "scale": variable.scale,
                "signal": signal,
            }
            for each in group.comparisons
            for variable, signal in zip(each.matched_on, each.signal, strict=True)
        ]
    )
