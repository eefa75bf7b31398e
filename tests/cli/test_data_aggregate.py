"""primum data aggregate: from records to a table and its record."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import primum as pr
from tests.cli.test_data import call
from tests.sources.records.made import few, referrals, saved

SETTINGS = """
unit = "la"
date = "referred"
end_of_data = "2024-03-31"
leave_out = ["no unit"]
[periods]
rule = "financial year"
first = "2013-04-01"
last = "2019-03-31"
[outcomes.plan]
value = "plan"
[outcomes.again]
event = "again"
follow_up = 365
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "aggregate.toml"
    path.write_text(SETTINGS)
    return path


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_table_is_written_with_its_record(tmp_path: Path, settings: Path, ending: str) -> None:
    file, out, plot = saved(tmp_path, referrals()), tmp_path / f"cells.{ending}", tmp_path / "used.png"
    programme = tmp_path / "programme.csv"
    programme.write_text(
        "unit,start,embedded\n" + "".join(f"E0{k},{'2016-04-01' if k < 2 else ''},\n" for k in range(8))
    )
    output = call("aggregate", file, "--with", settings, "--programme", programme, "--out", out, "--plot", plot)
    table = pr.read_table(out)
    assert len(table) == 48
    assert table.loc[table["exposure"] == 1, "unit"].unique().tolist() == ["E00", "E01"]
    record = json.loads((tmp_path / "cells.provenance.json").read_text())
    assert [Path(source["file"]).name for source in record["sources"]] == [file.name, settings.name, programme.name]
    assert record["options"]["outcomes"][1]["follow_up"] == 365
    assert record["options"]["periods"] == {"rule": "financial year", "first": "2013-04-01", "last": "2019-03-31"}
    assert record["command"] == "primum data aggregate"
    assert "4,000 records in 48 cells: 8 units, 6 periods (2013-14 to 2018-19)" in output
    assert f"48 rows in {out}" in output
    assert plot.stat().st_size > 1000


def test_nothing_is_written_over_unasked(tmp_path: Path, settings: Path) -> None:
    file, out, plot = few(tmp_path, plan=[1]), tmp_path / "cells.csv", tmp_path / "used.png"
    call("aggregate", file, "--with", settings, "--out", out, "--plot", plot)
    with pytest.raises(pr.StoreError, match="--force"):
        call("aggregate", file, "--with", settings, "--out", out)
    with pytest.raises(pr.StoreError, match=r"used\.png is there already"):
        call("aggregate", file, "--with", settings, "--out", tmp_path / "b.csv", "--plot", plot)
    call("aggregate", file, "--with", settings, "--out", out, "--plot", plot, "--force")


def test_what_is_wrong_and_what_is_left_out_is_told(tmp_path: Path, settings: Path) -> None:
    out = tmp_path / "cells.csv"
    with pytest.raises(pr.SourceError, match="2 problems in") as caught:
        call("aggregate", few(tmp_path, plan=["x"], again=["y"]), "--with", settings, "--out", out)
    assert not out.exists()
    assert "not 0 or 1 (x)" in str(caught.value)
    output = call("aggregate", few(tmp_path, la=["A", ""]), "--with", settings, "--out", out)
    assert "left out: 1 of 2 records, no unit" in output
    assert "do not publish" in output
    assert pd.read_csv(out)["records"].tolist() == [1]
    assert json.loads((tmp_path / "cells.provenance.json").read_text())["notices"][0].startswith("left out: 1 of 2")


def test_help_teaches_with_an_example() -> None:
    output = call("aggregate", "--help")
    example = "primum data aggregate referrals.parquet --with models/records/children.toml --out cells.parquet"
    assert "".join(example.split()) in "".join(output.split())  # lines are broken at hyphens
