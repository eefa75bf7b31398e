"""Posterior of an effect, coloured by what it would mean."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import gaussian_kde

from primum.effects import OutcomeEffects
from primum.harm import Probabilities
from primum.harm.harm import OutcomeHarm
from primum.harm.likelihood import in_words
from primum.plots.forest import mark_directions
from primum.plots.style import BENEFIT, HARM, NEGLIGIBLE, house_style, new_figure
from primum.spec import Outcome, ScaleName

_GRID = 400


def plot_density(effects: OutcomeEffects, harm: OutcomeHarm) -> Figure:
    """Draw the posterior of the average effect and of a new area's, by harm, none and benefit.

    Parameters
    ----------
    effects, harm
        Effects on one outcome and what can be said of them.

    Raises
    ------
    ValueError
        If the gate failed, so that there are no probabilities.
    """
    if harm.pilots is None or harm.new_unit is None:
        raise ValueError(f"{harm.outcome.name} failed the gate: there are no probabilities to draw")
    outcome = harm.outcome
    panels = (
        (f"Average in the pilots{outcome.average}", np.ravel(effects.draws["satt"]), harm.pilots),
        ("A new area", np.ravel(effects.draws["new_unit"]), harm.new_unit),
    )
    with house_style():
        figure, grid = new_figure(3.6, rows=2, sharex=True)
        for axes, (title, draws, found) in zip(grid, panels, strict=True):
            _draw(axes, draws, found, outcome, harm.scale)
            axes.set_ylabel(title.replace(" in ", "\nin ").replace(", ", ",\n"), rotation=0, ha="right", va="center")
        mark_directions(grid[0], outcome)
        grid[0].set_title(outcome.label, pad=16)
        grid[1].set_xlabel(f"effect, {outcome.unit}")
        low = min(np.quantile(draws, 0.002) for _, draws, _ in panels)
        high = max(np.quantile(draws, 0.998) for _, draws, _ in panels)
        reach = 1.6 * outcome.sesoi
        grid[0].set_xlim(min(low, -reach), max(high, reach))
    return figure


def _draw(axes: Axes, draws: np.ndarray, found: Probabilities, outcome: Outcome, scale: ScaleName) -> None:
    x = np.linspace(draws.min(), draws.max(), _GRID)
    height = gaussian_kde(draws)(x)
    harmful = outcome.sign * x
    parts = (
        (harmful > outcome.sesoi, HARM, found.harm_beyond_sesoi, f"harm > {outcome.sesoi:g}"),
        (np.abs(x) <= outcome.sesoi, NEGLIGIBLE, found.negligible, "negligible"),
        (harmful < -outcome.sesoi, BENEFIT, found.benefit_beyond_sesoi, f"benefit > {outcome.sesoi:g}"),
    )
    step = x[1] - x[0]
    labels = []
    for inside, colour, probability, word in parts:
        # one point more on each side, so that neighbouring parts touch
        wide = np.convolve(inside, [1, 1, 1], mode="same") > 0 if step > 0 else inside
        axes.fill_between(x, height, where=wide, color=colour, lw=0)
        labels.append((f"{word}: {in_words(probability, scale)}".replace(" (", "\n("), colour))
    axes.plot(x, height, color="#4B5563", lw=0.8)
    axes.axvline(0, color="#4B5563", lw=0.8)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(0, height.max() * 1.08)
    for line, (text, colour) in enumerate(labels):
        axes.text(
            1.03, 0.98 - 0.36 * line, text, transform=axes.transAxes, va="top", fontsize=8,
            color="#4B5563" if colour == NEGLIGIBLE else colour,
        )  # fmt: skip
