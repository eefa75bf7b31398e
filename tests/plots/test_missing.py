"""The figure of missing numbers says what the cells say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.text import Text

from primum.plots import plot_missing
from primum.plots.style import HouseFigure
from primum.sources.dfe import read_dfe
from primum.sources.geography import stable_units
from tests.sources.dfe.twins import ees


def test_shares_are_those_of_local_authorities(tmp_path: Path) -> None:
    release = read_dfe(ees(tmp_path, ["seen", "again"], ["7", "c"], ["x", "c"], ["x", "9"]))
    figure = plot_missing(release.cells)
    assert isinstance(figure, HouseFigure)
    axes = figure.axes[0]
    assert np.asarray(axes.images[0].get_array()).tolist() == [[0.5], [1.0]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["seen", "again"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2022"]
    assert [text.get_text() for text in axes.texts] == ["50", "100"]


def test_the_worst_of_many_measures_are_drawn(tmp_path: Path) -> None:
    names = [f"measure_{number}" for number in range(40)]
    full = ["7"] * 40
    release = read_dfe(ees(tmp_path, names, [*full[:-1], "c"], full))
    axes = plot_missing(release.cells).axes[0]
    assert len(axes.get_yticklabels()) == 30
    assert axes.get_yticklabels()[0].get_text() == "measure_39"
    assert "30 worst of 40 measures" in axes.get_title("left")


def test_long_names_are_cut_and_nothing_leaves_the_figure(tmp_path: Path) -> None:
    release = read_dfe(ees(tmp_path, ["a" * 60, "b"], ["7", "c"], ["8", "9"]))
    figure = plot_missing(stable_units(release.cells).cells)
    figure.draw_without_rendering()
    width, height = figure.canvas.get_width_height()
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if text.get_text() and text.get_visible():
            box = text.get_window_extent()
            assert box.x0 >= 0
            assert box.x1 <= width
            assert box.y0 >= 0
            assert box.y1 <= height
