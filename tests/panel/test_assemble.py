from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.panel.assemble import assemble, ramp
from primum.panel.read import read_rows
from primum.spec import Layout, Treatment
from tests.panel.tables import EXPOSURE, LEAVE_OUT, PILOT, START, again, every, fill, put, sound

YEARS = np.arange(2010, 2020)


def _assembled(table: dict[str, list[Any]], layout: Layout) -> xr.Dataset:
    rows, problems = read_rows(pd.DataFrame(table), layout)
    assert rows is not None
    dataset, found = assemble(rows, layout)
    assert problems + found == []
    assert dataset is not None
    return dataset


def _problems(table: dict[str, list[Any]], layout: Layout) -> list[str]:
    rows, problems = read_rows(pd.DataFrame(table), layout)
    assert rows is not None
    assert problems == []
    return assemble(rows, layout)[1]


@settings(derandomize=True, deadline=None)
@given(st.integers(1990, 2030), st.integers(0, 12), st.integers(1, 25))
def test_ramp_lies_between_0_and_1_and_never_falls(start: int, window: int, periods: int) -> None:
    time = np.arange(2000, 2000 + periods)
    pilot, comparator = ramp(time, np.array([start, np.nan]), np.array([start + window, np.nan]))
    assert (pilot >= 0).all()
    assert (pilot <= 1).all()
    assert (np.diff(pilot) >= 0).all()
    # exactly 0 before the start and exactly 1 from full exposure on: the model compares with both
    assert (pilot[time < start] == 0).all()
    assert (pilot[time >= start + window] == 1).all()
    assert ((pilot[time >= start]) > 0).all()
    assert (comparator == 0).all()


def test_ramp_rises_in_equal_steps() -> None:
    exposure = ramp(YEARS, np.array([2013.0, 2015.0]), np.array([2016.0, 2015.0]))
    assert exposure.tolist() == [
        [0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 1],
        [0, 0, 0, 0, 0, 1, 1, 1, 1, 1],
    ]


def test_ramp_follows_the_calendar_where_periods_are_skipped() -> None:
    assert ramp(np.array([2010, 2013, 2014, 2016]), np.array([2013.0]), np.array([2016.0])).tolist() == [
        [0, 0.25, 0.5, 1]
    ]


def test_dataset_is_laid_out_by_unit_and_time() -> None:
    dataset = _assembled(sound(), START)
    assert sorted(map(str, dataset.variables)) == [
        "exposure",
        "kinship",
        "kinship_denominator",
        "label",
        "left_out",
        "start",
        "time",
        "unit",
    ]
    for name, variable in dataset.data_vars.items():
        assert variable.dims == (("unit",) if name == "start" else ("unit", "time"))
    assert dataset["label"].dims == ("unit",)
    assert dataset["left_out"].dtype == bool
    assert dataset["kinship"].sel(unit="B1").to_numpy().tolist() == [12, 13, 14, 12, 13, 14, 12, 13]
    assert dataset["kinship_denominator"].sel(unit="B1").to_numpy().tolist() == [42] * 8


def test_start_must_be_repeated_in_every_row_of_a_unit() -> None:
    table = sound()
    put("start", dict.fromkeys(range(2, 9)))(table)
    assert _problems(table, START) == [
        "column 'start' is given in some rows of a unit and empty in others: A1; fill all"
    ]


def test_without_an_embedding_window_exposure_is_full_at_once() -> None:
    layout = replace(START, columns=replace(START.columns, embedded=None))
    assert _assembled(sound(), layout)["exposure"].sel(unit="A1").to_numpy().tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    table = sound()
    fill("embedded", lambda unit, _: 2016 if unit == "A1" else None)(table)
    exposure = _assembled(table, START)["exposure"]
    assert exposure.sel(unit="A1").to_numpy() == pytest.approx([0, 0, 0, 0, 1 / 3, 2 / 3, 1, 1])
    assert exposure.sel(unit="A2").to_numpy().tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize(
    "layout", [LEAVE_OUT, replace(PILOT, treatment=replace(PILOT.treatment, embedding="leave out"))]
)
def test_embedding_window_can_be_left_out(layout: Layout) -> None:
    dataset = _assembled(sound(), layout)
    assert dataset["exposure"].sel(unit="A2").to_numpy().tolist() == [0, 0, 0, 0, 0, 1, 1, 1]
    assert dataset["left_out"].sel(unit="A2").to_numpy().tolist() == [False] * 4 + [True] + [False] * 3
    assert int(dataset["left_out"].sum()) == 2


def test_pilot_flag_without_an_embedding_window() -> None:
    layout = replace(PILOT, treatment=Treatment(start=2013))
    exposure = _assembled(sound(), layout)["exposure"]
    assert exposure.to_numpy().tolist() == [[0, 0, 0, 1, 1, 1, 1, 1]] * 2 + [[0] * 8] * 4


def test_exposure_column_is_taken_as_it_is() -> None:
    table = sound()
    put("exposure", {4: 0.125, 5: 0.125})(table)
    exposure = _assembled(table, EXPOSURE)["exposure"]
    assert exposure.sel(unit="A1").to_numpy().tolist() == [0, 0, 0, 0.125, 0.125, 1, 1, 1]


def test_exposure_is_never_filled() -> None:
    table = sound()
    # a comparator, or a pilot whose cells were lost? nobody but the user can tell
    put("exposure", {1: None, 17: None})(table)
    assert _problems(table, EXPOSURE) == [
        "column 'exposure' is empty, or has no row for a unit that is exposed in other periods: "
        "(A1, 2010: empty), (B1, 2010: empty); give 0 where not exposed"
    ]


def test_comparators_without_a_row_are_not_exposed() -> None:
    table = {name: values[:16] + values[17:] for name, values in sound().items()}
    assert _assembled(table, EXPOSURE)["exposure"].sel(unit="B1").to_numpy().tolist() == [0] * 8


def test_labels_must_tell_units_apart() -> None:
    table = sound()
    fill("name", lambda _unit, _: "same")(table)
    assert "gives several units the same label: same" in _problems(table, START)[0]


def test_unit_without_any_label_is_labelled_by_itself() -> None:
    table = sound()
    fill("name", lambda unit, _: None if unit == "B1" else unit.lower())(table)
    assert _assembled(table, START)["label"].to_numpy().tolist() == ["a1", "a2", "B1", "b2", "b3", "b4"]


def test_duplicates_are_reported_alone() -> None:
    table = sound()
    every(again(1), put("start", {2: 2015}))(table)
    problems = _problems(table, START)
    assert len(problems) == 1
    assert "(A1, 2010) in rows 1 and 49" in problems[0]


def test_labels_and_exposure_are_reported_together() -> None:
    table = sound()
    every(put("name", {2: "Oops"}), put("start", {3: 2015}), put("embedded", dict.fromkeys(range(17, 25), 2015)))(table)
    problems = _problems(table, START)
    assert [problem.split("'")[1] for problem in problems] == ["name", "start", "embedded"]


def test_labels_are_checked_where_exposure_cannot_be_read() -> None:
    table = sound()
    put("name", {2: "Oops"})(table)
    del table["start"]
    rows, missing = read_rows(pd.DataFrame(table), START)
    assert rows is not None
    dataset, problems = assemble(rows, START)
    assert dataset is None
    assert len(missing) == 1
    assert len(problems) == 1
    assert "one label a unit" in problems[0]


def test_two_outcomes_may_share_columns() -> None:
    (kinship,) = START.measures
    layout = replace(START, measures=(kinship, replace(kinship, name="other", value="pilot")))
    dataset = _assembled(sound(), layout)
    xr.testing.assert_equal(dataset["kinship_denominator"], dataset["other_denominator"])
    assert dataset["other"].to_numpy()[:, 0].tolist() == [1, 1, 0, 0, 0, 0]


def test_anticipation_leaves_out_periods_before_the_start() -> None:
    layout = replace(START, treatment=Treatment(anticipation=2))
    dataset = _assembled(sound(), layout)
    # A1 and A2 start in 2014
    left_out = dataset["left_out"].to_numpy()
    assert dataset["time"][left_out[0]].values.tolist() == [2012, 2013]
    assert left_out.sum() == 4
    np.testing.assert_array_equal(dataset["exposure"], _assembled(sound(), START)["exposure"])
    np.testing.assert_array_equal(dataset["start"], [2014, 2014, *[np.nan] * 4])


def test_start_is_that_of_the_given_exposure() -> None:
    dataset = _assembled(sound(), EXPOSURE)
    first = [row[row > 0].size and dataset["time"].values[row > 0][0] for row in dataset["exposure"].to_numpy()]
    np.testing.assert_array_equal(dataset["start"].fillna(0), first)


def test_moderators_are_one_value_a_unit_and_known_of_pilots() -> None:
    layout = replace(START, moderators=("rating",))
    table: dict[str, list[Any]] = sound() | {"rating": [1.0] * 8 + [3.0] * 8 + [None] * 32}
    np.testing.assert_array_equal(_assembled(table, layout)["moderator_rating"], [1, 3, *[np.nan] * 4])
    table["rating"][0] = 2.0
    table["rating"][8:16] = [None] * 8
    first, second = _problems(table, layout)
    assert "column 'rating' must be the same in every period of a unit: A1 (1 and 2)" in first
    assert second == ("column 'rating' is a moderator and empty for pilots A2; fill it, or leave the moderator out")


REGIONS = replace(START, columns=replace(START.columns, regions="region"))


def test_regions_are_one_a_unit() -> None:
    table: dict[str, list[Any]] = sound() | {"region": [each for each in "NNSSSW" for _ in range(8)]}
    dataset = _assembled(table, REGIONS)
    assert dataset["region"].dims == ("unit",)
    assert dataset["region"].values.tolist() == list("NNSSSW")
    # the first row of a unit decides its place, and not that of its region
    turned = {name: values[::-1] for name, values in table.items()}
    assert _assembled(turned, REGIONS)["region"].values.tolist() == list("WSSSNN")
    numbered = table | {"region": [ord(each) for each in table["region"]]}
    assert _assembled(numbered, REGIONS)["region"].values.tolist() == [str(ord(each)) for each in "NNSSSW"]


def test_units_with_no_region_or_several_are_named_at_once() -> None:
    table: dict[str, list[Any]] = sound() | {"region": [each for each in "NNSSSW" for _ in range(8)]}
    table["region"][3] = "W"
    table["region"][17] = None
    table["region"][18] = "N"
    table["region"][40:48] = [None] * 8
    empty, several = _problems(table, REGIONS)
    assert empty == "column 'region' is empty for units B1, B4; name the region in all their rows"
    assert several == (
        "column 'region' must be the same in every period of a unit: A1 (N and W), B1 (N and S); "
        "give each unit one region"
    )


def test_a_missing_column_of_regions_is_one_problem() -> None:
    rows, problems = read_rows(pd.DataFrame(sound()), REGIONS)
    assert rows is not None
    assert problems == [f"there is no column 'region'; {problems[0].split('; ')[1]}"]
    assert assemble(rows, REGIONS)[1] == []
