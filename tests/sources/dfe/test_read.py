"""Every defect that real releases have: on the real file, and on a made-up twin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from primum.sources.dfe import read_dfe
from tests.sources.dfe.twins import AYTON, HEADER, at, csv, ees, legacy, problems, told, write
from tests.sources.real import C1, C1_2020, C2, LEGACY, LOOKED_AFTER, LOOKED_AFTER_LEGACY, real, releases


def reasons(path: Path, measure: str, symbol: str) -> set[str]:
    """Reasons that a symbol has in a measure of a file."""
    cells = read_dfe(path).cells
    return set(cells.loc[(cells["measure"] == measure) & (cells["published"] == symbol), "reason"])


# the meaning of symbols


@pytest.mark.parametrize(
    ("file", "measure", "symbol", "reason"),
    [
        (f"{LEGACY}/SFR52_2016_UD.csv", "CINEndingRCAd", "x", "suppressed"),
        (f"{LEGACY}/SFR43-2014.csv", "CINEndingRCAd", "x", "suppressed"),
        (f"{LEGACY}/SFR43-2014.csv", "IAs", ".", "not applicable"),
        (f"{LOOKED_AFTER_LEGACY}/CLA2018.csv", "CLA_PlaceO", "x", "suppressed"),
        (f"{LOOKED_AFTER_LEGACY}/CLA2019.csv", "CLA_PlaceO", "c", "suppressed"),
        (f"{LOOKED_AFTER_LEGACY}/CLA2019.csv", "CLA_RSch_pc", "-", "rounds to zero"),
        (f"{LOOKED_AFTER_LEGACY}/CLA2019.csv", "CLA_Rate", ".", "not applicable"),
        (C1_2020, "rereferral_count", "c", "suppressed"),
        (C1_2020, "rereferral_count", "..", "not available"),
        (C1, "rereferral_count", "c", "suppressed"),
        (C1, "rereferral_count", "x", "not available"),
        (C1, "rereferral_count", "u", "low reliability"),
        (C2, "Same_day", "c", "suppressed"),
        (C2, "Same_day", "z", "not applicable"),
    ],
)
def test_a_symbol_means_what_it_meant_when_the_file_was_published(
    file: str, measure: str, symbol: str, reason: str
) -> None:
    assert reasons(real(file), measure, symbol) == {reason}


def test_twin_x_was_suppressed_until_2018(tmp_path: Path) -> None:
    release = read_dfe(legacy(tmp_path, ["Referrals1516"], ["640"], ["x"], [".."]))
    assert release.vintage == "2010-2018"
    assert told(release, "vintage 2010-2018", "guessed", "last year 2016")
    cell = at(release, "referral_count")
    assert (cell["reason"], cell["low"], cell["high"], cell["published"]) == ("suppressed", 1, 5, "x")
    assert at(release, "referral_count", "Beeton")["reason"] == "not available"
    assert at(release, "referral_count", "England")["value"] == 640


def test_twin_x_is_not_available_from_2022(tmp_path: Path) -> None:
    release = read_dfe(ees(tmp_path, ["referral_count", "k", "u", "z"], ["x", "k", "u", "z"], ["c", "low", "1", "2"]))
    assert release.vintage == "2022-"
    cell = at(release, "referral_count")
    assert cell["reason"] == "not available"
    assert np.isnan([cell["value"], cell["low"], cell["high"]]).all()
    assert at(release, "referral_count", "Beeton")["reason"] == "suppressed"
    assert {at(release, "k")["reason"], at(release, "k", "Beeton")["reason"]} == {"rounds to zero"}
    assert at(release, "u")["reason"] == "low reliability"
    assert at(release, "z")["reason"] == "not applicable"


def test_twin_symbols_of_2019_to_2021(tmp_path: Path) -> None:
    file = ees(tmp_path, ["a", "b", "d"], ["c", ":", "~"], ["1", "..", "-"], year="2020")
    release = read_dfe(file)
    assert release.vintage == "2019-2021"
    reasons = [at(release, name, place)["reason"] for name in "abd" for place in ("Ayton", "Beeton")]
    assert reasons == ["suppressed", "", "not available", "not available", "rounds to zero", "rounds to zero"]


def test_a_vintage_in_doubt_is_refused_and_can_be_given(tmp_path: Path) -> None:
    file = ees(tmp_path, ["seen"], ["x"], ["7"], year="2018")
    (problem,) = problems(file)
    assert "'x' is suppressed in 2010-2018, not available in 2022-" in problem
    assert "vintage='2010-2018' or '2022-'" in problem
    assert at(read_dfe(file, vintage="2010-2018"), "seen")["high"] == 5
    assert at(read_dfe(file, vintage="2022-"), "seen")["reason"] == "not available"
    assert told(read_dfe(file, vintage="2022-"), "as asked")


def test_symbols_that_a_given_vintage_does_not_have_are_named(tmp_path: Path) -> None:
    file = ees(tmp_path, ["seen", "again"], ["c", "1"], ["7", "z"])
    found = problems(file, vintage="2010-2018")
    assert len(found) == 2
    assert "symbol 'c' has no meaning in the vintage 2010-2018" in found[0]
    assert "column 'seen', row 1" in found[0]
    assert "column 'again', row 2" in found[1]
    assert problems(file, vintage="2030")[0].endswith("give one of '2010-2018', '2019-2021', '2022-'")


# files, text and shape


def test_every_fourth_release_is_read_and_no_number_is_lost() -> None:
    for path in releases()[::4]:
        release = read_dfe(path, period=2011 if path.name == "SFR21_CEA.csv" else None)
        cells, columns = release.cells, release.columns
        raw = pd.read_csv(path, dtype=str, na_filter=False, encoding="utf-8-sig", header=None, skiprows=1)
        rows = (raw.map(str.strip) != "").any(axis="columns").sum()
        assert len(cells) == rows * (columns["role"] == "measure").sum(), path
        assert len(release.marks) == rows * (columns["role"] == "mark").sum(), path
        assert (cells["reason"] == "").equals(cells["value"].notna()), path
        printed = cells.loc[cells["reason"] == "", "published"].str.replace(",", "")
        assert (pd.to_numeric(printed) == cells.loc[cells["reason"] == "", "value"]).all(), path
        assert (cells["low"].isna() | (cells["low"] <= cells["high"])).all(), path


def test_byte_order_mark() -> None:
    path = real(C2)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert read_dfe(path).cells["time_period"].isin([str(year) for year in range(2014, 2023)]).all()


def test_twin_byte_order_mark(tmp_path: Path) -> None:
    path = ees(tmp_path, ["seen"], ["7"])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_dfe(path).cells["period"].tolist() == [2022]


def test_twin_windows_1252(tmp_path: Path) -> None:
    path = ees(tmp_path, ["seen"], ["7"])
    path.write_bytes(path.read_text().replace("Ayton", "Ayton £").encode("cp1252"))
    release = read_dfe(path)
    assert at(release, "seen", "Ayton £")["value"] == 7
    assert told(release, "Windows-1252")


def test_upper_case_ending() -> None:
    assert len(read_dfe(real(f"{LEGACY}/SFR61-2017_UD.CSV")).cells) == 153 * 218


def test_twin_upper_case_ending(tmp_path: Path) -> None:
    path = ees(tmp_path, ["seen"], ["7"])
    assert at(read_dfe(path.rename(tmp_path / "RELEASE.CSV")), "seen")["value"] == 7


def test_thousands_separators() -> None:
    release = read_dfe(real(f"{LEGACY}/SFR41-2015_Underlying_data.csv"))
    cell = at(release, "CINThro", "Southwark")
    assert (cell["published"], cell["value"]) == ("5,063", 5063)


def test_twin_thousands_separators(tmp_path: Path) -> None:
    release = read_dfe(ees(tmp_path, ["seen"], ["12,371"], ["1,002,003.5"]))
    assert at(release, "seen")["value"] == 12371
    assert at(release, "seen", "Beeton")["value"] == 1002003.5


def test_a_comma_that_separates_no_thousands_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(ees(tmp_path, ["seen"], ["1,5"], ["7"]))
    assert "column 'seen'" in problem
    assert "'1,5' (row 1)" in problem


def test_spreadsheet_error() -> None:
    release = read_dfe(real(f"{LOOKED_AFTER_LEGACY}/SFR36_CLA2013.csv"))
    cell = at(release, "CLA_NetGain", "England")
    assert (cell["published"], cell["reason"]) == ("#VALUE!", "spreadsheet error")
    assert told(release, "spreadsheet error", "CLA_NetGain")


def test_twin_spreadsheet_error(tmp_path: Path) -> None:
    release = read_dfe(ees(tmp_path, ["seen"], ["#VALUE!"], ["7"]))
    cell = at(release, "seen")
    assert (cell["reason"], np.isnan(cell["high"])) == ("spreadsheet error", True)
    assert told(release, "spreadsheet error", "1 cells in seen")


@pytest.mark.parametrize(("file", "count"), [("SFR36_ADM2013.csv", 9), ("SFR36_CLA2014.csv", 3)])
def test_trailing_empty_columns(file: str, count: int) -> None:
    release = read_dfe(real(f"{LOOKED_AFTER_LEGACY}/{file}"))
    assert "" not in set(release.columns["published"])
    assert told(release, f"{count} columns without a name and without any value were left out")


def test_twin_trailing_empty_columns(tmp_path: Path) -> None:
    path = ees(tmp_path, ["seen"], ["7"], ["8"])
    path.write_text("".join(f"{line},,\n" for line in path.read_text().splitlines()))
    release = read_dfe(path)
    assert [at(release, "seen", place)["value"] for place in ("Ayton", "Beeton")] == [7, 8]
    assert told(release, "2 columns without a name")


def test_values_in_columns_without_a_name_are_refused(tmp_path: Path) -> None:
    path = ees(tmp_path, ["seen"], ["7"], ["8"])
    lines = path.read_text().splitlines()
    path.write_text("\n".join([f"{lines[0]},", f"{lines[1]},9", f"{lines[2]},"]))
    assert problems(path) == ("lines have values in columns without a name: 2; name the columns",)


def test_header_with_a_trailing_space() -> None:
    release = read_dfe(real(f"{LOOKED_AFTER_LEGACY}/SFR41_CLA2016.csv"))
    assert at(release, "CLA_NetGain", "England")["value"] == -880
    assert told(release, "spaces around column names", "'CLA_NetGain '")


def test_twin_header_with_a_trailing_space(tmp_path: Path) -> None:
    release = read_dfe(ees(tmp_path, ["seen "], ["7"]))
    assert at(release, "seen")["value"] == 7
    assert told(release, "'seen '")


def test_spaces_around_values() -> None:
    release = read_dfe(real(f"{LOOKED_AFTER_LEGACY}/SFR27_2010_March.csv"))
    assert "North East" in set(release.cells["region_name"])
    assert told(release, "spaces around the values of 4 cells")


def test_twin_rows_without_values_and_spaces_around_values(tmp_path: Path) -> None:
    path = ees(tmp_path, ["seen"], [" 7 "])
    path.write_text(path.read_text() + "," * len(HEADER) + "\n\n")
    release = read_dfe(path)
    assert at(release, "seen")["value"] == 7
    assert told(release, "rows without any value were left out: 2")
    assert told(release, "spaces around the values of 1 cells")


# place and period


def test_columns_in_any_order() -> None:
    path = real(f"{LOOKED_AFTER}/cla_number_and_rate_per_10k_children_2018_2021.csv")
    assert path.read_text("utf-8-sig").startswith("time_period,time_identifier,geographic_level,country_code")
    cells = read_dfe(path).cells
    assert set(cells.loc[cells["old_la_code"] == "302", "new_la_code"]) == {"E09000003"}
    assert set(cells.loc[cells["old_la_code"] == "302", "la_name"]) == {"Barnet"}


def test_twin_columns_in_any_order_and_levels_in_any_case(tmp_path: Path) -> None:
    rows = [[*HEADER, "seen"], [*AYTON, "7"]]
    rows[1][2] = "LOCAL AUTHORITY"
    release = read_dfe(write(tmp_path, csv([row[::-1] for row in rows])))
    cell = at(release, "seen")
    assert (cell["old_la_code"], cell["geographic_level"], cell["value"]) == ("301", "Local authority", 7)


def test_twin_periods_of_six_digits(tmp_path: Path) -> None:
    rows = [[*AYTON, "7"], [*AYTON, "8"]]
    rows[0][:2], rows[1][:2] = ["201718", "Academic year"], ["201819", "Academic year"]
    cells = read_dfe(write(tmp_path, csv([[*HEADER, "seen"], *rows]))).cells
    assert cells["period"].tolist() == [2018, 2019]
    assert cells["time_period"].tolist() == ["201718", "201819"]


def test_periods_that_contradict_their_identifier_are_all_named(tmp_path: Path) -> None:
    rows = [[*AYTON, "7"] for _ in range(4)]
    rows[0][:2], rows[1][:2] = ["201820", "Academic year"], ["201819", "Reporting year"]
    rows[2][:2], rows[3][:2] = ["2018", "Financial year"], ["18", "Reporting year"]
    found = problems(write(tmp_path, csv([[*HEADER, "seen"], *rows])))
    assert len(found) == 4
    assert all("column 'time_period'" in problem for problem in found)


def test_national_row_with_the_code_of_the_isle_of_wight() -> None:
    release = read_dfe(real(f"{LEGACY}/SFR41-2015_Underlying_data.csv"))
    wight = release.cells[release.cells["new_la_code"] == "E06000046"]
    assert set(wight["la_name"]) == {"Isle of Wight"}
    assert set(wight["geographic_level"]) == {"Local authority"}
    nation = release.cells[release.cells["geographic_level"] == "National"]
    assert set(nation["country_code"]) == {"E92000001"}
    assert told(release, "row 1", "E06000046 of Isle of Wight", "E92000001")


@pytest.mark.parametrize(("code", "new"), [("", "E1"), ("301", "")])
def test_twin_national_row_with_the_code_of_an_authority(tmp_path: Path, code: str, new: str) -> None:
    path = legacy(tmp_path, ["Referrals1516"], ["640"], ["7"], ["9"])
    path.write_text(path.read_text().replace("National,,E92000001", f"National,{code},{new}"))
    release = read_dfe(path)
    cell = at(release, "referral_count", "England")
    assert (cell["country_code"], cell["old_la_code"], cell["new_la_code"]) == ("E92000001", "", "")
    assert told(release, "row 1", f"{new or code} of Ayton")


def test_a_row_without_a_level() -> None:
    release = read_dfe(real(f"{LOOKED_AFTER_LEGACY}/SFR50_CLA2017.csv"))
    assert set(release.cells.loc[release.cells["old_la_code"] == "420", "la_name"]) == {"Isles of Scilly"}
    assert told(release, "no level is given", "420 (Isles of Scilly)")


def test_twin_a_row_without_a_level(tmp_path: Path) -> None:
    path = legacy(tmp_path, ["Referrals1516"], ["640"], ["7"], ["9"])
    path.write_text(path.read_text().replace("LA,301", ",301"))
    release = read_dfe(path)
    assert at(release, "referral_count")["geographic_level"] == "Local authority"
    assert told(release, "row 2", "301 (Ayton)")
    path.write_text(path.read_text().replace(",301", "Ward,301"))
    assert problems(path) == ("row 2: column 'geog_l' has 'Ward', which is no level that is known; "
                              "give National, Region or LA",)  # fmt: skip


def test_rows_that_nothing_tells_apart_are_refused(tmp_path: Path) -> None:
    rows = [[*HEADER, "age", "seen"], [*AYTON, "10", "7"], [*AYTON, "11", "9"]]
    path = write(tmp_path, csv(rows))
    (problem,) = problems(path)
    assert "rows 1, 2" in problem
    assert "name it as a filter (age, seen)" in problem
    cells = read_dfe(path, filters=["age"]).cells
    assert cells[["age", "value"]].to_numpy().tolist() == [["10", 7], ["11", 9]]


# columns


def test_columns_have_their_present_names() -> None:
    old, new = read_dfe(real(C1_2020)), read_dfe(real(C1))
    names = {"referral_count", "rereferral_count", "rereferral_percent", "referral_child_count"}
    assert names <= set(old.cells["measure"])
    assert names <= set(new.cells["measure"])
    assert told(old, "alias table", "Re_referrals is rereferral_count")
    assert old.columns.set_index("name").loc["rereferral_count", "published"] == "Re_referrals"


def test_twin_columns_have_their_present_names(tmp_path: Path) -> None:
    release = read_dfe(ees(tmp_path, ["Category", "Re_referrals"], ["Referrals", "7"]))
    assert at(release, "rereferral_count")["category"] == "Referrals"
    assert told(release, "alias table", "Re_referrals is rereferral_count")


def test_header_in_the_wrong_order() -> None:
    release = read_dfe(real(f"{LOOKED_AFTER_LEGACY}/SFR27_2010_March.csv"))
    assert at(release, "MarPlace_Q2", "England")["value"] == 39900
    assert at(release, "MarPlace_P1", "England")["value"] == 4200
    assert told(release, "wrong order", "alphabetical")
    right = read_dfe(real(f"{LOOKED_AFTER_LEGACY}/SFR27_2010_Started.csv"))
    assert at(right, "StartPlace_Q2", "England")["value"] == 18600
    assert not told(right, "wrong order")


PRINTED = [
    "Q1", "Q2", "A3", "A4", "A5", "A6", "P1", "P2", "P3", "K1", "K2", "H5", "R1", "R2", "R3", "R5", "S1", "M1", "M2",
    "M3", "Z1",
]  # fmt: skip
MARCH = ["MarTotal_2010", *(f"MarPlace_{code}_2010" for code in PRINTED)]


@pytest.mark.parametrize("wrong", [True, False])
def test_twin_header_in_the_wrong_order(tmp_path: Path, wrong: bool) -> None:
    """Mended where the values show the error, and left alone in a corrected release."""
    numbers = {code: str(100 + place) for place, code in enumerate(PRINTED)} | {"Q2": "6,000"}
    order = sorted(PRINTED) if wrong else PRINTED
    release = read_dfe(legacy(tmp_path, MARCH, ["9,999", *(numbers[code] for code in order)]))
    for code in PRINTED:
        assert at(release, f"MarPlace_{code}", "England")["published"] == numbers[code]
    assert told(release, "wrong order") is wrong


@pytest.mark.parametrize(
    ("file", "measure", "year", "place", "value"),
    [
        ("SFR61-2017_UD.CSV", "CINAt", 2017, "England", 389430),
        ("SFR61-2017_UD.CSV", "CINAtRatePer10K", 2017, "England", 330.4),
        ("SFR41-2015_Underlying_data.csv", "CINAtRatePer10K", 2015, "England", 337.3),
    ],
)
def test_wrong_years_in_column_names(file: str, measure: str, year: int, place: str, value: float) -> None:
    cell = at(read_dfe(real(f"{LEGACY}/{file}")), measure, place)
    assert (cell["period"], cell["value"]) == (year, value)


def test_twin_wrong_year_in_a_column_name(tmp_path: Path) -> None:
    names = ["CINAt310316", "CINAt310317NoDisabled"]
    release = read_dfe(legacy(tmp_path, names, ["640", "1"]))
    assert at(release, "CINAt", "England")["period"] == 2017
    assert told(release, "'CINAt310316' was renamed 'CINAt310317'")
    release = read_dfe(legacy(tmp_path, ["CINAt310316", "CINAt310316NoDisabled"], ["640", "1"]))
    assert at(release, "CINAt", "England")["period"] == 2016


def test_marks_are_not_counts() -> None:
    release = read_dfe(real(f"{LEGACY}/SFR27-2012ud.csv"))
    assert not release.cells["measure"].str.contains("DCI").any()
    assert set(release.marks["mark"]) == {"", "..", "0", "1", "2", "3", "P"}
    assert len(release.marks) == 33 * 153


def test_twin_marks_are_not_counts(tmp_path: Path) -> None:
    file = legacy(tmp_path, ["Referrals1112", "Referrals1112DCI"], ["640", ""], ["7", "3"], ["9", "A"])
    release = read_dfe(file)
    assert release.cells["measure"].unique().tolist() == ["referral_count"]
    assert release.marks["mark"].tolist() == ["", "3", "A"]
    assert release.marks["period"].tolist() == [2012] * 3


def test_years_in_names_and_columns_without_one() -> None:
    release = read_dfe(real(f"{LOOKED_AFTER_LEGACY}/CLA2019.csv"))
    england = release.cells[release.cells["geographic_level"] == "National"]
    years = england.groupby("measure")["period"].agg(list)
    assert years["CLA_Mar"] == [2015, 2016, 2017, 2018, 2019]
    assert years["CLA_male"] == [2019]
    assert told(release, "columns without a year are about 2019")


def test_a_year_that_only_the_name_of_the_file_tells() -> None:
    release = read_dfe(real(f"{LOOKED_AFTER_LEGACY}/SFR_CEA2012.csv"))
    assert set(release.cells["period"]) == {2012}
    assert told(release, "2012 was taken from the name of the file")
    path = real(f"{LOOKED_AFTER_LEGACY}/SFR21_CEA.csv")
    assert problems(path) == ("neither its columns nor its name say which year it is about; give it with period=YEAR",)
    assert set(read_dfe(path, period=2011).cells["period"]) == {2011}


def test_twin_a_year_that_only_the_name_of_the_file_tells(tmp_path: Path) -> None:
    path = legacy(tmp_path, ["CLA_cease16"], ["640"], name="CEA2012.csv")
    assert at(read_dfe(path), "CLA_cease16", "England")["period"] == 2012
    path = legacy(tmp_path, ["CLA_cease16"], ["640"])
    assert "period=YEAR" in problems(path)[0]
    assert at(read_dfe(path, period=2011), "CLA_cease16", "England")["period"] == 2011


def test_twin_empty_cells_have_a_reason(tmp_path: Path) -> None:
    release = read_dfe(ees(tmp_path, ["seen"], [""], ["7"]))
    assert at(release, "seen")["reason"] == "empty"
    assert told(release, "empty where a number should be", "seen")


def test_recording_artefacts_are_told() -> None:
    release = read_dfe(real(C1))
    assert told(release, "Wakefield (384)", "46%, 68% and 27%")
    assert told(release, "Norfolk (926)", "not supplied")
    assert told(release, "Hackney (204)", "figures of 2020")
    assert not told(read_dfe(real(C2)), "Wakefield")


def test_twin_recording_artefacts_are_told(tmp_path: Path) -> None:
    path = ees(tmp_path, ["rereferral_count"], ["7"], year="2016")
    assert not told(read_dfe(path), "Wakefield")
    path.write_text(path.read_text().replace(",301,", ",384,"))
    assert told(read_dfe(path), "Wakefield (384)")


# what is refused


def test_other_files_are_refused_with_the_reason(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.csv") == ("there is no such file",)
    assert "'.xlsx' is not read here" in problems(write(tmp_path, "a,b\n", "book.xlsx"))[0]
    assert "neither those of Explore education statistics" in problems(write(tmp_path, "la,year\n1,2\n"))[0]
    assert problems(write(tmp_path, "")) == ("the file has no header",)
    assert problems(write(tmp_path, csv([HEADER]))) == ("the file has no rows below the header",)
    assert problems(write(tmp_path, csv([[*HEADER, "a", "a"], [*AYTON, "1", "2"]])))[0].startswith("several columns")
    assert "fewer values" in problems(write(tmp_path, csv([[*HEADER, "a"], AYTON])))[0]
    assert "byte 1 is neither" in problems(write(tmp_path, b"a\x81\x8d\n"))[0]


def test_wishes_about_columns_that_are_not_there_are_refused(tmp_path: Path) -> None:
    path = ees(tmp_path, ["seen"], ["7"])
    found = problems(path, filters=["age"], kinds={"met": "count", "seen": "sum"})
    assert [problem.split(";")[0] for problem in found] == [
        "there is no column 'age'",
        "there is no column 'met'",
        "there is no kind 'sum'",
    ]


def test_all_mixed_columns_are_named_at_once(tmp_path: Path) -> None:
    found = problems(ees(tmp_path, ["a", "b"], ["7", "about 5"], ["none", "8"]))
    assert len(found) == 2
    assert "column 'a'" in found[0]
    assert "'none' (row 2)" in found[0]
    assert "'about 5' (row 1)" in found[1]
