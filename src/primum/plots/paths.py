"""Regions' own paths beside the common one."""

from __future__ import annotations

import textwrap
from math import ceil

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from primum.effects import RegionalPaths
from primum.plots.style import COMPARATORS, PILOTS, house_style, new_figure

_COLUMNS = 3
_WIDE = 22


def plot_paths(paths: RegionalPaths) -> Figure:
    """Draw each region's path with its 95% interval, and the common path.

    Parameters
    ----------
    paths
        Of one outcome.
    """
    regions, common = paths.regions, paths.common
    names = list(dict.fromkeys(regions.index.get_level_values("region")))
    rows = ceil(len(names) / _COLUMNS)
    with house_style():
        figure, axes = new_figure(1.0 + 1.25 * rows, rows, _COLUMNS, sharex=True, sharey=True)
        for name, each in zip(names, axes, strict=False):
            own = regions.loc[name]
            each.fill_between(own.index, own["eti95_low"], own["eti95_high"], color=PILOTS, alpha=0.18, lw=0)
            each.plot(common.index, common["mean"], color=COMPARATORS, lw=1.4, label="common path")
            each.plot(own.index, own["mean"], color=PILOTS, lw=1.6, label="region, mean and 95% interval")
            number = int(own["comparators"].iloc[0])
            each.set_title(f"{textwrap.fill(str(name), _WIDE)} ({number})", fontsize=8.5)
            each.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=3))
            each.tick_params(labelsize=8)
        for each in axes[max(len(names) - _COLUMNS, 0) : len(names)]:
            each.tick_params(labelbottom=True)  # the lowest of a column
        for each in axes[len(names) :]:
            each.set_visible(False)
        unit = "%" if paths.outcome.unit == "percentage points" else paths.outcome.unit
        figure.suptitle(f"{paths.outcome.label}, {unit}", fontsize=10, fontweight="bold", x=0.02, ha="left")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside lower left", ncols=2, fontsize=8, title="in brackets: comparators",
            title_fontsize=8, alignment="left",
        )  # fmt: skip
    return figure
