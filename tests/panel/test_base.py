from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import primum as pr
from primum.errors import PanelError


@pytest.fixture(scope="module")
def panel() -> pr.Panel:
    """Units 1 and 2 are pilots, 3 to 6 comparators."""
    return pr.simulate(units=6, periods=6, pilots=2, seed=1).panel


PAIRS = [(2, 6, 1.0), (1, 3, 3.0), (1, 5, 1.0)]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_pairs_become_a_matrix_whose_rows_add_up_to_one(panel: pr.Panel, frame: type) -> None:
    columns = list(zip(*PAIRS, strict=True))
    table = frame({"weight": columns[2], "pilot": columns[0], "comparator": columns[1], "more": ["a", "b", "c"]})
    base = panel.with_base_weights(table).dataset["base_weight"]
    assert base.dims == ("base_pilot", "base_unit")
    np.testing.assert_array_equal(base, [[0, 0, 0.75, 0, 0.25, 0], [0, 0, 0, 0, 0, 1]])
    assert base["base_pilot"].values.tolist() == [1, 2]


def test_the_panel_itself_is_left_as_it_is(panel: pr.Panel) -> None:
    weighted = panel.with_base_weights(pd.DataFrame(PAIRS, columns=["pilot", "comparator", "weight"]))
    assert "base_weight" not in panel.dataset
    assert weighted.fingerprint != panel.fingerprint
    assert not weighted.dataset["base_weight"].values.flags.writeable


def test_all_problems_are_told_at_once(panel: pr.Panel) -> None:
    rows = [(1, 3, 1.0), (1, 3, 2.0), (9, 4, 1.0), (1, 2, 1.0), (3, 4, 1.0), (1, 4, -1.0), (1, 5, float("nan"))]
    with pytest.raises(PanelError) as caught:
        panel.with_base_weights(pd.DataFrame(rows, columns=["pilot", "comparator", "weight"]))
    text = str(caught.value)
    for problem in (
        "row 2: pair 1, 3 is given twice",
        "row 3: pilot 9 is not a unit of the panel",
        "row 4: comparator 2 is at some time exposed; it cannot be a comparator",
        "row 5: pilot 3 is never exposed; it cannot be a pilot",
        "row 6: weight -1.0 must be a number, 0 or more",
        "row 7: weight nan must be a number, 0 or more",
    ):
        assert problem in text


def test_a_pilot_without_a_comparator_and_missing_columns_are_named(panel: pr.Panel) -> None:
    with pytest.raises(PanelError, match="pilot 2 has no comparator with a weight above 0"):
        panel.with_base_weights(pd.DataFrame([(1, 3, 1.0)], columns=["pilot", "comparator", "weight"]))
    with pytest.raises(PanelError, match="column 'comparator' is missing"):
        panel.with_base_weights(pd.DataFrame([(1, 1.0)], columns=["pilot", "weight"]))


def test_outcomes_may_have_weights_of_their_own(panel: pr.Panel) -> None:
    rows = [("kinship", 1, 3, 1.0), ("kinship", 2, 4, 1.0), ("escalation", 1, 3, 1.0), ("escalation", 2, 6, 2.0)]
    table = pd.DataFrame(rows, columns=["outcome", "pilot", "comparator", "weight"])
    base = panel.with_base_weights(table).dataset["base_weight"]
    assert base.dims == ("base_outcome", "base_pilot", "base_unit")
    assert float(base.sel(base_outcome="escalation", base_pilot=2, base_unit=6)) == 1.0
    assert float(base.sel(base_outcome="kinship", base_pilot=2, base_unit=6)) == 0.0
    shared = panel.with_base_weights(table).with_base_weights(table[:2].drop(columns="outcome"))
    assert shared.dataset["base_weight"].dims == ("base_pilot", "base_unit")


def test_weights_by_outcome_are_checked_outcome_by_outcome(panel: pr.Panel) -> None:
    rows = [("kinship", 1, 3, 1.0), ("kinship", 2, 4, 1.0), ("escalation", 1, 3, 1.0), ("weeks", 1, 3, 1.0)]
    table = pd.DataFrame(rows, columns=["outcome", "pilot", "comparator", "weight"])
    with pytest.raises(PanelError, match="row 4: outcome 'weeks' is not one of"):
        panel.with_base_weights(table)
    with pytest.raises(PanelError, match="pilot 2 has no comparator with a weight above 0 for escalation; give it one"):
        panel.with_base_weights(table[:3])
    with pytest.raises(PanelError, match="the table has no rows"):
        panel.with_base_weights(table[:0])
