"""Tables and the record of what they were made from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from primum.errors import StoreError
from primum.sources import read_table
from primum.sources.provenance import Provenance, check_target, write_table

TABLE = pd.DataFrame({"unit": ["301", "302"], "value": [7.0, None], "reason": ["", "suppressed"]})


@pytest.mark.parametrize("ending", ["csv", "parquet", "CSV"])
def test_the_record_says_what_the_table_was_made_from(tmp_path: Path, ending: str) -> None:
    source = tmp_path / "c1.csv"
    source.write_bytes(b"la\n301\n")
    out = tmp_path / "new" / f"table.{ending}"
    made = Provenance("primum data dfe", [source], {"stable": True, "files": tmp_path}, ["read as such"])
    record = json.loads(write_table(TABLE, out, made).read_text())
    assert record["sources"] == [{"file": str(source), "sha256": hashlib.sha256(b"la\n301\n").hexdigest(), "bytes": 7}]
    assert record["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert record["options"] == {"stable": True, "files": str(tmp_path)}
    assert (record["rows"], record["columns"]) == (2, ["unit", "value", "reason"])
    assert record["notices"] == ["read as such"]
    assert record["primum"]
    assert read_table(out)["value"].isna().tolist() == [False, True]


def test_nothing_is_written_over_without_force(tmp_path: Path) -> None:
    out = tmp_path / "table.csv"
    made = Provenance("primum data dfe", [])
    write_table(TABLE, out, made)
    before = out.read_bytes()
    with pytest.raises(StoreError, match=r"table\.csv and .*table\.provenance\.json is there already.*--force"):
        write_table(TABLE.head(1), out, made)
    out.unlink()
    with pytest.raises(StoreError, match="provenance"):  # the record alone is kept too
        check_target(out, force=False)
    write_table(TABLE, out, made, force=True)
    assert out.read_bytes() == before


def test_other_endings_and_folders_that_cannot_be_made_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"must end in \.parquet or \.csv"):
        check_target(tmp_path / "table.xlsx", force=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write_table(TABLE, tmp_path / "file" / "table.csv", Provenance("primum data dfe", []))
