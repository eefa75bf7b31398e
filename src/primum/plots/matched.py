"""Each pilot's path beside its comparators', with its pre-period marked."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from primum.match import Matches
from primum.model import cells_of
from primum.model.families import family_of
from primum.panel import Panel
from primum.plots.style import COMPARATORS, PILOTS, house_style, new_figure
from primum.spec import Outcome
from primum.spec.weights import Weights

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS, _SHOWN, _THIN, _WIDE = 3, 12, 12, 20


def plot_matched(matches: Matches, panel: Panel, outcome: Outcome) -> Figure:
    """Draw one outcome of each pilot beside the weighted mean of its comparators; pilots farthest from theirs first.

    Parameters
    ----------
    matches
        The matches.
    panel
        The panel they were made from.
    outcome
        The outcome; shares are shown in its unit.
    """
    cells = cells_of(panel.dataset, replace(outcome, weights=Weights()))
    level = outcome.factor * family_of(outcome.family).level(cells)
    own = "outcome" in matches.weights.dims
    weights = np.asarray(matches.weights.sel(outcome=outcome.name) if own else matches.weights)
    pilots = matches.balance.pilots
    pilots = pilots[pilots["outcome"] == outcome.name] if own else pilots
    order = np.argsort(-pilots["distance"].to_numpy(), kind="stable")[:_SHOWN]
    rows = -(-len(order) // _COLUMNS)
    with house_style():
        figure, grid = new_figure(1.1 + 1.35 * rows, rows=rows, columns=_COLUMNS, sharex=True, sharey=True)
        for axes, i in zip(grid, order, strict=False):
            path = level[np.flatnonzero(panel.pilots)[i]]
            _panel(axes, cells.time, path, level[~panel.pilots], weights[i], pilots.iloc[i])
        for place, axes in enumerate(grid):
            axes.set_visible(place < len(order))
            # the last one of a column carries the years, also where the last row is not full
            axes.tick_params(labelbottom=place + _COLUMNS >= len(order))
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside lower left", ncols=4, fontsize=8, columnspacing=1.2, handlelength=1.5
        )
        unit = "%" if outcome.unit == "percentage points" else outcome.unit
        shown = "" if len(order) == len(pilots) else f" (the {len(order)} of {len(pilots)} pilots farthest from theirs)"
        figure.suptitle(f"{outcome.label}, {unit}{shown}", x=0.02, ha="left", fontsize=10, fontweight="bold")
    return figure


def _panel(
    axes: Axes, time: np.ndarray, path: np.ndarray, others: np.ndarray, weight: np.ndarray, pilot: pd.Series[Any]
) -> None:
    axes.axvspan(time[0] - 0.5, pilot["start"] - 0.5, color=COMPARATORS, alpha=0.12, lw=0, label="before exposure")
    heaviest = np.argsort(-weight, kind="stable")[: min(_THIN, int((weight > 0).sum()))]
    for j in heaviest if pilot["matched"] else ():
        axes.plot(time, others[j], color=COMPARATORS, lw=0.6, alpha=0.45)
    known = np.isfinite(others) * weight[:, None]
    with np.errstate(invalid="ignore"):
        mean = (known * np.nan_to_num(others)).sum(axis=0) / known.sum(axis=0)
    axes.plot(time, mean, color=COMPARATORS, lw=1.8, label="its comparators, weighted mean")
    axes.plot(time, path, color=PILOTS, lw=1.6, marker="o", ms=2.5, label="pilot")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=3))
    axes.set_xlim(time[0] - 0.5, time[-1] + 0.5)
    axes.tick_params(labelsize=8)
    title = pilot["label"] + ("" if pilot["matched"] else " (no match)")
    axes.set_title(textwrap.fill(title, _WIDE), fontsize=8.5)
