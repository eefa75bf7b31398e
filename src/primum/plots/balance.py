"""Balance before and after matching: the Love plot."""

from __future__ import annotations

from matplotlib.figure import Figure

from primum.match import Matches
from primum.plots.style import COMPARATORS, NEGLIGIBLE, PILOTS, house_style, new_figure

_FINE = 0.25  # SDs; beyond it regression cannot be trusted to mend a difference (Rubin, 2001)
_ROW = 0.17


def plot_balance(matches: Matches) -> Figure:
    """Draw standardised mean differences of every covariate, level, trend and pre-period, before and after.

    Parameters
    ----------
    matches
        The matches.
    """
    table = matches.balance.variables
    table = table[table["pilots"] > 0]
    parts = [table[table["kind"] != "period"], table[table["kind"] == "period"]]
    shared = "outcome" not in table.columns
    with house_style():
        figure, grid = new_figure(
            1.7 + _ROW * len(table), rows=2, sharex=True, height_ratios=[len(p) + 1 for p in parts]
        )
        titles = ("What comparators were matched on", "Single periods before exposure")
        for axes, part, title in zip(grid, parts, titles, strict=True):
            rows = range(len(part))
            axes.axvspan(-_FINE, _FINE, color=NEGLIGIBLE, alpha=0.35, lw=0)
            axes.axvline(0, color=COMPARATORS, lw=0.8)
            axes.hlines(rows, part["smd_before"], part["smd_after"], color=COMPARATORS, lw=0.9, alpha=0.6)
            axes.plot(part["smd_before"], rows, "o", color="white", mec=COMPARATORS, mew=1.2, ms=4.5, label="before")
            axes.plot(part["smd_after"], rows, "o", color=PILOTS, ms=4.5, label="after")
            names = (
                part["variable"]
                if shared
                else part["variable"].where(
                    part["kind"] != "covariate", part["variable"] + " (" + part["outcome"] + ")"
                )
            )
            axes.set_yticks(rows, names, fontsize=8)
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
            axes.set_ylim(len(part) - 0.4, -0.6)
            axes.set_title(title)
        grid[-1].set_xlabel(
            f"pilots' mean less comparators', in SDs of all comparators;\nshaded: less than {_FINE:g} SD apart"
        )
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=2, fontsize=8, handlelength=1.2)
    return figure
