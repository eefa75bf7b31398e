"""How large shocks were, period by period."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from primum.effects import ShockSizes
from primum.plots.style import COMPARATORS, PILOTS, house_style, new_figure


def plot_shock_sizes(sizes: ShockSizes) -> Figure:
    """Draw the size of shocks in each period with its 95% interval, relative to their usual size.

    Parameters
    ----------
    sizes
        From `primum.shock_sizes`.
    """
    table = sizes.periods
    with house_style():
        figure, (axes,) = new_figure(2.4)
        away = [table["ratio"] - table["ratio_low"], table["ratio_high"] - table["ratio"]]
        axes.axhline(1, color=COMPARATORS, lw=1, ls="--")
        axes.errorbar(table.index, table["ratio"], yerr=away, fmt="o", color=PILOTS, ms=4, lw=1.4)
        axes.set_ylim(bottom=0)
        axes.set_ylabel("times the usual size")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_title(f"{sizes.outcome.label}: size of shocks, median and 95% interval", loc="left", fontsize=10)
    return figure
