"""What is in a release."""

from __future__ import annotations

from pathlib import Path

from primum.sources.dfe import read_dfe
from primum.sources.dfe.overview import by_measure, incomplete, years_covered
from tests.sources.dfe.twins import AYTON, BEETON, HEADER, csv, write
from tests.sources.real import C1, real


def test_gaps_in_years_and_places(tmp_path: Path) -> None:
    rows = [[year, *place[1:], "7"] for year in ("2019", "2021") for place in (AYTON, BEETON)]
    cells = read_dfe(write(tmp_path, csv([[*HEADER, "seen"], *rows[:-1]]))).cells
    assert years_covered(cells) == "2019 to 2021 without 2020 (Reporting year)"
    assert incomplete(cells).to_numpy().tolist() == [["302", "Beeton", 2019, 2019, "2021"]]


def test_counts_by_measure_and_reason_are_those_of_the_file() -> None:
    cells = read_dfe(real(C1)).cells
    table = by_measure(cells).droplevel("kind")
    assert table.loc["rereferral_count"].to_dict() == {
        "value": 2105, "low reliability": 3, "not available": 12, "suppressed": 12,
    }  # fmt: skip
    assert table.to_numpy().sum() == len(cells)
