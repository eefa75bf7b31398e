"""Effects by pilot, on average, and in a new area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from primum.effects import OutcomeEffects
from primum.plots.style import BENEFIT, COMPARATORS, HARM, INK, PILOTS, house_style, new_figure
from primum.spec import Outcome

if TYPE_CHECKING:
    import pandas as pd

_BELOW = 0.27  # of a row


def plot_forest(effects: OutcomeEffects, unpooled: pd.DataFrame | None = None) -> Figure:
    """Draw means with 50% and 95% intervals: each pilot, their average, and a new area.

    Parameters
    ----------
    effects
        Effects on one outcome.
    unpooled
        From `primum.unpooled`: what a plain difference in differences says of each pilot by itself, drawn in
        grey with 95% intervals below its effect, so that partial pooling can be seen.
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
        if unpooled is not None:
            _draw_unpooled(axes, unpooled)
            figure.legend(loc="outside lower left", fontsize=8, handlelength=1.2)
        axes.set_yticks(heights, labels)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_ylim(heights[-1] + 0.7, -0.7)
        axes.set_title(outcome.label, pad=16)
        axes.set_xlabel(f"effect, {outcome.unit}; mean, 50% and 95% interval")
        mark_directions(axes, outcome)
    return figure


def _draw_unpooled(axes: Axes, unpooled: pd.DataFrame) -> None:
    heights = np.arange(len(unpooled)) + _BELOW
    estimate, reach = unpooled["estimate"], 1.96 * unpooled["se"]
    axes.hlines(heights, estimate - reach, estimate + reach, color=COMPARATORS, lw=0.8, alpha=0.7)
    axes.plot(
        estimate, heights, "D", color=COMPARATORS, ms=3.2, alpha=0.8, mew=0, zorder=3,
        label="by itself: a plain difference in differences, 95% interval",
    )  # fmt: skip


def shade_sesoi(axes: Axes, outcome: Outcome, *, upright: bool = False) -> None:
    """Shade effects no larger than the SESOI, and mark none; effects go up where upright, or else across."""
    shade, mark = (axes.axhspan, axes.axhline) if upright else (axes.axvspan, axes.axvline)
    shade(-outcome.sesoi, outcome.sesoi, color="#EEF0F2", lw=0, zorder=0)
    mark(0, color="#9AA5B1", lw=0.9, zorder=1)


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
