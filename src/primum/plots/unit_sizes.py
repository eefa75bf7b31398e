"""How large drifts and shocks were, in the units where they are largest."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator, ScalarFormatter

from primum.effects import UnitSizes
from primum.plots.style import COMPARATORS, INK, PILOTS, house_style, new_figure

_SHOWN, _WIDE = 12, 28
_TICKS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64]


def plot_unit_sizes(sizes: UnitSizes) -> Figure:
    """Draw the size of drifts and shocks of units, relative to the median unit, with its 95% interval.

    Parameters
    ----------
    sizes
        From `primum.unit_sizes`; the twelve units with the largest are drawn, pilots in another colour.
    """
    table = sizes.units.head(_SHOWN)[::-1]
    with house_style():
        figure, (axes,) = new_figure(1.1 + 0.22 * len(table))
        axes.axvline(1, color=COMPARATORS, lw=1, ls="--")
        places = np.arange(len(table))
        for pilot, colour in ((False, INK), (True, PILOTS)):
            own = table["pilot"].to_numpy() == pilot
            ratio, low, high = (table.loc[own, name].to_numpy() for name in ("ratio", "ratio_low", "ratio_high"))
            axes.errorbar(ratio, places[own], xerr=[ratio - low, high - ratio], fmt="o", color=colour, ms=4, lw=1.4)
        axes.set_yticks(places, [_short(label) for label in table["label"]], fontsize=8)
        axes.set_xscale("log")
        least, most = table["ratio_low"].min(), table["ratio_high"].max()
        axes.set_xticks([tick for tick in _TICKS if least / 1.5 <= tick <= most * 1.5])
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("times the usual size, median and 95% interval")
        title = f"{sizes.outcome.label}: drift and shocks, pilots in orange"
        figure.suptitle(textwrap.fill(title, 64), fontsize=10, fontweight="bold", x=0.02, ha="left")
    return figure


def _short(label: str) -> str:
    return label if len(label) <= _WIDE else f"{label[: _WIDE - 1]}…"
