"""Imputations: one table taken apart, problems of all at once, and what must be the same in all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from primum.errors import PanelError
from primum.panel import Name, Panel
from primum.spec import Layout
from tests.panel.tables import FRAMES, START, Break, Table, fill, pick, put, sound

LAYOUT = replace(START, columns=replace(START.columns, imputation="imp"))


def several(*changes: Break | None, names: tuple[Name, ...] = (1, 2, 3)) -> Table:
    """The sound table once an imputation, changed in each as is said."""
    parts = []
    for name, change in zip(names, changes, strict=True):
        table = sound()
        changed = change(table) if change else None
        table = changed if isinstance(changed, dict) else table
        parts.append(pd.DataFrame(table).assign(imp=name))
    whole = pd.concat(parts).astype(object)
    return {str(name): whole[name].where(whole[name].notna(), None).tolist() for name in whole}


def problems_of(table: Any, layout: Layout = LAYOUT) -> tuple[str, ...]:
    with pytest.raises(PanelError) as caught:
        Panel.imputed(table, layout)
    return caught.value.problems


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_column_tells_imputations_apart(frame: Callable[[Table], Any]) -> None:
    found = Panel.imputed(frame(several(None, put("kin", {3: 17}), put("kin", {3: 19}))), LAYOUT)
    assert list(found) == [1, 2, 3]
    assert [float(panel.dataset["kinship"][0, 2]) for panel in found.values()] == [12.0, 17.0, 19.0]
    alone = Panel.from_frame(frame(sound()), START)
    assert found[1].dataset.identical(alone.dataset)
    assert found[1].layout == LAYOUT


def test_names_are_kept_in_the_order_of_the_rows() -> None:
    table = pd.DataFrame(several(None, None, names=("second", "first")))
    assert list(Panel.imputed(table, LAYOUT)) == ["second", "first"]


def test_denominators_may_differ() -> None:
    table = pd.DataFrame(several(None, put("care", {1: 50}), None))
    assert Panel.imputed(table, LAYOUT)[2].dataset["kinship_denominator"][0, 0] == 50


def test_problems_of_all_imputations_are_reported_at_once_and_named() -> None:
    table = pd.DataFrame(several(put("kin", {2: -1}), put("kin", {2: -1, 5: 2.5}), put("kin", {2: -1})))
    negative, broken = problems_of(table)
    assert negative == (
        "every imputation: column 'kin' has negative counts: row 2 (A1, 2011: -1); "
        "leave the cell empty where the count is not known"
    )
    assert broken.startswith("imputation 2: column 'kin' has counts that are not whole numbers: row 5 (A1, 2014: 2.5)")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            pick(lambda unit, _: unit != "B4"),
            "imputation 2: other units than in imputation 1: B4; each must hold the whole panel",
        ),
        (
            pick(lambda _, year: year != 2010),
            "imputation 2: other times than in imputation 1: 2010; each must hold the whole panel",
        ),
        (
            fill("start", lambda unit, _: 2015 if unit == "A1" else 2014 if unit == "A2" else None),
            "imputation 2: exposure differs from that in imputation 1 for A1; only values and denominators may differ",
        ),
        (
            put("kin", {9: None}),
            "imputation 2: kinship is empty in other cells than in imputation 1 for A2; impute the same cells in all "
            "(and leave out the data before imputation, if they are among them)",
        ),
        (
            fill("name", lambda unit, _: f"Area {unit}".replace("B3", "B 3")),
            "imputation 2: label differs from that in imputation 1 for B3; only values and denominators may differ",
        ),
    ],
    ids=["units", "times", "exposure", "empty cells", "labels"],
)
def test_what_must_be_the_same_is_named(change: Break, problem: str) -> None:
    assert problem in problems_of(pd.DataFrame(several(None, change, None)))


def test_units_in_another_order_are_refused() -> None:
    table = pd.DataFrame(several(None, None, names=(1, 2)))
    second = table[table["imp"] == 2].sort_values(["la", "year"], ascending=[False, True])
    mixed_up = pd.concat([table[table["imp"] == 1], second])
    assert problems_of(mixed_up) == (
        "imputation 2: units in another order than in imputation 1; give them in the same order",
    )


def test_columns_of_imputations_that_cannot_be_read() -> None:
    table = pd.DataFrame(several(None, None, None))
    assert problems_of(table.rename(columns={"imp": ".imp"})) == ("there is no column 'imp'; did you mean '.imp'?",)
    assert problems_of(table.assign(imp=1)) == (
        "column 'imp' names fewer than two imputations; leave columns.imputation out where nothing was imputed several "
        "times",
    )
    assert problems_of(table.assign(imp=None))[0].startswith("column 'imp' (the imputation) is empty in rows 1, 2")
    assert problems_of(table, START) == ("the layout names no column of imputations; set columns.imputation",)
    assert "is not a table" in problems_of([1, 2])[0]


def test_from_frame_reads_one_panel_only() -> None:
    with pytest.raises(PanelError, match="column 'imp' makes it several panels, where one panel is asked for"):
        Panel.from_frame(pd.DataFrame(several(None, None, None)), LAYOUT)
