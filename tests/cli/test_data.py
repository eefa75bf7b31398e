"""primum data: from the command line to a table."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import primum as pr
from primum.cli.app import app
from tests.sources.dfe.twins import AYTON, BEETON, HEADER, ees, legacy, write
from tests.sources.dfe.twins import csv as csv_of
from tests.sources.real import C1, LEGACY, real

runner = CliRunner()


def call(*arguments: object) -> str:
    result = runner.invoke(app, ["data", *map(str, arguments)])
    if result.exception is not None:
        raise result.exception
    return result.output


def test_inspect_says_what_is_in_a_file(tmp_path: Path) -> None:
    rows = [[year, *place[1:], "Referrals", *cells] for year, place, cells in (
        ("2021", AYTON, ["12", "c"]), ("2022", AYTON, ["x", "2"]), ("2021", BEETON, ["9", "9"]),
    )]  # fmt: skip
    output = call("inspect", write(tmp_path, csv_of([[*HEADER, "category", "referral_count", "again"], *rows])))
    assert "Years: 2021 to 2022 (Reporting year)" in output
    assert "Places: 2 Local authority" in output
    assert "Vintage: 2022-" in output
    assert "category: Referrals" in output
    assert "Beeton (302) has no row in 2022" in output
    assert "guessed" in output
    lines = {line.split()[0]: line.split() for line in output.splitlines() if "count " in line}
    assert lines["referral_count"] == ["referral_count", "count", "2", "1", "0"]
    assert lines["again"] == ["again", "count", "2", "0", "1"]


def test_inspect_names_authorities_that_break() -> None:
    output = call("inspect", real(C1))
    assert "1 April 2023: Cumbria (909) became Cumberland (942), Westmorland and Furness (943)" in output
    assert "Places: 158 Local authority, 11 Regional, 1 National" in output


def test_inspect_draws_and_overwrites_nothing(tmp_path: Path) -> None:
    file, figure = ees(tmp_path, ["seen"], ["7"], ["c"]), tmp_path / "gaps.png"
    assert f"Figure: {figure}" in call("inspect", file, "--plot", figure)
    assert figure.stat().st_size > 1000
    for target, words in (
        (figure, "--force"),
        (tmp_path / "a.txt", "must end in"),
        (tmp_path / "b" / "a.png", "folder"),
    ):
        with pytest.raises(pr.StoreError, match=words):
            call("inspect", file, "--plot", target)
    call("inspect", file, "--plot", figure, "--force")


def test_dfe_writes_a_table_and_its_record(tmp_path: Path) -> None:
    out = tmp_path / "seen.parquet"
    output = call("dfe", ees(tmp_path, ["seen", "again"], ["7", "1"], ["c", "2"]), "--measure", "seen", "--out", out)
    table = pd.read_parquet(out)
    assert table["measure"].tolist() == ["seen", "seen"]
    assert table[["low", "high", "reason"]].to_numpy().tolist() == [[7, 7, ""], [1, 5, "suppressed"]]
    record = json.loads((tmp_path / "seen.provenance.json").read_text())
    assert record["options"]["measure"] == ["seen"]
    assert record["options"]["vintages"] == ["2019-2021"] or record["options"]["vintages"] == ["2022-"]
    assert record["sources"][0]["file"].endswith("release.csv")
    assert record["notices"][0] in output
    assert "2 rows in" in output


def test_dfe_overwrites_nothing_without_force(tmp_path: Path) -> None:
    file, out = ees(tmp_path, ["seen"], ["7"]), tmp_path / "seen.csv"
    call("dfe", file, "--out", out)
    with pytest.raises(pr.StoreError, match="--force"):
        call("dfe", file, "--out", out)
    call("dfe", file, "--out", out, "--force")


def test_dfe_tells_all_problems(tmp_path: Path) -> None:
    file = ees(tmp_path, ["seen"], ["7"])
    with pytest.raises(pr.SourceError, match="there is no measure 'met'"):
        call("dfe", file, "--measure", "met", "--out", tmp_path / "a.csv")
    with pytest.raises(pr.SourceError, match="there is no vintage '1999'"):
        call("dfe", file, "--vintage", "1999", "--out", tmp_path / "a.csv")
    assert not (tmp_path / "a.csv").exists()


def test_dfe_passes_on_what_the_user_knows(tmp_path: Path) -> None:
    rows = [[*HEADER, "age", "gone"], [*AYTON, "10", "c"], [*AYTON, "11", "c"]]
    out = tmp_path / "a.csv"
    call("dfe", write(tmp_path, csv_of(rows)), "--filter", "age", "--count", "gone", "--out", out)
    table = pd.read_csv(out)
    assert table[["age", "high"]].to_numpy().tolist() == [[10, 5], [11, 5]]
    call("dfe", legacy(tmp_path, ["CLA_cease16"], ["640"]), "--period", "2011", "--out", out, "--force")
    assert pd.read_csv(out)["period"].tolist() == [2011]


def test_dfe_keeps_rows_by_their_labels(tmp_path: Path) -> None:
    file, out = ees(tmp_path, ["sex", "seen"], ["Girls", "7"], ["Boys", "8"]), tmp_path / "a.csv"
    call("dfe", file, "--where", "sex=Boys", "--shape", "wide", "--out", out)
    assert pd.read_csv(out)["seen"].tolist() == [8]
    with pytest.raises(pr.SourceError, match="'sex' must be COLUMN=VALUE"):
        call("dfe", file, "--where", "sex", "--out", tmp_path / "b.csv")


def test_dfe_makes_the_re_referral_panel_of_england(tmp_path: Path) -> None:
    """Three releases become a table that a panel is read from."""
    files = [real(f"{LEGACY}/osr26-2011ud.csv"), real(f"{LEGACY}/SFR27-2012ud.csv"), real(C1)]
    wishes = ["--measure", "referral_count", "--measure", "rereferral_count", "--stable", "--shape", "wide"]
    out = tmp_path / "england.parquet"
    call("dfe", *files, *wishes, "--out", out)
    table = pr.read_table(out)
    reference = pr.read_table(real("la_year_panel.csv"))
    pilots = set(reference.loc[reference["sos_eip1"] == 1, "unit"])
    table["sos_eip1"] = table["unit"].isin(pilots).astype(int)
    spec = pr.Spec.read(Path(__file__).parents[2] / "models" / "rereferral-england.toml")
    columns = {"unit_name": "la_names", "period": "year", "referral_count": "referrals"}
    table = table.rename(columns={**columns, "rereferral_count": "rereferrals"})
    # the referrals of the Isles of Scilly are suppressed in 2017, their re-referrals are not
    known = table["referrals"].notna() & table["rereferrals"].notna()
    table[["referrals", "rereferrals"]] = table[["referrals", "rereferrals"]].where(known)
    panel = pr.Panel.from_frame(table, spec.data)
    assert repr(panel) == (
        "Panel: 150 units (10 pilots, 140 comparators) x 9 periods (2011 to 2019)\n"
        "  rereferral: 1307 of 1350 cells observed"
    )
