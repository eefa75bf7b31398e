"""Averages of the user's own, against arithmetic done cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import primum as pr
from primum.effects.average import RELATIVE, average
from primum.effects.averages import satt
from primum.effects.predictions import Predictions
from tests.effects.made import cells_with, made

LONG = (2010, 2011, 2012, 2013, 2014, 2015, 2016)


@pytest.fixture(scope="module")
def found() -> Predictions:
    """Four pilots, two of which start in 2012, the others in 2013."""
    return made("binomial", staggered=True, pilots=4, times=LONG, text_units=True)


def by_hand(found: Predictions, weight: Any, values: Any = None) -> np.ndarray:
    """Mean of fully exposed cells with the weights that a function gives to (pilot, period)."""
    values = found.effect.values if values is None else values
    total = sum(weight(i, t) * values[..., i, t] for i, t in cells_with(found))
    return np.asarray(total / sum(weight(i, t) for i, t in cells_with(found)))


def test_the_default_is_the_satt(found: Predictions) -> None:
    np.testing.assert_array_equal(average("again").of(found), satt(found))
    weighted = made("binomial", changes={"outcomes.first.target": "denominators"})
    np.testing.assert_array_equal(average("again").of(weighted), satt(weighted))
    assert average("again").described(weighted.outcome)["weights"] == "by denominators"
    assert average("again").described(found.outcome)["weights"] == "every pilot and period the same"


@pytest.mark.parametrize(
    ("window", "inside"),
    [
        ({"periods": (2014, 2015)}, lambda event, year: 2014 <= year <= 2015),
        ({"periods": (2016, 2016)}, lambda event, year: year == 2016),
        ({"since_start": (1, 2)}, lambda event, year: 1 <= event <= 2),
        ({"since_start": (2, 4), "periods": (2010, 2015)}, lambda event, year: event >= 2 and year <= 2015),
    ],
)
def test_windows(found: Predictions, window: dict[str, Any], inside: Any) -> None:
    year, start = found.cells.time, found.cells.start
    expected = by_hand(found, lambda i, t: float(inside(year[t] - start[i], year[t])))
    np.testing.assert_allclose(average("window", **window).of(found), expected, rtol=1e-12)


def test_weights(found: Predictions) -> None:
    """From a period after the start on, pilots differ in how many periods they have."""

    def inside(i: int, t: int) -> bool:
        return bool(found.cells.time[t] - found.cells.start[i] >= 1)

    own = {i: sum(inside(i, t) for j, t in cells_with(found) if j == i) for i in range(4)}
    assert sorted(own.values()) == [3, 3, 4, 4]
    names, periods = found.full["pilot"].values.tolist(), found.cells.time.tolist()
    # comparators and cells that the average is not over may be in the table
    index = pd.MultiIndex.from_product([names, periods])
    cases: list[tuple[Any, Any]] = [
        ("cells", lambda i, t: 1.0),
        ("pilots", lambda i, t: 1 / own[i]),
        ("denominators", lambda i, t: found.cells.denominator[i, t]),
        ({f"Area {i:02d}": float(i + 1) for i in range(12)}, lambda i, t: (i + 1) / own[i]),
        (pd.Series(np.arange(index.size, dtype=float), index), lambda i, t: float(i * len(periods) + t)),
    ]
    for weights, by_cell in cases:
        estimand = average("own", since_start=(1, 4), weights=weights)
        expected = by_hand(found, lambda i, t, by_cell=by_cell: inside(i, t) * by_cell(i, t))
        np.testing.assert_allclose(estimand.of(found), expected, rtol=1e-12)
        assert estimand.weights == "your own" or weights in ("cells", "pilots", "denominators")


@pytest.mark.parametrize("scale", ["ratio", "relative change", "odds ratio"])
def test_averages_come_before_comparisons(found: Predictions, scale: Any) -> None:
    with_it, without = (by_hand(found, lambda i, t: 1.0, each.values) for each in (found.with_exposure, found.without))
    expected = {
        "ratio": with_it / without,
        "relative change": (with_it - without) / without * 100,
        "odds ratio": (with_it / (1 - with_it)) / (without / (1 - without)),
    }[scale]
    estimand = average("own", scale=scale)
    np.testing.assert_allclose(estimand.of(found), expected, rtol=1e-12)
    assert estimand.scale == f"{scale} of averages"


def test_scales_are_those_of_the_outcome() -> None:
    there = {
        name: [each.name for each in RELATIVE if each.applies(made(name))]
        for name in ("normal", "lognormal", "poisson", "beta_binomial")
    }
    assert there == {
        "normal": [],
        "lognormal": ["relative_change", "ratio"],
        "poisson": ["relative_change", "ratio"],
        "beta_binomial": ["relative_change", "ratio", "odds_ratio"],
    }


def test_there_are_no_weights_by_denominators_that_are_not_there() -> None:
    weighted = average("by records", weights="denominators")
    assert [weighted.applies(made("normal", counted=counted)) for counted in (True, False)] == [True, False]
    assert weighted.applies(made("binned"))
    assert weighted.applies(made("ordered", counted=False))


def test_a_ratio_of_durations_is_that_of_their_effects() -> None:
    """With a log link and the same effect everywhere the ratio is its exponential."""
    one = made("lognormal", units=6, pilots=1)
    tau = np.asarray(one.posterior["tau_unit"])[..., 0]
    np.testing.assert_allclose(RELATIVE[1].of(one), np.exp(tau), rtol=1e-12)


def test_windows_and_scales_that_are_none_are_refused() -> None:
    with pytest.raises(pr.InputError) as caught:
        average("bad", periods=(2015, 2013), since_start=(1,), scale="log", weights="people")  # type: ignore[arg-type]
    assert len(caught.value.problems) == 4


def test_windows_and_weights_that_do_not_fit_are_refused(found: Predictions) -> None:
    with pytest.raises(pr.InputError, match=r"within 2010 to 2011; .* 2010 to 2016, and pilots start in 2012 to 2013"):
        average("early", periods=(2010, 2011)).of(found)
    with pytest.raises(pr.InputError) as caught:
        average("own", weights={"Area 00": -1.0, "Area 01": np.inf, "Area 99": 1.0}).of(found)
    assert caught.value.problems == (
        "these units are not in the panel: Area 99; use the panel's names",
        "these have no weight: Area 02, Area 03; every pilot or cell averaged needs one",
        "these weights are negative or not finite: Area 00, Area 01; mend them",
    )
    with pytest.raises(pr.InputError, match="all weights are 0"):
        average("own", weights={f"Area {i:02d}": 0.0 for i in range(12)}).of(found)
    with pytest.raises(pr.InputError, match=r"have no weight: \('Area 00', 2014\)"):
        average("own", weights={("Area 00", 2013): 1.0}).of(found)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"periods": 2017}, "periods must be its first and last period, whole numbers"),
        ({"periods": ("2016", "2017")}, "periods must be its first and last period, whole numbers"),
        ({"since_start": (1.5, 3)}, "since_start must be its first and last period, whole numbers"),
        ({"weights": [1, 2, 3]}, "a mapping or a pandas series, not list"),
        ({"weights": {1: "a"}}, "weights are no numbers for 1"),
        ({"weights": {(1, 2016): 1.0, 2: 1.0}}, "by pilot for some and by"),
        ({"weights": pd.Series([1.0, 2.0], index=[1, 1])}, "weights are given twice for 1"),
    ],
)
def test_settings_of_another_kind_are_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(pr.InputError, match=problem):
        average("odd", **settings)


def test_windows_beyond_the_panel_are_refused(found: Predictions) -> None:
    last = int(found.cells.time[-1])
    for window in ({"periods": (last, last + 9)}, {"since_start": (0, 99)}):
        with pytest.raises(pr.InputError, match="reaches beyond"):
            average("late", **window).of(found)  # type: ignore[arg-type]
