"""Distances of comparators from each pilot, and which of them were matched."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from primum.match import Matches
from primum.plots.style import COMPARATORS, HARM, PILOTS, house_style, new_figure

_METRICS = {"mahalanobis": "Mahalanobis", "euclidean": "Euclidean"}
_SHOWN, _WIDE = 25, 24
_ROW = 0.24
_LARGEST = 80.0  # area of a marker of weight 1, in square points, beyond the smallest


def plot_distances(matches: Matches, outcome: str | None = None) -> Figure:
    """Draw every comparator's distance from each pilot; filled marks have a weight, in proportion to their area.

    Parameters
    ----------
    matches
        The matches.
    outcome
        Name of the outcome, where outcomes have comparators of their own.
    """
    distance, weights = (
        each if outcome is None else each.sel(outcome=outcome) for each in (matches.distance, matches.weights)
    )
    pilots = matches.balance.pilots
    pilots = pilots if outcome is None else pilots[pilots["outcome"] == outcome]
    order = np.argsort(-pilots["distance"].to_numpy(), kind="stable")[:_SHOWN]
    with house_style():
        figure, (axes,) = new_figure(1.4 + _ROW * len(order))
        labels = []
        for row, i in enumerate(order):
            matched = bool(pilots["matched"].iloc[i])
            _row(axes, row, distance.values[i], weights.values[i] * matched)
            labels.append(textwrap.fill(pilots["label"].iloc[i] + ("" if matched else " (no match)"), _WIDE))
        if matches.matching.caliper is not None:
            axes.axvline(matches.matching.caliper, color=HARM, lw=1, ls="--", label="caliper")
        axes.set_yticks(range(len(order)), labels)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.set_xlim(left=0)
        axes.set_title("How far comparators are" + ("" if outcome is None else f": {outcome}"))
        shown = "" if len(order) == len(pilots) else f"; the {len(order)} of {len(pilots)} pilots farthest from theirs"
        axes.set_xlabel(f"{_METRICS[matches.matching.distance]} distance, in SDs{shown}")
        axes.plot([], [], "|", color=COMPARATORS, ms=6, label="comparators")
        axes.plot([], [], "o", color=PILOTS, ms=4, label="with a weight, shown by area")
        figure.legend(loc="outside lower left", ncols=3, fontsize=8, handlelength=1.2)
    return figure


def _row(axes: Axes, row: int, distance: np.ndarray, weight: np.ndarray) -> None:
    used = weight > 0
    axes.plot(distance, np.full(distance.size, row), "|", color=COMPARATORS, ms=6, mew=0.8, alpha=0.5)
    area = 3 + _LARGEST * weight[used]
    axes.scatter(distance[used], np.full(used.sum(), row), s=area, color=PILOTS, lw=0, zorder=3)
