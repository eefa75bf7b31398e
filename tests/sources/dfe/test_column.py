"""What a column is, by its values and by what the user says."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from primum.sources.dfe import read_dfe
from primum.sources.dfe.column import aliases
from tests.sources.dfe.twins import at, ees, legacy, told


def kinds(path: Path, **wishes: object) -> dict[str, object]:
    columns = read_dfe(path, **wishes).columns  # type: ignore[arg-type]
    return dict(zip(columns["name"], columns["kind"], strict=True))


def test_the_alias_table_names_each_column_once_and_ends_in_present_names() -> None:
    import primum.sources.dfe as room

    with Path(room.__path__[0], "aliases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["published"] for row in rows}) == len(rows)
    assert not set(aliases().values()) & set(aliases())
    assert all(row["from"] for row in rows)


def test_whole_numbers_are_counts_and_others_are_not(tmp_path: Path) -> None:
    path = ees(tmp_path, ["seen", "gain", "days", "gone"], ["7", "-2", "1.5", "x"], ["9", "3", "2", "c"])
    assert kinds(path) == {"seen": "count", "gain": "unknown", "days": "unknown", "gone": "unknown"}
    release = read_dfe(path)
    assert told(release, "taken for counts", "seen")
    assert told(release, "of unknown kind", "gain, days, gone")
    assert at(release, "gone", "Beeton")[["low", "high"]].isna().all()


def test_a_name_that_says_count_is_believed_unless_its_numbers_are_none(tmp_path: Path) -> None:
    path = ees(tmp_path, ["seen_count", "gain_count", "u"], ["c", "1.5", "u"], ["c", "2", "1"])
    assert kinds(path) == {"seen_count": "count", "gain_count": "unknown", "u": "count"}
    assert at(read_dfe(path), "seen_count")["high"] == 5


def test_kinds_that_the_user_gives_come_first(tmp_path: Path) -> None:
    path = ees(tmp_path, ["gone", "Re_referrals"], ["x", "5"], ["c", "6"])
    given = {"gone": "count", "rereferral_count": "rate"}
    assert kinds(path, kinds=given) == {"gone": "count", "rereferral_count": "rate"}
    assert at(read_dfe(path, kinds={"gone": "count"}), "gone", "Beeton")["high"] == 5


def test_text_labels_rows_and_places_are_no_measures(tmp_path: Path) -> None:
    path = ees(tmp_path, ["Sex", "school_laestab", "seen"], ["Girls", "3012001", "7"], ["Boys", "3022002", "9"])
    release = read_dfe(path)
    assert release.columns["role"].tolist() == ["filter", "measure"]
    assert release.cells["school_laestab"].tolist() == ["3012001", "3022002"]
    assert release.cells["Sex"].tolist() == ["Girls", "Boys"]


@pytest.mark.parametrize("symbol", ["X", "Low", "#Value!"])
def test_symbols_in_any_case(tmp_path: Path, symbol: str) -> None:
    assert at(read_dfe(ees(tmp_path, ["seen", "z"], [symbol, "u"], ["7", "1"])), "seen")["reason"]


def test_columns_that_would_get_one_name_keep_theirs(tmp_path: Path) -> None:
    names = ["CPPStart1415", "CPPStart1415_15", "CPPStart_2015"]
    release = read_dfe(legacy(tmp_path, names, ["1", "2", "3"]))
    assert release.cells["measure"].tolist() == ["CPPStart1415", "CPPStart_15", "CPPStart_2015"]
    assert set(release.cells["period"]) == {2015}
