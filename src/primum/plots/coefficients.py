"""What covariates that change over time have moved."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from primum.effects import Coefficients
from primum.plots.style import COMPARATORS, INK, house_style, new_figure


def plot_coefficients(coefficients: Coefficients) -> Figure:
    """Draw what one SD of each covariate goes with, with its 95% interval.

    Parameters
    ----------
    coefficients
        From `primum.coefficients`.
    """
    table = coefficients.table[::-1]
    with house_style():
        figure, (axes,) = new_figure(1.3 + 0.28 * len(table))
        away = [table["mean"] - table["eti95_low"], table["eti95_high"] - table["mean"]]
        axes.axvline(0, color=COMPARATORS, lw=1, ls="--")
        axes.errorbar(table["mean"], np.arange(len(table)), xerr=away, fmt="o", color=INK, ms=4, lw=1.4)
        axes.set_yticks(
            np.arange(len(table)), [f"{name} (SD {sd:.3g})" for name, sd in table["sd"].items()], fontsize=8
        )
        axes.set_ylim(-0.6, len(table) - 0.4)
        axes.set_xlabel(f"{coefficients.outcome.unit} for one SD more, mean and 95% interval")
        axes.set_title(f"{coefficients.outcome.label}: covariates", loc="left", fontsize=10)
    return figure
