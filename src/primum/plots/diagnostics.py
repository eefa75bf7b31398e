"""Convergence of every named quantity at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from primum.fit.gate import MAX_RHAT, MIN_ESS
from primum.plots.style import BENEFIT, HARM, house_style, new_figure

if TYPE_CHECKING:
    import pandas as pd

WORST = 10.0  # R-hat that is drawn: of chains that stand still it is infinite


def plot_diagnostics(table: pd.DataFrame, label: str) -> Figure:
    """Draw R-hat against the smaller of bulk and tail ESS, with the gate's limits.

    Parameters
    ----------
    table
        Columns rhat, ess_bulk and ess_tail, one row a quantity; an R-hat beyond 10 is drawn at 10.
    label
        The outcome's readable name.
    """
    rhat = np.nan_to_num(table["rhat"].to_numpy(), nan=WORST, posinf=WORST).clip(max=WORST)
    ess = table[["ess_bulk", "ess_tail"]].min(axis=1).to_numpy()
    good = (rhat <= MAX_RHAT) & (ess >= MIN_ESS)
    with house_style():
        figure, (axes,) = new_figure(2.7)
        axes.axvline(MIN_ESS, color=HARM, lw=1, ls="--")
        axes.axhline(MAX_RHAT, color=HARM, lw=1, ls="--")
        for mask, colour in ((good, BENEFIT), (~good, HARM)):
            axes.plot(ess[mask], rhat[mask], "o", ms=4.5, color=colour, alpha=0.6, mew=0)
        for position in _outermost(rhat, ess):
            axes.annotate(
                str(table.index[position]), (ess[position], rhat[position]), xytext=(5, 3),
                textcoords="offset points", fontsize=7.5,
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_xlim(min(MIN_ESS / 2, ess.min() / 1.3), ess.max() * 1.5)
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xticks([tick for tick in (100, 200, 400, 1000, 2000, 4000, 8000) if tick <= ess.max() * 1.5])
        axes.set_ylim(min(0.999, rhat.min() - 0.001), max(MAX_RHAT + 0.002, rhat.max() + 0.002))
        axes.set_title(label)
        axes.set_xlabel("effective draws (smaller of bulk and tail)")
        axes.set_ylabel("R-hat")
    return figure


def _outermost(rhat: np.ndarray, ess: np.ndarray) -> list[int]:
    """Positions of the quantity with the fewest effective draws and of that with the largest R-hat."""
    return sorted({int(np.argmin(ess)), int(np.argmax(rhat))})
