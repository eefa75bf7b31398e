"""Ranges of suppressed counts: the rule of 1 to 5, and what totals say against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from primum.sources.dfe import Release, read_dfe
from primum.sources.dfe.suppression import totals
from tests.sources.dfe.twins import at, ees, told
from tests.sources.real import C2, real

TOTAL, PARTS = "ICPC", totals()["ICPC"]


def release(folder: Path, total: str, *parts: str) -> Release:
    return read_dfe(ees(folder, [TOTAL, *PARTS], [total, *parts], ["9", "9", "0", "0", "0"], ["9", "c", "c", "9", "0"]))


def high(folder: Path, total: str, *parts: str) -> list[float]:
    read = release(folder, total, *parts)
    return [float(at(read, name)["high"]) for name in PARTS]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("41", "10", "20", "c", "c"), [10, 20, 10, 10]),  # 11 left for two: one at least is above 5
        (("40", "10", "20", "c", "c"), [10, 20, 9, 9]),  # 5 and 5 would do, and so would 1 and 9
        (("36", "10", "20", "c", "c"), [10, 20, 5, 5]),
        (("33", "10", "20", "c", "c"), [10, 20, 2, 2]),
        (("33", "10", "20", "c", "0"), [10, 20, 3, 0]),
        (("31", "10", "20", "c", "c"), [10, 20, 5, 5]),  # the total leaves too little: the rule stays
    ],
)
def test_totals_bound_their_suppressed_parts(tmp_path: Path, cells: tuple[str, ...], expected: list[float]) -> None:
    assert high(tmp_path, *cells) == expected


@pytest.mark.parametrize("cells", [("c", "10", "20", "c", "c"), ("90", "10", "x", "c", "c")])
def test_nothing_follows_where_the_total_or_another_part_is_missing(tmp_path: Path, cells: tuple[str, ...]) -> None:
    assert high(tmp_path, *cells)[2:] == [5, 5]


def test_what_was_found_is_told(tmp_path: Path) -> None:
    read = release(tmp_path, "41", "10", "20", "c", "c")
    assert told(read, "'ICPC'", "in 1 rows; in 1 of them", "Ayton 2022")
    assert told(read, "2 suppressed counts have the range 1 to 5")  # the national row's
    assert told(release(tmp_path, "31", "10", "20", "c", "c"), "leave nothing over", "Ayton 2022")


def test_national_rows_are_rounded_and_keep_the_rule(tmp_path: Path) -> None:
    read = release(tmp_path, "40", "10", "20", "c", "c")
    assert at(read, PARTS[0], "England")["high"] == 5


def test_secondary_suppression_in_a_real_release() -> None:
    read = read_dfe(real(C2))
    cells = read.cells[(read.cells["la_name"] == "Cheshire West and Chester") & (read.cells["period"] == 2022)]
    hidden = cells[(cells["reason"] == "suppressed") & (cells["kind"] == "count")]
    assert hidden["measure"].tolist() == ["Same_day", "1-10_days"]
    assert hidden["high"].tolist() == [180, 180]
    assert told(read, "'Assessments_completed'", "in 166 rows; in 110 of them")
