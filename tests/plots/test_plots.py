"""Every figure shows what it says: labels, limits and numbers, on a canned fit."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

import primum as pr
from primum.effects import Effects
from primum.fit.gate import Finding, Gate, diagnose
from primum.harm import Harm, OutcomeHarm
from primum.harm.harm import harm as harm_of
from primum.harm.likelihood import in_words
from primum.plots import (
    plot_correlations,
    plot_density,
    plot_diagnostics,
    plot_event_study,
    plot_exceedance,
    plot_forest,
    plot_groups,
    plot_imputations,
    plot_joint,
    plot_operating,
    plot_overview,
    plot_paths,
    plot_predictive,
    plot_trends,
)
from primum.plots.style import HouseFigure
from primum.testing import tiny_fit, tiny_imputed, tiny_joint_fit, tiny_panel
from tests.effects.test_paths import made_fit
from tests.model.panels import evaluation


@pytest.fixture(scope="module")
def effects() -> Effects:
    return pr.effects(tiny_fit())


@pytest.fixture(scope="module")
def harm(effects: Effects) -> Harm:
    return pr.harm(effects)


def texts(figure: Figure) -> str:
    figure.draw_without_rendering()
    return " | ".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


def failed(effects: Effects, name: str) -> Effects:
    """The same effects with one outcome's gate failed."""
    gate = Gate((Finding("FAIL", "R-hat above 1.01", "run more draws"),), 1.2, 30.0)
    changed = {**effects.outcomes, name: dataclasses.replace(effects.outcomes[name], gate=gate)}
    return dataclasses.replace(effects, outcomes=changed)


def test_trends_show_the_means_of_the_observed_shares() -> None:
    panel, outcome = tiny_panel(), pr.demo_spec().outcome("kinship")
    axes = plot_trends(panel, outcome).axes[0]
    share = 100 * panel.dataset["kinship"] / panel.dataset["kinship_denominator"]
    lines = {line.get_label(): np.asarray(line.get_ydata()) for line in axes.lines}
    np.testing.assert_allclose(lines["pilots, mean"], share[panel.pilots].mean("unit"))
    np.testing.assert_allclose(lines["comparators, mean"], share[~panel.pilots].mean("unit"))


def test_trends_show_intervals_of_pilots_as_bars() -> None:
    spec, panel = evaluation("binomial", bounded=40)
    outcome = spec.outcomes[0]
    axes = plot_trends(panel, outcome).axes[0]
    (bars,) = [each for each in axes.collections if isinstance(each, LineCollection)]
    low, high = (panel.dataset[f"first_{bound}"].to_numpy()[panel.pilots] for bound in ("low", "high"))
    share = 100 / panel.dataset["first_denominator"].to_numpy()[panel.pilots]
    unit, period = np.nonzero(low < high)
    assert unit.size > 1
    ends = np.array(bars.get_segments())
    time = panel.dataset["time"].to_numpy()[period]
    np.testing.assert_array_equal(ends[:, :, 0], np.stack([time, time], axis=1))
    np.testing.assert_allclose(ends[:, :, 1], np.stack([low * share, high * share], axis=-1)[unit, period])
    assert "known as an interval" in texts(plot_trends(panel, outcome))
    assert "known as an interval" not in texts(plot_trends(tiny_panel(), pr.demo_spec().outcome("kinship")))


def test_paths_have_a_panel_a_region_with_its_own_mean_and_the_common_one() -> None:
    paths = pr.regional_paths(made_fit().fit, "first")
    figure = plot_paths(paths)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["North (3)", "South (3)", "West (3)"]
    for name, axes in zip(("North", "South", "West"), figure.axes, strict=True):
        common, own = (np.asarray(line.get_ydata()) for line in axes.lines)
        np.testing.assert_array_equal(own, paths.regions.xs(name)["mean"])
        np.testing.assert_array_equal(common, paths.common["mean"])
    assert "The first outcome, %" in texts(figure)


def test_forest_has_a_row_a_pilot_and_two_summaries(effects: Effects) -> None:
    figure = plot_forest(effects["kinship"])
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["LA 01", "LA 02", "LA 03", "Average in the pilots", "A new area"]
    means = [float(np.ravel(line.get_xdata())[0]) for line in figure.axes[0].lines if line.get_marker() == "o"]
    table = effects["kinship"].table["mean"]
    expected = [*table.filter(like="unit_effect"), table["satt"], table["new_unit"]]
    np.testing.assert_allclose(means, expected)


def test_forest_shows_unpooled_estimates_below_the_pilots(effects: Effects) -> None:
    plain = pr.unpooled(tiny_fit(), "kinship")
    figure = plot_forest(effects["kinship"], plain)
    (marks,) = [line for line in figure.axes[0].lines if line.get_marker() == "D"]
    np.testing.assert_allclose(np.asarray(marks.get_xdata()), plain["estimate"])
    (bars,) = [each for each in figure.axes[0].collections if isinstance(each, LineCollection)]
    ends = np.array(bars.get_segments())[:, :, 0]
    np.testing.assert_allclose(ends[:, 1] - ends[:, 0], 2 * 1.96 * plain["se"])
    assert "by itself" in texts(figure)
    assert "by itself" not in texts(plot_forest(effects["kinship"]))


def test_event_study_has_the_means_of_the_table(effects: Effects) -> None:
    found = effects["kinship"]
    figure = plot_event_study(found)
    for axes, kind in zip(figure.axes, ("event", "cohort"), strict=False):
        drawn = next(line for line in axes.lines if line.get_marker() == "o")
        np.testing.assert_array_equal(drawn.get_xdata(), found.draws[kind])
        np.testing.assert_allclose(np.asarray(drawn.get_ydata()), found.table["mean"].filter(like=f"{kind}_effect"))
    before = next(line for line in figure.axes[0].lines if line.get_marker() == "s")
    np.testing.assert_array_equal(before.get_xdata(), [-4, -3, -2, -1])
    np.testing.assert_allclose(np.asarray(before.get_ydata()), found.rows("placebo_effect")["mean"])
    assert "not an effect" in texts(figure)


def test_joint_crosses_stand_at_the_means_of_both_outcomes(effects: Effects) -> None:
    first, second = effects["rereferral"], effects["kinship"]
    figure = plot_joint(first, second)
    pilots, average = (line for line in figure.axes[0].lines if line.get_marker() == "o")
    np.testing.assert_allclose(np.asarray(pilots.get_xdata()), first.rows("unit_effect")["mean"])
    np.testing.assert_allclose(np.asarray(pilots.get_ydata()), second.rows("unit_effect")["mean"])
    middle = np.ravel([average.get_xdata(), average.get_ydata()])
    np.testing.assert_allclose(middle, [each.table["mean"]["satt"] for each in (first, second)])
    shown = texts(figure)
    # a rise of re-referrals and a fall of kinship care are harm
    assert "harm \N{RIGHTWARDS ARROW}" in shown
    assert "\N{LEFTWARDS ARROW} harm" in shown
    assert "LA 02" in shown


@pytest.mark.parametrize(("name", "harmful_side"), [("kinship", "left"), ("rereferral", "right")])
def test_directions_say_which_side_is_harm(effects: Effects, name: str, harmful_side: str) -> None:
    found = texts(plot_forest(effects[name]))
    arrow = "\N{LEFTWARDS ARROW} harm" if harmful_side == "left" else "harm \N{RIGHTWARDS ARROW}"
    assert arrow in found


def test_density_carries_the_probabilities_of_the_table(effects: Effects, harm: Harm) -> None:
    found = harm["rereferral"].pilots
    assert found is not None
    said = texts(plot_density(effects["rereferral"], harm["rereferral"])).replace("\n", " ")
    assert f"negligible: {in_words(found.negligible, 'ipcc')}" in said
    phia = dataclasses.replace(harm["rereferral"], scale="phia")
    assert f"harm > 2: {in_words(found.harm_beyond_sesoi, 'phia')}" in texts(
        plot_density(effects["rereferral"], phia)
    ).replace("\n", " ")


@pytest.mark.parametrize("name", ["kinship", "rereferral"])
def test_exceedance_has_both_curves_and_the_smallest_harm_of_interest(harm: Harm, name: str) -> None:
    found, outcome = harm[name], harm[name].outcome
    axes = plot_exceedance(found).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    for label, estimand in (("average in the pilots", "satt"), ("a new area", "new_unit")):
        np.testing.assert_array_equal(lines[label].get_xdata(), found.exceedance[estimand].at)
        np.testing.assert_array_equal(lines[label].get_ydata(), found.exceedance[estimand].probability)
    marked = np.asarray(lines["smallest harm of interest"].get_xdata())
    assert set(marked) == {outcome.sesoi if outcome.harm == "up" else -outcome.sesoi}


def test_a_band_of_monte_carlo_error_is_drawn_where_it_can_be_seen(harm: Harm) -> None:
    found = harm["kinship"]
    sure = {name: dataclasses.replace(each, mcse=each.mcse / 100) for name, each in found.exceedance.items()}
    bands = [len(plot_exceedance(each).axes[0].collections) for each in (
        found, dataclasses.replace(found, exceedance=sure)
    )]  # fmt: skip
    assert bands == [2, 0]


def test_groups_have_a_bar_each_that_adds_up_to_one(harm: Harm) -> None:
    found = harm["rereferral"]
    figure = plot_groups(found)
    for axes, by in zip(figure.axes, ("pilot", "event time", "cohort"), strict=True):
        here = [group for group in found.groups if group.by == by]
        assert [label.get_text() for label in axes.get_yticklabels()] == [group.label for group in here]
        widths = [patch.get_width() for patch in axes.patches if isinstance(patch, Rectangle)]
        np.testing.assert_allclose(np.reshape(widths, (len(here), 3)).sum(axis=1), 1.0)
        assert widths[::3] == [group.found.harm_beyond_sesoi.value for group in here if group.found is not None]


def test_groups_leave_out_a_single_cohort(harm: Harm) -> None:
    found = harm["rereferral"]
    single = [group for group in found.groups if group.by != "cohort" or group.name == 2013]
    assert len(plot_groups(dataclasses.replace(found, groups=tuple(single))).axes) == 2


@pytest.mark.parametrize("plot", [plot_exceedance, plot_groups])
def test_figures_of_probabilities_refuse_an_outcome_that_failed(
    effects: Effects, plot: Callable[[OutcomeHarm], Figure]
) -> None:
    with pytest.raises(ValueError, match="kinship failed the gate"):
        plot(harm_of(failed(effects, "kinship"))["kinship"])


def test_density_refuses_an_outcome_that_failed(effects: Effects) -> None:
    broken = failed(effects, "kinship")
    with pytest.raises(ValueError, match="kinship failed the gate"):
        plot_density(broken["kinship"], harm_of(broken)["kinship"])


def test_overview_bars_add_up_to_one_and_leave_failures_empty(effects: Effects) -> None:
    figure = plot_overview(harm_of(failed(effects, "assessment")))
    for axes in figure.axes:
        widths: dict[float, float] = {}
        for patch in axes.patches:
            # bars are 0.66 high; the background and the legend's patches are not
            if isinstance(patch, Rectangle) and 0.5 < patch.get_height() < 0.7:
                widths[round(patch.get_y(), 2)] = widths.get(round(patch.get_y(), 2), 0) + patch.get_width()
        np.testing.assert_allclose(list(widths.values()), 1.0)
        assert len(widths) == 3
    assert texts(figure).count("failed its checks") == 2


def test_figures_say_what_was_chosen_after_fitting(effects: Effects) -> None:
    late = harm_of(effects, after={"kinship": {"sesoi": 12.0}})
    for figure in (
        plot_overview(late),
        plot_exceedance(late["kinship"]),
        plot_groups(late["kinship"]),
        plot_density(effects["kinship"], late["kinship"]),
    ):
        assert "harm chosen after fitting" in texts(figure).replace("\n", " ")


def test_predictive_marks_what_the_model_does_not_reproduce() -> None:
    checks = pr.predictive_checks(tiny_fit(), "kinship")
    far = dataclasses.replace(checks[0], observed=1e6)
    assert "p = 0.00" in texts(plot_predictive([far, *checks[1:]], "Kinship care"))


def test_diagnostics_names_the_worst_quantities() -> None:
    table = diagnose(tiny_fit().posterior("kinship").drop_vars("eta"))
    table.loc["tau", ["rhat", "ess_bulk"]] = [1.2, 20.0]
    assert "tau" in texts(plot_diagnostics(table, "Kinship care")).split(" | ")


def test_diagnostics_of_chains_that_stand_still_are_drawn() -> None:
    table = diagnose(tiny_fit().posterior("kinship").drop_vars("eta"))
    table.loc["tau", "rhat"], table.loc["mu", "rhat"] = np.inf, np.nan
    (axes,) = plot_diagnostics(table, "Kinship care").axes
    assert axes.get_ylim()[1] == pytest.approx(10, abs=0.1)


def test_notebooks_can_show_a_figure(harm: Harm) -> None:
    figure = plot_overview(harm)
    assert isinstance(figure, HouseFigure)
    assert figure._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("make", [plot_overview])
def test_figures_do_not_touch_matplotlibs_settings(make: Callable[[Harm], Figure], harm: Harm) -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    make(harm)
    assert dict(mpl.rcParams) == before


def test_operating_characteristics_go_from_harm_to_benefit() -> None:
    spec = pr.demo_spec()
    verdicts = {-3.0: ("stop or rework", "pause for thought"), 3.0: ("carry on", "grounds to adopt")}
    rows = [
        {
            "effect": effect, "simulation": number, "mean": effect, "sd": 1.0, "eti95_low": 0.0, "eti95_high": 1.0,
            "p_harm": 0.5, "using": using if number else "carry on, and watch", "considering": considering,
            "gate": "PASS",
        }
        for effect, (using, considering) in verdicts.items()
        for number in range(4)
    ]  # fmt: skip
    figure = plot_operating(pr.Operating(spec, spec.outcome("kinship"), pd.DataFrame(rows)))
    using = figure.axes[0]
    assert [label.get_text() for label in using.get_yticklabels()] == ["\N{MINUS SIGN}3", "+3"]
    assert using.get_ylim()[0] > using.get_ylim()[1], "harm must stand above"
    widths = [bar.get_width() for bar in using.patches if isinstance(bar, Rectangle)]
    assert widths[:3] == [0.75, 0.25, 0.0]
    assert "a fall is harm" in texts(figure)


def test_imputations_show_the_mean_of_each_and_of_all() -> None:
    found = pr.effects(tiny_imputed())["kinship"]
    figure = plot_imputations(found)
    marks = [float(line.get_xdata()[0]) for line in figure.axes[0].lines if line.get_marker() == "o"]  # type: ignore[index, arg-type]
    each = found.draws["satt"].groupby("imputation").mean(...).values
    assert marks == pytest.approx([*each, found.table.loc["satt", "mean"]])
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == [
        "imputation 1", "imputation 2", "imputation 3", "all together",
    ]  # fmt: skip


def test_one_panel_has_no_imputations_to_draw(effects: Effects) -> None:
    with pytest.raises(ValueError, match="no imputations"):
        plot_imputations(effects["kinship"])


def test_correlations_are_where_the_table_has_them() -> None:
    found = pr.correlations(tiny_joint_fit())
    figure = plot_correlations(found)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Levels", "Departures", "Effects"]
    for axes, kind in zip(figure.axes, ("level", "path", "effect"), strict=True):
        points = np.asarray(axes.lines[-1].get_xdata(), dtype=float)
        np.testing.assert_allclose(points, found.table.loc[kind]["mean"].to_numpy(dtype=float))
        assert axes.get_xlim() == (-1, 1)
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert len(names) == 6
    assert names[2] == "Re-referral within 6 months,\nKinship care"
