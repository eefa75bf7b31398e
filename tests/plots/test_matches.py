"""Figures of matches show the numbers of their tables."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

import primum as pr
from primum.plots import plot_balance, plot_distances, plot_matched
from tests.match.tables import panel, spec


@pytest.fixture(scope="module")
def matches() -> pr.Matches:
    return pr.match(spec(), panel(), pr.Matching(neighbours=2, caliper=9.0))


@pytest.fixture(scope="module")
def apart() -> pr.Matches:
    return pr.match(spec(), panel(), pr.Matching(method="kernel", neighbours=4, per_outcome=True))


def texts(figure: Figure) -> str:
    figure.draw_without_rendering()
    return " | ".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


def test_love_plot_has_a_row_a_variable_before_and_after(matches: pr.Matches) -> None:
    figure = plot_balance(matches)
    rows = matches.balance.variables
    names = [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    assert names == rows["variable"].tolist()
    for when in ("before", "after"):
        drawn = [line.get_xdata() for axes in figure.axes for line in axes.lines if line.get_label() == when]
        np.testing.assert_allclose(np.concatenate([np.asarray(each) for each in drawn]), rows[f"smd_{when}"])


def test_covariates_of_several_outcomes_are_told_apart() -> None:
    made = panel()
    import pandas as pd

    numbers = pd.DataFrame({"unit": made.dataset["unit"].values, "poverty": np.arange(17.0)})
    covariates = pr.covariates(made, numbers, measured={"poverty": 2010})
    found = texts(plot_balance(pr.match(spec(), made, pr.Matching(per_outcome=True), covariates)))
    assert "poverty (days)" in found
    assert "poverty (share)" in found


def test_distances_fill_those_with_a_weight_and_show_the_caliper(matches: pr.Matches) -> None:
    axes = plot_distances(matches).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    far = matches.balance.pilots.sort_values("distance", ascending=False)["label"]
    assert labels == far.tolist()
    filled = [each for each in axes.collections if isinstance(each, PathCollection)]
    found = np.sort(np.concatenate([np.asarray(each.get_offsets())[:, 0] for each in filled]))
    np.testing.assert_allclose(found, np.sort(matches.sets["distance"]))
    assert "caliper" in [line.get_label() for line in axes.lines]


def test_distances_of_one_outcome(apart: pr.Matches) -> None:
    assert "How far comparators are: share" in texts(plot_distances(apart, "share"))


def test_pilots_with_equal_weights_are_said_to_be_unmatched() -> None:
    alone = pr.match(spec(), panel(), pr.Matching(caliper=0.01, unmatched="equal"))
    for figure in (plot_distances(alone), plot_matched(alone, panel(), spec().outcome("days"))):
        found = {text for text in texts(figure).split(" | ") if "no match" in text}
        assert found == {"A1 (no match)", "A2 (no match)", "A3 (no match)"}


def test_paths_are_those_of_the_pilot_and_of_its_weighted_comparators(apart: pr.Matches) -> None:
    made = panel()
    figure = plot_matched(apart, made, spec().outcome("share"))
    share = 100 * made.dataset["share"] / made.dataset["share_denominator"]
    weights = apart.weights.sel(outcome="share")
    for axes in figure.axes[:3]:
        name = axes.get_title(loc="left")
        lines = {line.get_label(): np.asarray(line.get_ydata()) for line in axes.lines}
        np.testing.assert_allclose(lines["pilot"], share.sel(unit=name))
        mean = weights.sel(pilot=name).values @ share.sel(unit=weights["comparator"].values).values
        np.testing.assert_allclose(lines["its comparators, weighted mean"], mean)


def test_paths_of_many_pilots_say_that_some_are_not_shown() -> None:
    spec_, made = pr.demo_spec(), pr.simulate(units=60, periods=10, pilots=20, seed=1).panel
    many = pr.match(spec_, made, pr.Matching(outcomes=("kinship",)))
    assert "(the 12 of 20 pilots farthest from theirs)" in texts(plot_matched(many, made, spec_.outcome("kinship")))
