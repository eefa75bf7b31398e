"""Posterior predictive checks: features of replicated panels beside the observed ones."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from primum.checks import PredictiveCheck
from primum.plots.style import COMPARATORS, HARM, INK, house_style, new_figure


def plot_predictive(checks: Sequence[PredictiveCheck], label: str) -> Figure:
    """Draw replicated values as histograms and the observed value as a line.

    Where there are several imputations the line is at the mean of their values, and a shade goes from the least to the
    most.

    Parameters
    ----------
    checks
        Checks of one outcome.
    label
        The outcome's readable name.
    """
    rows = (len(checks) + 1) // 2
    with house_style():
        figure, grid = new_figure(0.5 + 1.55 * rows, rows=rows, columns=2)
        figure.suptitle(label, fontweight="bold", fontsize=10, x=0.01, ha="left")
        for axes, check in zip(grid, checks, strict=False):
            colour = INK if check.reproduced else HARM
            axes.hist(check.replicated, bins=24, color=COMPARATORS, alpha=0.45, lw=0)
            axes.axvline(check.observed, color=colour, lw=2)
            if check.beside is not None:
                axes.axvspan(check.beside.min(), check.beside.max(), color=colour, alpha=0.2, lw=0)
            axes.set_title(check.feature, fontsize=8.5, fontweight="normal")
            axes.set_yticks([])
            axes.spines["left"].set_visible(False)
            axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
            axes.tick_params(labelsize=8)
            axes.annotate(
                f"p = {check.p_value:.2f}", (1, 0.97), xycoords="axes fraction", ha="right", va="top", fontsize=8,
                color=colour,
            )  # fmt: skip
        for axes in grid[len(checks) :]:
            axes.set_visible(False)
    return figure
