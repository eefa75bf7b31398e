"""Comparators' weights, and how many comparators a pilot in effect has."""

from __future__ import annotations

from matplotlib.figure import Figure

from primum.effects import ComparatorWeights
from primum.plots.style import COMPARATORS, PILOTS, house_style, new_figure

_SHOWN = 15


def plot_weights(weights: ComparatorWeights) -> Figure:
    """Draw the heaviest comparators' weights, averaged over pilots, with 95% intervals and base weights.

    Parameters
    ----------
    weights
        Of one outcome.
    """
    shown, pilots = weights.comparators.head(_SHOWN), weights.pilots
    rows = range(len(shown))
    with house_style():
        figure, (axes,) = new_figure(1.3 + 0.23 * len(shown))
        axes.hlines(rows, 100 * shown["eti95_low"], 100 * shown["eti95_high"], color=COMPARATORS, lw=1.4)
        axes.plot(
            100 * shown["mean"], rows, "o", color="white", mec=COMPARATORS, mew=1.5, ms=5.5, label="posterior mean"
        )
        axes.plot(100 * shown["base"], rows, "|", color=PILOTS, ms=9, mew=1.6, label="base weight")
        axes.set_yticks(rows, shown["label"])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(left=0)
        axes.set_title(weights.outcome.label)
        axes.set_xlabel(
            "weight averaged over pilots, %; mean and 95% interval\n"
            f"{len(shown)} heaviest of {len(weights.comparators)}; effective number "
            f"{pilots['effective'].mean():.0f} a pilot (base weights: {pilots['effective_base'].mean():.0f})"
        )
        figure.legend(loc="outside lower left", ncols=2, fontsize=8, handlelength=1.2)
    return figure
