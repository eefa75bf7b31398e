"""Files that are missing, ambiguous or broken are refused, with everything that is wrong."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from primum.errors import SourceError
from primum.sources.records import aggregate
from tests.sources.records.made import aggregation, few

PLAN = {"plan": {"value": "plan"}}
GOOD = "la,referred,plan\nA,2015-05-01,1\n"


def written(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def problems(*files: Path) -> list[str]:
    with pytest.raises(SourceError) as caught:
        aggregate(files, aggregation(PLAN))
    return list(caught.value.problems)


def test_columns_that_are_missing_are_named_together(tmp_path: Path) -> None:
    path = written(tmp_path, "la,refered,it\nA,2015-05-01,1\n")
    assert problems(path) == [
        f"{path}: there is no column 'referred'; did you mean 'refered'?",
        f"{path}: there is no column 'plan'; did you mean 'la'?",
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_names_that_differ_in_capitals_only_are_ambiguous(tmp_path: Path, name: str) -> None:
    # DuckDB does not tell them apart and would take the first
    path = few(tmp_path, name, la=["A"], LA=["B"])
    assert problems(path) == [
        f"{path}: several columns are named 'la', or differ from it in capitals only; rename all but one"
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"la,referred,plan\nA,2015-05-01\n", "Expected Number of Columns: 3 Found: 2"),
        (b"la,referred,plan\nA,2015-05-01,1,2\n", "Expected Number of Columns: 3 Found: 4"),
        (b"la,referred,plan\n\xa3,2015-05-01,1\n", "not UTF-8"),
        (b"l\xa3,referred,plan\nA,2015-05-01,1\n", "not UTF-8"),
        (b'la,referred,plan\n"A,2015-05-01,1\n', "unterminated quote"),
        (b"", "there is no column 'la'"),
    ],
)
def test_broken_csv_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    found = problems(written(tmp_path, content))
    assert words.lower().replace("-", "") in found[0].lower().replace("-", "")
    assert "Possible" not in found[0]


def test_nothing_in_a_csv_file_is_guessed(tmp_path: Path) -> None:
    """No comments, no symbols for missing values, quotes as the standard has them, a byte order mark."""
    content = '\ufeffla,referred,plan\r\n#1,2015-05-01,1\r\nNA,2015-05-01,0\r\n"a, ""b""",2015-05-01,1\r\n'
    assert aggregate(written(tmp_path, content), aggregation(PLAN)).table["unit"].tolist() == ["#1", "NA", 'a, "b"']


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    found = problems(tmp_path / "none.csv", written(tmp_path, GOOD, "a.xlsx"))
    assert found == [
        f"{tmp_path / 'none.csv'}: there is no such file",
        f"{tmp_path / 'a.xlsx'}: a file ending in '.xlsx' cannot be read here; give .parquet or .csv",
    ]
    assert problems() == ["no file is given"]
    assert problems(written(tmp_path, b"no parquet", "a.parquet"))[0].startswith("the file cannot be read")
    both = (written(tmp_path, GOOD), few(tmp_path, "b.parquet", la=["A"]))
    assert problems(*both) == ["files are of several kinds; give .parquet or .csv, not both"]


def test_files_must_agree(tmp_path: Path) -> None:
    first, second = written(tmp_path, GOOD), written(tmp_path, "referred,la,plan\n2015-05-01,A,1\n", "b.csv")
    assert problems(first, second) == [f"{second}: columns are not those of {first}, in that order"]
    first, second = few(tmp_path, "a.parquet", la=["1"]), few(tmp_path, "b.parquet", la=[1])
    assert problems(first, second) == [f"{second}: column 'la' holds BIGINT, but VARCHAR in {first}"]


def test_types_that_do_not_fit_are_named_together(tmp_path: Path) -> None:
    path = few(
        tmp_path,
        "a.parquet",
        la=[1.5],
        referred=[pd.Timestamp("2015-05-01", tz="UTC")],
        plan=[pd.Timestamp("2015-05-01")],
    )
    found = problems(path)
    assert [problem.split(";")[0] for problem in found] == [
        "column 'la' holds DOUBLE, but a unit must be text or whole numbers",
        "column 'referred' holds times with a time zone, but a date must be dates, or text",
        "column 'plan' holds TIMESTAMP, but a number must be numbers, or true and false",
    ]


def test_names_with_quotes_and_spaces(tmp_path: Path) -> None:
    frame = pd.DataFrame({'the "la"': ["A"], "it's on": ["2015-05-01"], "plan": [1]})
    path = tmp_path / "it's.parquet"
    frame.to_parquet(path)
    made = aggregation(PLAN, unit='the "la"', date="it's on")
    assert aggregate(path, made).table["unit"].tolist() == ["A"]


def test_columns_named_as_those_of_the_table(tmp_path: Path) -> None:
    names = {"time": ["A"], "unit": ["2015-05-01"], "reason": [1], "records": ["2015-05-11"], "weight": [2]}
    pd.DataFrame(names).to_parquet(tmp_path / "a.parquet")
    made = aggregation({"x": {"value": "reason"}, "y": {"end": "records"}}, unit="time", date="unit", weight="weight")
    row = aggregate(tmp_path / "a.parquet", made).table.iloc[0]
    assert row[["unit", "time", "records", "x_count", "y_n"]].tolist() == ["A", 2016, 1, 1, 1]
    assert row["y_geometric_mean"] == pytest.approx(10, rel=1e-12)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    aggregate(written(tmp_path, GOOD), aggregation(PLAN))
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
