"""One look for all figures: sizes that stay readable on a phone, colours that stay apart in grey."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

WIDTH = 5.4
_NOTEBOOK_DPI = 110
PILOTS = "#B35806"
COMPARATORS = "#6B7280"
HARM = "#B2182B"
NEGLIGIBLE = "#C9CDD3"
BENEFIT = "#2166AC"
INK = "#1F2933"

_SETTINGS: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": "#9AA5B1",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "primum",
}


class HouseFigure(Figure):
    """A figure that notebooks show without pyplot."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=_NOTEBOOK_DPI)
        return buffer.getvalue()


@contextmanager
def house_style() -> Iterator[None]:
    """Matplotlib settings of the house, for as long as a figure is made."""
    with mpl.rc_context(_SETTINGS):
        yield


def new_figure(height: float, rows: int = 1, columns: int = 1, **layout: object) -> tuple[Figure, list[Axes]]:
    """Make a figure of the usual width with a grid of axes, row by row.

    Parameters
    ----------
    height
        In inches.
    rows, columns
        Of the grid.
    **layout
        For `Figure.subplots`, such as ``sharex``.
    """
    figure = HouseFigure(figsize=(WIDTH, height), layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.06))
    axes = figure.subplots(rows, columns, squeeze=False, **layout)  # type: ignore[call-overload]
    return figure, list(axes.ravel())
