"""Covariates: joined by name, read strictly, and warned about where they come too late."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import primum as pr
from tests.match.tables import STARTS, YEARS, fixed, panel, spec

BEFORE = {"poverty": 2010, "children": 2011}


def varying() -> pd.DataFrame:
    """A number a unit and year, which jumps when exposure starts."""
    units = fixed()["unit"].tolist()
    rows = [(unit, int(year), float(i + (year >= 2014) * 100)) for i, unit in enumerate(units) for year in YEARS]
    return pd.DataFrame(rows, columns=["unit", "year", "turnover"])


@pytest.mark.parametrize("frame", [lambda table: table, pl.from_pandas], ids=["pandas", "polars"])
def test_units_find_their_rows_whatever_the_order(frame: type) -> None:
    made, numbers = panel(), fixed()
    found = pr.covariates(made, frame(numbers.sample(frac=1, random_state=1)), measured=BEFORE)
    expected = numbers.set_index("unit").loc[made.dataset["unit"].values.tolist()]
    np.testing.assert_array_equal(found.fixed["poverty"], expected["poverty"])
    assert found.categories["region"].tolist() == expected["region"].tolist()


def test_values_by_period_are_averaged_before_each_start_alone() -> None:
    made = panel()
    late = varying()
    late.loc[late["year"] >= 2014, "turnover"] = np.nan
    full, early = (pr.covariates(made, each, use=["turnover"]) for each in (varying(), late))
    matching = pr.Matching(neighbours=2, outcomes=("days",))
    one, two = (pr.match(spec(), made, matching, each) for each in (full, early))
    np.testing.assert_array_equal(one.distance.sel(pilot=["A1", "A2"]), two.distance.sel(pilot=["A1", "A2"]))
    centre = one.scaling.set_index(["variable", "start"])["centre"]
    others = np.mean([i for i, unit in enumerate(fixed()["unit"]) if unit not in STARTS])
    assert centre["turnover", 2014] == pytest.approx(others)
    assert centre["turnover", 2016] == pytest.approx(others + 100 * 2 / 6)
    assert "averaged over each pilot's periods before exposure, later ones not used: turnover" in one.notes


def test_scaling_is_kept_in_units_of_the_covariate() -> None:
    made, numbers = panel(), fixed()
    matches = pr.match(spec(), made, pr.Matching(outcomes=("days",)), pr.covariates(made, numbers, measured=BEFORE))
    others = numbers[~numbers["unit"].isin(STARTS)]["children"]
    rows = matches.scaling[matches.scaling["variable"] == "children"]
    np.testing.assert_allclose(rows["centre"], others.mean())
    np.testing.assert_allclose(rows["scale"], others.std())
    assert rows["start"].tolist() == [2014, 2016]
    assert rows["signal"].tolist() == [1, 1]


def test_a_covariate_measured_after_a_start_is_warned_about_by_name() -> None:
    with pytest.warns(UserWarning, match="'poverty' was measured in 2015, when these pilots .* A1, A2; give one"):
        found = pr.covariates(panel(), fixed(), measured={"poverty": 2015, "children": 2013})
    assert "'poverty' was measured in 2015" in found.notes[0]
    assert not [note for note in found.notes if "children" in note]


def test_not_saying_when_is_noted() -> None:
    found = pr.covariates(panel(), fixed(), measured={"poverty": 2010})
    assert found.notes == ("not said when these covariates were measured, taken to be before exposure: children",)


def test_rows_that_are_not_used_are_named() -> None:
    more = pd.DataFrame({"unit": ["Z1"], "year": [2010], "turnover": [1.0]})
    other = pd.DataFrame({"unit": ["A1"], "year": [1999], "turnover": [1.0]})
    found = pr.covariates(panel(), pd.concat([varying(), more, other]))
    assert found.notes == (
        "the table: units that are not in the panel are not used: Z1",
        "the table: periods that are not in the panel are not used: 1999",
    )


def test_columns_of_the_panel_are_left_out_unless_asked_for() -> None:
    table = fixed().assign(start=1.0, cases=2.0)
    assert list(pr.covariates(panel(), table, measured=BEFORE).fixed) == ["poverty", "children"]


def test_all_problems_of_all_tables_are_told_at_once() -> None:
    numbers = fixed().assign(
        mixed=["x", 1.0, *[2.0] * 15], written=["1,234", *["x"] * 16], endless=np.inf, empty=np.nan, poverty=1.0
    )
    twice = pd.concat([varying(), varying().head(1)])
    tables = {
        "one.csv": numbers,
        "two.csv": twice,
        "three.csv": fixed()[["unit", "poverty"]],
        "four.csv": fixed()[["region"]],
    }
    with pytest.raises(pr.PanelError) as caught:
        pr.covariates(panel(), tables, measured={"wealth": 2010})
    text = str(caught.value)
    for problem in (
        "one.csv: column 'mixed' holds numbers as text, or numbers and text: 'x' (row 1)",
        "one.csv: column 'written' holds numbers as text, or numbers and text: 'x' (row 17)",
        "one.csv: column 'endless' is infinite in row 1",
        "one.csv: column 'empty' is empty",
        "two.csv: rows are given twice: ('A1', 2010); keep one",
        "column 'poverty' is in several tables",
        "four.csv: there is no column 'unit' of units",
        "measured: there is no numeric covariate 'wealth'",
    ):
        assert problem in text


def test_columns_asked_for_must_be_there() -> None:
    with pytest.raises(pr.PanelError, match="no table has column 'povrty'; did you mean 'poverty'"):
        pr.covariates(panel(), fixed(), use=["povrty"])


def test_units_of_another_kind_and_texts_that_vary_are_refused() -> None:
    with pytest.raises(pr.PanelError, match="no unit is in the panel; it has 0, and the panel 'A1'"):
        pr.covariates(panel(), fixed().assign(unit=range(17)))
    text = varying().assign(turnover=lambda table: np.where(table["year"] > 2012, "high", "low"))
    with pytest.raises(pr.PanelError, match="'turnover' holds text that differs within a unit: A1, A2, A3, C00, C01"):
        pr.covariates(panel(), text)


def test_when_is_said_by_the_table_where_there_are_periods() -> None:
    with pytest.raises(pr.PanelError, match="'turnover' has a value a period, so its table says when"):
        pr.covariates(panel(), varying(), measured={"turnover": 2010})
