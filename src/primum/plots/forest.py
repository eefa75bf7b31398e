"""Effects by pilot, on average, and in a new area."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from primum.effects import OutcomeEffects
from primum.plots.style import BENEFIT, COMPARATORS, HARM, INK, PILOTS, house_style, new_figure
from primum.spec import Outcome


def plot_forest(effects: OutcomeEffects) -> Figure:
    """Draw means with 50% and 95% intervals: each pilot, their average, and a new area.

    Parameters
    ----------
    effects
        Effects on one outcome.
    """
    draws, outcome = effects.draws, effects.outcome
    units = np.asarray(draws["unit_effect"]).reshape(-1, draws.sizes["pilot"]).T
    rows = [*units, np.ravel(draws["satt"]), np.ravel(draws["new_unit"])]
    average = f"Average in the pilots{effects.outcome.average}".replace(", ", ",\n")
    labels = [*np.asarray(draws["label"]).tolist(), average, "A new area"]
    colours = [*[PILOTS] * len(units), INK, COMPARATORS]
    # a gap keeps the single pilots apart from the two summaries
    heights = [*range(len(units)), len(units) + 0.6, len(units) + 1.6]
    with house_style():
        figure, (axes,) = new_figure(1.1 + 0.25 * (len(rows) + 1))
        shade_sesoi(axes, outcome)
        for height, values, colour in zip(heights, rows, colours, strict=True):
            low, lower, upper, high = np.quantile(values, [0.025, 0.25, 0.75, 0.975])
            axes.plot([low, high], [height, height], color=colour, lw=1.2, solid_capstyle="butt")
            axes.plot([lower, upper], [height, height], color=colour, lw=4, solid_capstyle="butt")
            axes.plot(values.mean(), height, "o", color="white", mec=colour, mew=1.5, ms=5.5, zorder=3)
        axes.set_yticks(heights, labels)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_ylim(heights[-1] + 0.7, -0.7)
        axes.set_title(outcome.label, pad=16)
        axes.set_xlabel(f"effect, {outcome.unit}; mean, 50% and 95% interval")
        mark_directions(axes, outcome)
    return figure


def shade_sesoi(axes: Axes, outcome: Outcome) -> None:
    """Shade effects no larger than the SESOI, and mark none."""
    axes.axvspan(-outcome.sesoi, outcome.sesoi, color="#EEF0F2", lw=0, zorder=0)
    axes.axvline(0, color="#9AA5B1", lw=0.9, zorder=1)


def mark_directions(axes: Axes, outcome: Outcome) -> None:
    """Say above the axes which side is harm; make room on both sides of none first."""
    low, high = axes.get_xlim()
    reach = 1.6 * outcome.sesoi
    axes.set_xlim(min(low, -reach), max(high, reach))
    sides = {"right": HARM if outcome.harm == "up" else BENEFIT, "left": BENEFIT if outcome.harm == "up" else HARM}
    for side, colour in sides.items():
        word = "harm" if colour == HARM else "benefit"
        text = f"{word} \N{RIGHTWARDS ARROW}" if side == "right" else f"\N{LEFTWARDS ARROW} {word}"
        place = 10 if side == "right" else -10
        axes.annotate(
            text, (0, 1), xycoords=("data", "axes fraction"), xytext=(place, 2), textcoords="offset points",
            ha="left" if side == "right" else "right", va="bottom", fontsize=8, color=colour,
        )  # fmt: skip
