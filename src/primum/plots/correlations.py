"""How outcomes that were fitted jointly go together."""

from __future__ import annotations

from matplotlib.figure import Figure

from primum.effects import Correlations
from primum.effects.correlations import SHOWN
from primum.plots.style import COMPARATORS, INK, house_style, new_figure

_LONGEST = 28


def plot_correlations(found: Correlations) -> Figure:
    """Draw means and 95% intervals of all correlations: of levels, departures, effects and weights, a pair a row.

    Parameters
    ----------
    found
        From `primum.correlations`.

    Examples
    --------
    >>> import primum as pr
    >>> from primum.testing import tiny_joint_fit
    >>> [axes.get_title(loc="left") for axes in plot_correlations(pr.correlations(tiny_joint_fit())).axes]
    ['Levels', 'Departures', 'Effects']
    """
    labels = {each.name: _short(each.label) for each in found.spec.outcomes}
    pairs, kinds = found.table.loc["level"].index, found.table.index.unique("kind")
    rows = range(len(pairs))
    with house_style():
        figure, axes = new_figure(0.9 + 0.36 * len(pairs), columns=len(kinds), sharey=True, sharex=True)
        for each, kind in zip(axes, kinds, strict=True):
            table = found.table.loc[kind]
            each.axvline(0, color="#9AA5B1", lw=0.9, zorder=1)
            each.hlines(rows, table["eti95_low"], table["eti95_high"], color=COMPARATORS, lw=1.4)
            each.plot(table["mean"], rows, "o", color="white", mec=INK, mew=1.4, ms=4, zorder=3)
            each.set_title(SHOWN[kind].capitalize())
            each.set_xlim(-1, 1)
            each.set_xticks([-1, 0, 1], ["\N{MINUS SIGN}1", "0", "1"])
            each.tick_params(axis="y", length=0)
            each.spines["left"].set_visible(False)
        axes[0].set_yticks(rows, [f"{labels[first]},\n{labels[second]}" for first, second in pairs], fontsize=7.5)
        axes[0].set_ylim(len(pairs) - 0.5, -0.5)
        axes[1].set_xlabel("correlation; mean and 95% interval")
    return figure


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
