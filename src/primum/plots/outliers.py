"""Records that hardly count, in the history of their areas."""

from __future__ import annotations

import textwrap
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from primum.effects import Outliers
from primum.effects.outliers import LITTLE
from primum.plots.style import COMPARATORS, HARM, INK, PILOTS, house_style, new_figure

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS, _SHOWN, _WIDE = 3, 6, 22


def plot_outliers(found: Outliers) -> Figure:
    """Draw the areas whose records count least: what was recorded, and what was to be expected without its shock.

    Parameters
    ----------
    found
        From `primum.outliers`; at most six areas are drawn.
    """
    histories = found.records.sort_index().groupby(level="unit")
    units = list(dict.fromkeys(found.records.index.get_level_values("unit")))[:_SHOWN]
    rows, columns = ceil(len(units) / _COLUMNS), min(_COLUMNS, len(units))
    with house_style():
        figure, axes = new_figure(1.2 + 1.4 * rows, rows, columns, sharex=True)
        for unit, each in zip(units, axes, strict=False):
            _draw(each, histories.get_group(unit).droplevel("unit"))
        for each in axes[max(len(units) - columns, 0) : len(units)]:
            each.tick_params(labelbottom=True)
        for each in axes[len(units) :]:
            each.set_visible(False)
        unit = "%" if found.outcome.unit == "percentage points" else found.outcome.unit
        figure.suptitle(f"{found.outcome.label}, {unit}", fontsize=10, fontweight="bold", x=0.02, ha="left")
        handles = {
            label: handle for each in axes for handle, label in zip(*each.get_legend_handles_labels(), strict=True)
        }
        figure.legend(
            list(handles.values()), list(handles), loc="outside lower left", ncols=3, fontsize=7.5, handlelength=1.4,
            columnspacing=1.2,
        )  # fmt: skip
    return figure


def _draw(axes: Axes, own: pd.DataFrame) -> None:
    """One area, periods in order."""
    pilot = bool((own["exposure"] > 0).any())
    colour = PILOTS if pilot else COMPARATORS
    axes.fill_between(own.index, own["eti95_low"], own["eti95_high"], color=colour, alpha=0.2, lw=0)
    axes.plot(own.index, own["mean"], color=colour, lw=1.5, label="expected, mean and 95% interval")
    axes.plot(own.index, own["value"], "o", color=INK, ms=3, label="recorded")
    odd = own[own["weight"] < LITTLE]
    axes.plot(odd.index, odd["value"], "o", mfc="none", mec=HARM, ms=8, label="hardly counts; its weight")
    middle = float(own["value"].mean())
    for time, value, weight in zip(odd.index, odd["value"], odd["weight"], strict=True):
        axes.annotate(
            f"{100 * weight:.0f}%", (time, value), xytext=(0, -7 if value > middle else 7), ha="center",
            va="top" if value > middle else "bottom", textcoords="offset points", fontsize=7.5,
        )  # fmt: skip
    if pilot:
        axes.axvline(own.index[np.flatnonzero(own["exposure"] > 0)[0]] - 0.5, color="#9AA5B1", lw=0.9, ls=":")
    axes.set_title(textwrap.fill(str(own["label"].iloc[0]), _WIDE), fontsize=8.5)
    axes.margins(x=0.12, y=0.18)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=3))
    axes.tick_params(labelsize=8)
