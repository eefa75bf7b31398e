"""Observed trends of pilots against comparators."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from primum.model import Cells, cells_of
from primum.model.cells import Array
from primum.model.families import family_of
from primum.panel import Panel
from primum.plots.style import COMPARATORS, PILOTS, house_style, new_figure
from primum.spec import Outcome


def plot_trends(panel: Panel, outcome: Outcome) -> Figure:
    """Draw each pilot's observed path, the pilots' mean, and comparators' mean and middle 80%.

    A value known as an interval is drawn at its middle, a pilot's with a thin bar from end to end; one of which no more
    is known than that it lies beyond a bound, at that bound, a pilot's with a triangle that points beyond.

    Parameters
    ----------
    panel
        The panel.
    outcome
        The outcome; shares are shown in its unit.
    """
    cells = cells_of(panel.dataset, outcome)
    level = outcome.factor * family_of(outcome.family).level(cells)
    pilot = panel.pilots
    time = cells.time
    touched = (cells.exposure > 0) | np.asarray(panel.dataset["left_out"])
    first = [time[row][0] for row in touched[pilot]]
    with house_style():
        figure, (axes,) = new_figure(3.3)
        low, high = np.transpose([_middle(column) for column in level[~pilot].T])
        axes.axvspan(min(first) - 0.5, max(first) + 0.5, color=PILOTS, alpha=0.08, lw=0)
        axes.fill_between(time, low, high, color=COMPARATORS, alpha=0.18, lw=0, label="comparators, middle 80%")
        for path in level[pilot]:
            axes.plot(time, path, color=PILOTS, lw=0.7, alpha=0.4)
        bounded = _draw_intervals(axes, cells, outcome)
        others, own = (np.ma.masked_invalid(level[which]).mean(axis=0).filled(np.nan) for which in (~pilot, pilot))
        axes.plot(time, others, color=COMPARATORS, lw=2.2, label="comparators, mean")
        axes.plot(time, own, color=PILOTS, lw=2.2, marker="o", ms=3.5, label="pilots, mean")
        axes.set_title(outcome.label)
        axes.set_ylabel("%" if outcome.unit == "percentage points" else outcome.unit)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        axes.set_xlim(time[0] - 0.3, time[-1] + 0.3)
        axes.margins(y=0.1)
        if cells.vague.any() and cells.bins is None:
            axes.set_xlabel("what is known as an interval is at its middle, or at the only bound it has", fontsize=8)
        columns = 2 if bounded else 3
        figure.legend(loc="outside lower left", ncols=columns, fontsize=8, columnspacing=1.2, handlelength=1.5)
        axes.annotate(
            "pilots start", (min(first) - 0.4, 1), xycoords=("data", "axes fraction"),
            xytext=(0, -3), textcoords="offset points", va="top", fontsize=8, color=PILOTS,
        )  # fmt: skip
    return figure


def _middle(values: Array) -> Array:
    """The middle 80% of what there is, NaN where there is nothing."""
    known = values[np.isfinite(values)]
    return np.quantile(known, [0.1, 0.9]) if known.size else np.full(2, np.nan)


def _draw_intervals(axes: Axes, cells: Cells, outcome: Outcome) -> bool:
    family, ends = family_of(outcome.family), cells.bounds
    low, high = (outcome.factor * family.level(replace(cells, value=each))[cells.pilots] for each in ends)
    unit, period = np.nonzero((low < high) & np.isfinite(low) & np.isfinite(high))
    if unit.size:
        axes.vlines(
            cells.time[period], low[unit, period], high[unit, period], color=PILOTS, lw=0.8, alpha=0.7,
            label="known as an interval",
        )  # fmt: skip
    drawn = unit.size > 0
    for where, end, marker, beyond in zip(cells.open_ended, (low, high), "^v", ("above", "below"), strict=True):
        unit, period = np.nonzero(where[cells.pilots])
        if unit.size:
            axes.plot(
                cells.time[period], end[unit, period], marker, color=PILOTS, ms=4, alpha=0.7, ls="",
                label=f"known to lie {beyond}",
            )  # fmt: skip
            drawn = True
    return drawn
