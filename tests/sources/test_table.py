from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from primum.errors import PanelError
from primum.panel import Panel
from primum.sources import demo_spec, read_table, simulate


def _csv(folder: Path, content: str | bytes, name: str = "areas.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _problem(path: Path) -> str:
    with pytest.raises(PanelError) as caught:
        read_table(path)
    assert caught.value.subject == str(path)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def test_only_empty_cells_are_missing(tmp_path: Path) -> None:
    table = read_table(_csv(tmp_path, "la,kin,care\nNA,,1\nnull,x,2\nA1,..,\n"))
    assert table["la"].tolist() == ["NA", "null", "A1"]
    assert table["kin"].tolist()[1:] == ["x", ".."]
    assert table["kin"].isna().tolist() == [True, False, False]
    assert table["care"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize("name", ["areas.csv", "areas.CSV"])
def test_csv_comes_back_as_it_was_written(name: str, tmp_path: Path) -> None:
    written = pd.DataFrame({"la": ["Bristol, City of", "Leeds"], "year": [2010, 2011], "days": [20.5, None]})
    written.to_csv(tmp_path / name, index=False)
    pd.testing.assert_frame_equal(read_table(tmp_path / name), written)
    pd.testing.assert_frame_equal(read_table(str(tmp_path / name)), written)


def test_parquet_comes_back_as_it_was_written(tmp_path: Path) -> None:
    table = simulate(units=8, periods=6, pilots=2).table
    table.to_parquet(tmp_path / "areas.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "areas.parquet"), table)


def test_byte_order_mark_is_not_part_of_the_first_name(tmp_path: Path) -> None:
    assert list(read_table(_csv(tmp_path, "la,year\nA1,2010\n".encode("utf-8-sig"))).columns) == ["la", "year"]


def test_comma_at_the_end_of_lines_does_not_shift_columns(tmp_path: Path) -> None:
    # pandas by itself takes the first column for an index there, and every name moves by one
    table = read_table(_csv(tmp_path, "la,year\n201,2010,\n202,2011,\n"))
    assert table.to_dict("list") == {"la": [201, 202], "year": [2010, 2011]}


def test_values_beyond_the_header_are_not_dropped(tmp_path: Path) -> None:
    path = _csv(tmp_path, "la,year\n201,2010,7\n202,2011,8\n")
    assert _problem(path) == "lines have more values than the header has names; name every column"


def test_single_line_that_is_too_long(tmp_path: Path) -> None:
    problem = _problem(_csv(tmp_path, "la,kin\n201,10\n202,1,200\n"))
    assert problem.startswith("the file cannot be read: ")
    assert "line 3" in problem


def test_missing_file(tmp_path: Path) -> None:
    assert _problem(tmp_path / "none.csv") == "there is no such file"
    assert _problem(tmp_path) == "there is no such file"


@pytest.mark.parametrize("name", ["areas.xlsx", "areas"])
def test_other_kinds_of_file(name: str, tmp_path: Path) -> None:
    suffix = Path(name).suffix
    assert _problem(_csv(tmp_path, "la\n1\n", name)) == (
        f"a file ending in '{suffix}' cannot be read here; give .csv or .parquet"
    )


def test_other_encoding(tmp_path: Path) -> None:
    path = _csv(tmp_path, "la\nSt Helens £\n".encode("cp1252"))
    assert _problem(path) == "the file is not UTF-8 text; save it again as CSV UTF-8"


@pytest.mark.parametrize(("name", "content"), [("areas.csv", b""), ("areas.parquet", b"no parquet")])
def test_file_that_holds_no_table(name: str, content: bytes, tmp_path: Path) -> None:
    assert _problem(_csv(tmp_path, content, name)).startswith("the file cannot be read: ")


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> pd.DataFrame:
        raise ImportError("no engine")

    monkeypatch.setattr(pd, "read_parquet", refuse)
    problem = _problem(_csv(tmp_path, b"", "areas.parquet"))
    assert problem == "reading Parquet files needs pyarrow; install it, or give .csv"


def test_demonstration_reads_the_simulated_table_from_a_file(tmp_path: Path) -> None:
    simulation = simulate(units=8, periods=10, pilots=2, missing=0.05, seed=5)
    assert simulation.table["kinship_periods"].isna().any()
    simulation.table.to_csv(tmp_path / "areas.csv", index=False)
    assert Panel.from_frame(read_table(tmp_path / "areas.csv"), demo_spec().data) == simulation.panel


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("unit,year,n,n\nA,2010,1,2\n", "several columns have the same name: 'n'"),
        ("unit,year,n\nA,2010,1\nA,2011\n", "lines have fewer values than the header has names: 3"),
    ],
)
def test_what_pandas_would_mend_in_silence_is_refused(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PanelError, match=words):
        read_table(path)


def test_codes_can_be_read_as_text(tmp_path: Path) -> None:
    table = read_table(_csv(tmp_path, "la,kin\n0201,1\n,2\n"), text=["la", "other"])
    assert table["la"].tolist()[0] == "0201"
    assert table["la"].isna().tolist() == [False, True]
    assert table["kin"].tolist() == [1, 2]
