"""A row a unit and period: what a panel is read from."""

from __future__ import annotations

from pathlib import Path

import pytest

from primum.errors import SourceError
from primum.sources.dfe import read_dfe, widen
from tests.sources.dfe.twins import AYTON, BEETON, HEADER, NATION, csv, ees, write


def test_values_ranges_and_reasons_stand_side_by_side(tmp_path: Path) -> None:
    table = widen(read_dfe(ees(tmp_path, ["seen", "again"], ["7", "c"], ["x", "2"], ["9", "9"])).cells)
    assert table.columns.tolist() == [
        "unit", "unit_name", "region_name", "period", "seen", "seen_low", "seen_high", "seen_reason", "again",
        "again_low", "again_high", "again_reason",
    ]  # fmt: skip
    assert table["unit"].tolist() == ["301", "302"]
    assert table["seen_reason"].tolist() == ["", "not available"]
    assert table[["again_low", "again_high"]].to_numpy().tolist() == [[1, 5], [2, 2]]


def test_a_measure_without_a_row_has_a_reason(tmp_path: Path) -> None:
    cells = read_dfe(ees(tmp_path, ["seen", "again"], ["7", "8"], ["3", "2"])).cells
    table = widen(cells.drop(index=3))
    assert table["again_reason"].tolist() == ["", "no row"]


def test_labels_that_tell_rows_apart_are_named(tmp_path: Path) -> None:
    rows = [[*HEADER, "sex", "seen"], [*AYTON, "Girls", "7"], [*AYTON, "Boys", "9"], [*BEETON, "Boys", "9"]]
    with pytest.raises(SourceError, match=r"told apart by sex \(2 values\)"):
        widen(read_dfe(write(tmp_path, csv(rows))).cells)


def test_a_table_without_authorities_is_refused(tmp_path: Path) -> None:
    cells = read_dfe(write(tmp_path, csv([[*HEADER, "seen"], [*NATION, "7"]]))).cells
    with pytest.raises(SourceError, match="no row is about a local authority"):
        widen(cells)
