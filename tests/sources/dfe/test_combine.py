"""Several releases together: later files replace, and it is told what."""

from __future__ import annotations

from pathlib import Path

import pytest

from primum.errors import SourceError
from primum.sources.dfe import combine, read_dfe
from tests.sources.dfe.twins import AYTON, HEADER, csv, ees, legacy, write


def folders(root: Path, count: int) -> list[Path]:
    made = [root / str(number) for number in range(count)]
    for folder in made:
        folder.mkdir()
    return made


def test_the_file_named_last_counts(tmp_path: Path) -> None:
    one, two = folders(tmp_path, 2)
    old = read_dfe(legacy(one, ["Referrals1516"], ["640"], ["7"], ["9"]))
    new = read_dfe(ees(two, ["category", "referral_count"], ["Referrals", "8"], ["Referrals", "9"], year="2016"))
    cells, notices = combine([old, new])
    la = cells[cells["geographic_level"] == "Local authority"].set_index("la_name")
    assert la["value"].to_dict() == {"Ayton": 8, "Beeton": 9}
    assert la["file"].unique().tolist() == [new.subject]
    assert cells.loc[cells["geographic_level"] == "National", "file"].tolist() == [old.subject]
    assert notices == [
        "left out, as only some files have it, and one value throughout: category",
        "2 cells were replaced by those of files named later, 1 of them with another value (referral_count)",
    ]
    back, _ = combine([new, old])
    assert back.loc[back["la_name"] == "Ayton", "value"].tolist() == [7]


def test_different_years_stand_beside_each_other(tmp_path: Path) -> None:
    one, two = folders(tmp_path, 2)
    cells, notices = combine(
        [read_dfe(ees(one, ["seen"], ["7"], year="2021")), read_dfe(ees(two, ["seen"], ["8"], year="2022"))]
    )
    assert cells["period"].tolist() == [2021, 2022]
    assert notices == []


def test_one_release_stays_as_it_is(tmp_path: Path) -> None:
    release = read_dfe(ees(tmp_path, ["seen"], ["7"]))
    assert combine([release])[0] is release.cells


def test_labels_that_others_do_not_have_are_refused(tmp_path: Path) -> None:
    one, two = folders(tmp_path, 2)
    rows = [[*HEADER, "sex", "seen"], [*AYTON, "Girls", "7"], [*AYTON, "Boys", "9"]]
    with pytest.raises(SourceError, match="labels its rows by 'sex'"):
        combine([read_dfe(write(one, csv(rows))), read_dfe(ees(two, ["seen"], ["7"]))])
