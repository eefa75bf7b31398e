"""Probabilities of harm, none and benefit by pilot, by time since the start and by cohort."""

from __future__ import annotations

from itertools import groupby

from matplotlib.figure import Figure

from primum.harm import OutcomeHarm
from primum.plots.overview import draw_bars, explain_bars
from primum.plots.style import house_style, new_figure

_TITLES = {"pilot": "By pilot", "event time": "By time since the start", "cohort": "By start"}


def plot_groups(harm: OutcomeHarm) -> Figure:
    """Draw one bar a pilot, event time and cohort: harm, negligible and benefit.

    Cohorts are left out where all pilots started together.

    Parameters
    ----------
    harm
        What can be said of one outcome.

    Raises
    ------
    ValueError
        If the gate failed, so that there are no probabilities.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.testing import tiny_fit
    >>> figure = plot_groups(pr.harm(pr.effects(tiny_fit()))["kinship"])
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['Kinship care: by pilot', 'By time since the start', 'By start']
    """
    if any(group.found is None for group in harm.groups):
        raise ValueError(f"{harm.outcome.name} failed the gate: there are no probabilities to draw")
    parts = {by: list(each) for by, each in groupby(harm.groups, key=lambda group: group.by)}
    if len(parts["cohort"]) == 1:
        del parts["cohort"]
    rows = [len(each) for each in parts.values()]
    with house_style():
        height = 0.8 + 0.5 * len(parts) + 0.25 * sum(rows)
        figure, grid = new_figure(height, rows=len(parts), sharex=True, height_ratios=rows)
        for axes, (by, each) in zip(grid, parts.items(), strict=True):
            draw_bars(axes, [group.label for group in each], [group.found for group in each])
            axes.set_title(_TITLES[by])
        grid[0].set_title(f"{harm.outcome.label}: by pilot")
        explain_bars(figure)
    return figure
