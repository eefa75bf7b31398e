"""Where numbers are missing: share of local authorities by measure and year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from primum.plots.style import HARM, INK, NEGLIGIBLE, house_style, new_figure

if TYPE_CHECKING:
    import pandas as pd

_MOST = 30
_LONGEST = 34
_YEARS = 7
_NO_ROW = "white"


def plot_missing(cells: pd.DataFrame) -> Figure:
    """Draw the share of missing numbers, a row a measure and a column a year.

    Parameters
    ----------
    cells
        `Release.cells` or `Stable.cells`; of the former, local authorities where it has any. Of more
        than 30 measures, those with the most missing numbers are drawn.
    """
    level = cells.get("geographic_level")
    own = cells if level is None or not (level == "Local authority").any() else cells[level == "Local authority"]
    shares = own.assign(lost=own["reason"] != "").pivot_table("lost", "measure", "period", sort=False)
    shares = shares.sort_index(axis="columns")
    every = len(shares)
    if every > _MOST:
        shares = shares.loc[shares.mean(axis="columns").nlargest(_MOST).index].dropna(axis="columns", how="all")
    with house_style():
        figure, (axes,) = new_figure(1.5 + 0.24 * len(shares))
        _draw(figure, axes, shares)
        axes.set_title("Missing numbers" + ("" if every <= _MOST else f", {_MOST} worst of {every} measures"))
    return figure


def _draw(figure: Figure, axes: Axes, shares: pd.DataFrame) -> None:
    colours = LinearSegmentedColormap.from_list("missing", ["#F4F5F7", NEGLIGIBLE, HARM, "#5B0F1A"]).with_extremes(
        bad=_NO_ROW
    )
    values = np.ma.masked_invalid(shares.to_numpy(dtype=float))
    image = axes.imshow(values, aspect="auto", cmap=colours, vmin=0, vmax=1)
    years = [str(year) for year in shares.columns]
    step = -(-len(years) // _YEARS)
    axes.set_xticks(range(0, len(years), step), years[::step])
    names = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…" for name in map(str, shares.index)]
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.tick_params(length=0)
    for row, column in np.argwhere(values.filled(0) > 0):
        share = float(values[row, column])
        ink = "white" if share > 0.5 else INK
        words = "<1" if share < 0.005 else f"{100 * share:.0f}"
        if len(years) <= 16:
            axes.text(column, row, words, ha="center", va="center", fontsize=6.5, color=ink)
    bar = figure.colorbar(image, ax=axes, location="bottom", shrink=0.5, aspect=30, pad=0.02)
    bar.set_ticks([0, 0.5, 1], labels=["0", "50", "100"])
    bar.set_label("% of areas without a number", fontsize=8)
    bar.outline.set_visible(False)
