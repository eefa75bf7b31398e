"""Effects by periods since the start, departures before it, and effects by cohort."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from primum.effects import OutcomeEffects
from primum.plots.forest import shade_sesoi
from primum.plots.style import COMPARATORS, INK, PILOTS, house_style, new_figure


def plot_event_study(effects: OutcomeEffects) -> Figure:
    """Draw the effect by periods since a pilot's start and, where pilots started apart, by their start.

    Before the start there is no effect. Hollow squares are placebo effects (`primum.effects.placebo`): how far
    pilots were from the common path, measured from their own mean before the start.

    Parameters
    ----------
    effects
        Effects on one outcome.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.testing import tiny_fit
    >>> figure = plot_event_study(pr.effects(tiny_fit())["kinship"])
    >>> figure.axes[0].get_xlabel()
    'periods since the start'
    """
    draws, outcome = effects.draws, effects.outcome
    panels = [("event", "periods since the start", PILOTS)]
    if draws.sizes["cohort"] > 1:
        panels.append(("cohort", "period of the start", INK))
    with house_style():
        figure, grid = new_figure(2.9, columns=len(panels), sharey=True)
        for axes, (kind, label, colour) in zip(grid, panels, strict=True):
            places = np.asarray(draws[kind])
            values = np.asarray(draws[f"{kind}_effect"]).reshape(-1, places.size)
            _intervals(axes, places, values, colour, "effect")
            if kind == "event" and "placebo_effect" in draws:
                before = np.asarray(draws["before"])
                departures = np.asarray(draws["placebo_effect"]).reshape(-1, before.size)
                _intervals(axes, before, departures, COMPARATORS, "departure before the start, not an effect", "s")
                places = np.concatenate([before, places])
            shade_sesoi(axes, outcome, upright=True)
            axes.set_xlim(places.min() - 0.6, places.max() + 0.6)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.set_xlabel(label)
        grid[0].set_ylabel(f"effect, {outcome.unit}")
        grid[0].set_title(outcome.label)
        figure.legend(*grid[0].get_legend_handles_labels(), loc="outside lower left", ncols=2, fontsize=8)
    return figure


def _intervals(axes: Axes, places: np.ndarray, values: np.ndarray, colour: str, label: str, marker: str = "o") -> None:
    """Means with 50% and 95% intervals, upright."""
    for place, column in zip(places, values.T, strict=True):
        low, lower, upper, high = np.quantile(column, [0.025, 0.25, 0.75, 0.975])
        axes.plot([place, place], [low, high], color=colour, lw=1.2, solid_capstyle="butt")
        axes.plot([place, place], [lower, upper], color=colour, lw=4, solid_capstyle="butt")
    axes.plot(places, values.mean(axis=0), marker, color="white", mec=colour, mew=1.5, ms=5.5, zorder=3, label=label)
