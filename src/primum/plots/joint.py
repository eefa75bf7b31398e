"""Effects on two outcomes by pilot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from primum.effects import OutcomeEffects
from primum.plots.forest import mark_directions, shade_sesoi
from primum.plots.style import BENEFIT, HARM, INK, PILOTS, house_style, new_figure
from primum.spec import Outcome

if TYPE_CHECKING:
    import pandas as pd

_PLACES = [(dx, dy) for dx in (1, -1) for dy in (1, -1, 0)]  # of a name beside its mark, in the order tried
_CLEAR = 4.0  # pixels around the middle of a mark


def plot_joint(first: OutcomeEffects, second: OutcomeEffects) -> Figure:
    """Draw each pilot's effect on two outcomes, means with 95% intervals, and the average in the pilots.

    Intervals are those of each outcome by itself, and say nothing of how errors in the two go together.
    Pilots are named where there is room.

    Parameters
    ----------
    first, second
        Effects on the outcomes across and up, of the same evaluation.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.testing import tiny_fit
    >>> effects = pr.effects(tiny_fit())
    >>> plot_joint(effects["rereferral"], effects["kinship"]).axes[0].get_ylabel()
    'Kinship care, percentage points'
    """
    with house_style():
        figure, (axes,) = new_figure(4.8)
        shade_sesoi(axes, first.outcome)
        shade_sesoi(axes, second.outcome, upright=True)
        x, y = first.rows("unit_effect"), second.rows("unit_effect")
        _crosses(axes, x, y, PILOTS, "a pilot")
        _crosses(axes, first.rows("satt"), second.rows("satt"), INK, "average in the pilots")
        _mark_upwards(axes, second.outcome)
        mark_directions(axes, first.outcome)
        axes.set_xlabel(f"{first.outcome.label}, {first.outcome.unit}")
        axes.set_ylabel(f"{second.outcome.label}, {second.outcome.unit}")
        axes.set_title("Effects by pilot; means and 95% intervals", pad=16)
        figure.legend(loc="outside lower left", ncols=2, fontsize=8, handlelength=1.2)
        _name(figure, axes, np.asarray(first.draws["label"]).tolist(), x["mean"], y["mean"])
    return figure


def _crosses(axes: Axes, x: pd.DataFrame, y: pd.DataFrame, colour: str, label: str) -> None:
    """Means with intervals across and up."""
    axes.hlines(y["mean"], x["eti95_low"], x["eti95_high"], color=colour, lw=0.9, alpha=0.4)
    axes.vlines(x["mean"], y["eti95_low"], y["eti95_high"], color=colour, lw=0.9, alpha=0.4)
    axes.plot(x["mean"], y["mean"], "o", color="white", mec=colour, mew=1.5, ms=5.5, zorder=3, label=label)


def _name(figure: Figure, axes: Axes, labels: list[str], x: pd.Series, y: pd.Series) -> None:
    """Write each pilot's name where it covers no mark and no other name, or not at all."""
    figure.draw_without_rendering()
    marks = axes.transData.transform(np.column_stack([x, y]))
    taken = [Bbox.from_bounds(across - _CLEAR, up - _CLEAR, 2 * _CLEAR, 2 * _CLEAR) for across, up in marks]
    for label, place in zip(labels, zip(x, y, strict=True), strict=True):
        for dx, dy in _PLACES:
            text = axes.annotate(
                label, place, xytext=(6 * dx, 5 * dy), textcoords="offset points", fontsize=7.5, color=PILOTS,
                ha="left" if dx > 0 else "right", va={1: "bottom", 0: "center", -1: "top"}[dy],
            )  # fmt: skip
            box = text.get_window_extent()
            if not box.count_overlaps(taken):
                taken.append(box)
                break
            text.remove()


def _mark_upwards(axes: Axes, outcome: Outcome) -> None:
    """Say on the right which of up and down is harm; make room on both sides of none first."""
    low, high = axes.get_ylim()
    reach = 1.6 * outcome.sesoi
    axes.set_ylim(min(low, -reach), max(high, reach))
    up, down = (HARM, BENEFIT) if outcome.harm == "up" else (BENEFIT, HARM)
    for colour, arrow, side, place in (
        (up, "\N{RIGHTWARDS ARROW}", "bottom", 8),
        (down, "\N{LEFTWARDS ARROW}", "top", -8),
    ):
        word = "harm" if colour == HARM else "benefit"
        text = f"{word} {arrow}" if side == "bottom" else f"{arrow} {word}"
        axes.annotate(
            text, (1, 0), xycoords=("axes fraction", "data"), xytext=(3, place), textcoords="offset points",
            ha="left", va=side, fontsize=8, color=colour, rotation=90,
        )  # fmt: skip
