from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from primum.panel.design import MIN_COMPARATORS, MIN_PRE_PERIODS, design_problems
from primum.spec import Layout, Measure
from primum.spec.layout import Kind
from tests.panel.tables import EXPOSURE, PILOT, START

UNITS, PERIODS = 7, 8


def _dataset() -> xr.Dataset:
    """Three pilots, exposed from the fifth of eight periods on, and four comparators."""
    exposure = np.zeros((UNITS, PERIODS))
    exposure[:3, 4:] = 1
    dims = ("unit", "time")
    return xr.Dataset(
        {
            "kinship": (dims, np.full((UNITS, PERIODS), 10.0)),
            "exposure": (dims, exposure),
            "left_out": (dims, np.zeros((UNITS, PERIODS), dtype=bool)),
        },
        {"unit": list("PQRabcd"), "time": np.arange(2010, 2010 + PERIODS)},
    )


def _exposure(rows: Mapping[str, Sequence[float]]) -> xr.Dataset:
    dataset = _dataset()
    for unit, exposure in rows.items():
        dataset["exposure"].loc[unit] = exposure
    return dataset


def _unobserved(unit: str, periods: slice) -> xr.Dataset:
    dataset = _dataset()
    dataset["kinship"].loc[unit, periods] = np.nan
    return dataset


def test_sound_design_has_no_problems() -> None:
    assert design_problems(_dataset(), START) == []


@pytest.mark.parametrize(("layout", "column"), [(START, "start"), (PILOT, "pilot"), (EXPOSURE, "exposure")])
def test_no_pilots_points_to_the_column_that_says_so(layout: Layout, column: str) -> None:
    dataset = _exposure({unit: [0] * PERIODS for unit in "PQR"})
    assert design_problems(dataset, layout) == [
        f"no unit is exposed in any period from 2010 to 2017; check column '{column}' and the periods used"
    ]


@pytest.mark.parametrize("comparators", range(4))
def test_comparators_are_counted(comparators: int) -> None:
    dataset = _dataset().isel(unit=range(3 + comparators))
    problems = design_problems(dataset, START)
    if comparators >= MIN_COMPARATORS:
        assert problems == []
    else:
        assert problems == [
            f"the number of comparators (units never exposed in these periods) is {comparators}; "
            "add units without the programme, as at least 2 are needed"
        ]


@pytest.mark.parametrize("before", range(4))
def test_periods_before_exposure_are_counted(before: int) -> None:
    problems = design_problems(_exposure({"Q": [0] * before + [1] * (PERIODS - before)}), START)
    if before >= MIN_PRE_PERIODS:
        assert problems == []
    elif before:
        assert problems == ["pilot Q: fewer than 2 periods before exposure; add earlier periods or leave the unit out"]
    else:
        assert problems == ["pilot Q: exposed in every period; add earlier periods or leave the unit out"]


def test_periods_left_out_do_not_count_as_before_exposure() -> None:
    dataset = _dataset()
    dataset["left_out"].loc["R", 2011:2013] = True
    assert design_problems(dataset, START) == [
        "pilot R: fewer than 2 periods before exposure; add earlier periods or leave the unit out"
    ]


def test_pilots_must_be_fully_exposed_once() -> None:
    partly = [0, 0, 0, 0, 0.25, 0.5, 0.75, 0.99]
    problems = design_problems(_exposure({"P": partly, "R": partly}), START)
    assert problems == [
        "pilots P, R: never fully exposed (exposure 1) in these periods; add later periods, bring full exposure "
        "forward or leave the unit out"
    ]
    assert design_problems(_exposure({"P": [*partly[:-1], 1.0]}), START) == []


def test_pilot_that_is_only_ever_left_out_is_a_pilot() -> None:
    dataset = _exposure({"Q": [0] * PERIODS})
    dataset["left_out"].loc["Q", 2016:2017] = True
    assert [problem.split(":")[0] for problem in design_problems(dataset, START)] == ["pilot Q"]


def test_outcome_must_be_observed_in_two_periods_before_exposure() -> None:
    assert design_problems(_unobserved("Q", slice(2010, 2011)), START) == []
    assert design_problems(_unobserved("Q", slice(2010, 2012)), START) == [
        "pilot Q: kinship is observed in fewer than 2 periods before exposure; fill its cells, or leave the unit out"
    ]


def test_outcome_must_be_observed_under_exposure() -> None:
    assert design_problems(_unobserved("R", slice(2015, 2017)), START) == []
    assert design_problems(_unobserved("R", slice(2014, 2017)), START) == [
        "pilot R: kinship is never observed under full exposure; fill its cells, or leave the unit out"
    ]


def test_outcome_must_be_observed_in_two_comparators() -> None:
    dataset = _dataset()
    dataset["kinship"].loc[["a", "b"]] = np.nan
    assert design_problems(dataset, START) == []
    # once is not enough: nothing then shows how the unit moves
    dataset["kinship"].loc["c", 2011:] = np.nan
    assert design_problems(dataset, START) == [
        "kinship is observed more than once in fewer than 2 comparators; fill its cells, or leave the outcome out"
    ]


def test_every_outcome_is_checked() -> None:
    dataset = _unobserved("P", slice(2010, 2013))
    dataset["other"] = dataset["kinship"].copy(data=np.arange(float(UNITS * PERIODS)).reshape(UNITS, PERIODS))
    dataset["other"].loc["Q", 2014:] = np.nan
    layout = replace(START, measures=(*START.measures, Measure("other", "other", None, "real")))
    assert [problem.split(";")[0] for problem in design_problems(dataset, layout)] == [
        "pilot P: kinship is observed in fewer than 2 periods before exposure",
        "pilot Q: other is never observed under full exposure",
    ]


def test_several_problems_are_reported_together() -> None:
    dataset = _exposure({"P": [1] * PERIODS, "Q": [0] + [1] * 7, "R": [0] * 7 + [0.5]}).isel(unit=[0, 1, 2, 3])
    problems = design_problems(dataset, START)
    assert [problem.split(":")[0] for problem in problems[1:]] == ["pilot P", "pilot Q", "pilot R"]
    assert problems[0].startswith("the number of comparators")


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [("count", 0.0, "0"), ("count", 9.0, "the whole denominator"), ("events", 0.0, "0"), ("positive", 2.5, "2.5")],
)
def test_an_outcome_that_never_varies_is_refused(kind: Kind, value: float, said: str) -> None:
    dataset = _dataset()
    dataset["other"] = dataset["kinship"].copy(data=np.full((UNITS, PERIODS), value))
    dataset["other"].loc["a", 2011] = np.nan
    dataset["other_denominator"] = dataset["kinship"].copy(data=np.full((UNITS, PERIODS), 9.0))
    layout = replace(START, measures=(*START.measures, Measure("other", "column", "below", kind)))
    assert design_problems(dataset, layout) == [
        f"other is {said} wherever it is observed, which says nothing of how units differ; "
        "check column 'column', or leave the outcome out"
    ]
    dataset["other"].loc["b", 2011] = value + 1 if value == 0 else value - 1
    assert design_problems(dataset, layout) == []


@pytest.mark.parametrize("kind", ["real", "positive"])
def test_a_mean_that_never_moves_is_refused(kind: Kind) -> None:
    dataset = _dataset()
    dataset["other"] = dataset["kinship"].copy(data=np.repeat(np.arange(1.0, UNITS + 1)[:, None], PERIODS, axis=1))
    dataset["other"].loc["a", 2011] = np.nan
    layout = replace(START, measures=(*START.measures, Measure("other", "column", None, kind)))
    assert design_problems(dataset, layout) == [
        "other is the same in every period of each unit, which says nothing of how units move; "
        "check column 'column', or leave the outcome out"
    ]
    dataset["other"].loc["b", 2011] += 0.5
    assert design_problems(dataset, layout) == []
