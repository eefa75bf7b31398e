"""What became of records: used, still open or left out, by period."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from primum.plots.style import COMPARATORS, HARM, NEGLIGIBLE, house_style, new_figure
from primum.sources.records import RecordCells

_PARTS = (("used", "used", COMPARATORS), ("open", "still open", NEGLIGIBLE), ("left_out", "left out", HARM))
_LABELS, _LINE = 7, 76


def plot_records(cells: RecordCells) -> Figure:
    """Draw how many records of each period each outcome used, found still open and left out.

    Parameters
    ----------
    cells
        Of `primum.aggregate`.
    """
    outcomes = [outcome.name for outcome in cells.aggregation.outcomes]
    whole = cells.left_out[cells.left_out["outcome"] == ""]
    with house_style():
        figure, grid = new_figure(0.9 + 1.35 * len(outcomes), rows=len(outcomes), sharex=True, sharey=True)
        for axes, name in zip(grid, outcomes, strict=True):
            own = cells.by_period[cells.by_period["outcome"] == name]
            place, bottom = np.arange(len(own)), np.zeros(len(own))
            for part, words, colour in _PARTS:
                axes.bar(place, own[part], bottom=bottom, color=colour, width=0.8, label=words)
                bottom += own[part].to_numpy()
            axes.set_title(f"{name}, records")
            axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
            step = -(-len(own) // _LABELS)
            axes.set_xticks(place[::step], own["period"].tolist()[::step], fontsize=8)
        if len(whole):
            lost = ", ".join(f"{row.records:,} {row.reason}" for row in whole.itertuples())
            grid[-1].set_xlabel(textwrap.fill(f"Left out of every outcome, not shown: {lost}", _LINE), fontsize=8)
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=3, fontsize=8, handlelength=1)
    return figure
