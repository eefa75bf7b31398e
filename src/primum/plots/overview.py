"""Probabilities of harm, none and benefit for all outcomes at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from primum.harm import Harm, Probabilities
from primum.harm.words import short_percent
from primum.plots.style import BENEFIT, HARM, INK, NEGLIGIBLE, house_style, new_figure

_ROOM_FOR_A_CHARACTER = 0.028
_LABEL = 30  # characters a line


def plot_overview(harm: Harm) -> Figure:
    """Draw one bar an outcome: harm, negligible and benefit, for the pilots and for a new area.

    Parameters
    ----------
    harm
        What can be said of the evaluation; outcomes that failed the gate stay empty.
    """
    outcomes = list(harm.outcomes.values())
    with house_style():
        figure, grid = new_figure(1.5 + 0.62 * len(outcomes), rows=2, sharex=True)
        titles = ("Average in the pilots", "A new area")
        for axes, title, kind in zip(grid, titles, ("pilots", "new_unit"), strict=True):
            draw_bars(axes, [each.outcome.label for each in outcomes], [getattr(each, kind) for each in outcomes])
            axes.set_title(title)
        explain_bars(figure)
    return figure


def draw_bars(axes: Axes, labels: Sequence[str], found: Sequence[Probabilities | None]) -> None:
    """One bar a row, from the top: harm, negligible and benefit."""
    for row, each in enumerate(found):
        _bar(axes, row, each)
    axes.set_yticks(range(len(labels)), [fill(label, _LABEL) for label in labels])
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def explain_bars(figure: Figure) -> None:
    """Say below what the bars' colours mean."""
    handles = [Patch(color=colour) for colour in (HARM, NEGLIGIBLE, BENEFIT)]
    words = ["harm beyond SESOI", "negligible", "benefit beyond SESOI"]
    figure.legend(handles, words, loc="outside lower left", ncols=3, fontsize=8, handlelength=1, columnspacing=1.2)


def _bar(axes: Axes, row: int, found: Probabilities | None) -> None:
    if found is None:
        axes.text(0.01, row, "no statement: the computation failed its checks", va="center", fontsize=8, color=HARM)
        return
    left = 0.0
    parts = ((found.harm_beyond_sesoi, HARM), (found.negligible, NEGLIGIBLE), (found.benefit_beyond_sesoi, BENEFIT))
    for probability, colour in parts:
        value = probability.value
        axes.barh(row, value, left=left, color=colour, height=0.66)
        text = short_percent(probability)
        if value >= _ROOM_FOR_A_CHARACTER * len(text):
            ink = INK if colour == NEGLIGIBLE else "white"
            axes.text(left + value / 2, row, text, ha="center", va="center", fontsize=8, color=ink)
        left += value
