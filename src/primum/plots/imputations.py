"""Effects in each imputation beside what they give together."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from primum.effects import OutcomeEffects
from primum.fit.gate import sampled
from primum.plots.forest import shade_sesoi
from primum.plots.style import COMPARATORS, INK, house_style, new_figure


def plot_imputations(effects: OutcomeEffects) -> Figure:
    """Draw means and 95% intervals of the average effect and of a new area's in each imputation, and of all together.

    Parameters
    ----------
    effects
        Effects on one outcome.

    Raises
    ------
    ValueError
        If they are not of several imputations.
    """
    names = effects.imputation_names
    if not names:
        raise ValueError(f"{effects.outcome.name} was fitted to one panel: there are no imputations to draw")
    heights = np.array([*range(len(names)), len(names) + 0.6])
    with house_style():
        figure, grid = new_figure(1.2 + 0.2 * len(heights), columns=2, sharey=True)
        for axes, (name, title) in zip(
            grid, (("satt", "Average in the pilots"), ("new_unit", "A new area")), strict=True
        ):
            shade_sesoi(axes, effects.outcome)
            each = sampled(effects.draws[name])
            rows = [*each.reshape(len(names), -1), each.ravel()]
            for height, values in zip(heights, rows, strict=True):
                last = height == heights[-1]
                low, high = np.quantile(values, [0.025, 0.975])
                colour, width = (INK, 2.4) if last else (COMPARATORS, 1.2)
                axes.plot([low, high], [height, height], color=colour, lw=width, solid_capstyle="butt")
                axes.plot(values.mean(), height, "o", color="white", mec=colour, mew=1.3, ms=4.5, zorder=3)
            axes.set_title(title, fontsize=9, fontweight="normal")
            axes.set_xlabel(f"effect, {effects.outcome.unit}", fontsize=8.5)
        grid[0].set_yticks(heights, [*(f"imputation {name}" for name in names), "all together"], fontsize=8)
        grid[0].set_ylim(heights[-1] + 0.7, -0.7)
        for axes in grid:
            axes.tick_params(axis="y", length=0)
            axes.tick_params(labelsize=8)
            axes.spines["left"].set_visible(False)
        figure.suptitle(effects.outcome.label, fontweight="bold", fontsize=10, x=0.01, ha="left")
    return figure
