"""Probability of an effect worse than any."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from primum.harm import Exceedance, OutcomeHarm
from primum.plots.forest import mark_directions, shade_sesoi
from primum.plots.style import COMPARATORS, PILOTS, house_style, new_figure

_LINE = 0.012  # share of the axes' height that a line covers, within which no band could be seen


def plot_exceedance(harm: OutcomeHarm) -> Figure:
    """Draw the probability of an effect worse than any, for the average in the pilots and for a new area.

    The band, of two Monte Carlo standard errors either way, is drawn where it is wider than the line.

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
    >>> plot_exceedance(pr.harm(pr.effects(tiny_fit()))["kinship"]).axes[0].get_ylabel()
    'probability of a worse effect'
    """
    if not harm.exceedance:
        raise ValueError(f"{harm.outcome.name} failed the gate: there are no probabilities to draw")
    outcome = harm.outcome
    curves = (("satt", f"average in the pilots{outcome.average}", PILOTS), ("new_unit", "a new area", COMPARATORS))
    with house_style():
        figure, (axes,) = new_figure(3.1)
        shade_sesoi(axes, outcome)
        for name, label, colour in curves:
            _curve(axes, harm.exceedance[name], label, colour)
        axes.axvline(
            outcome.sign * outcome.sesoi, color="#4B5563", lw=0.9, ls=(0, (4, 3)), zorder=1,
            label="smallest harm of interest",
        )  # fmt: skip
        axes.set_ylim(0, 1.02)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
        axes.grid(axis="y", color="#EEF0F2", lw=0.8)
        axes.set_axisbelow(True)
        axes.set_ylabel("probability of a worse effect")
        axes.set_xlabel(f"effect, {outcome.unit}")
        axes.set_title(outcome.label, pad=16)
        mark_directions(axes, outcome)
        figure.legend(loc="outside lower left", ncols=2 if outcome.average else 3, fontsize=8, handlelength=1.5)
    return figure


def _curve(axes: Axes, found: Exceedance, label: str, colour: str) -> None:
    width = 2 * found.mcse
    if width.max() > _LINE:
        low, high = found.probability - width, found.probability + width
        axes.fill_between(found.at, low.clip(0), high.clip(max=1), color=colour, alpha=0.2, lw=0)
    axes.plot(found.at, found.probability, color=colour, lw=1.8, label=label)
