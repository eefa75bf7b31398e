"""Bytes to text: encodings, on real files and made-up ones."""

from __future__ import annotations

from pathlib import Path

from primum.sources.dfe.text import decode, read_text
from tests.sources.dfe.twins import write
from tests.sources.real import LEGACY, real


def test_notes_of_a_release_are_windows_1252() -> None:
    content = real(f"{LEGACY}/SFR27-2012_Meta_Data_Document.txt").read_bytes()
    text, notices = decode(content, "the notes")
    assert "replaced by an \N{LEFT SINGLE QUOTATION MARK}x\N{RIGHT SINGLE QUOTATION MARK}" in text
    assert notices == ["the file is not UTF-8; read as Windows-1252 (cp1252)"]


def test_utf_16_needs_its_mark() -> None:
    assert decode("Ayton".encode("utf-16"), "the file") == ("Ayton", ["the file is UTF-16; read as such"])


def test_utf_8_is_told_nothing_about() -> None:
    assert decode("Aýton".encode(), "the file") == ("Aýton", [])
    assert decode("Aýton".encode("utf-8-sig"), "the file") == ("Aýton", [])


def test_quoted_line_breaks_and_commas_stay_in_their_cells(tmp_path: Path) -> None:
    text = read_text(write(tmp_path, 'a,"b\nb"\n"1\n2","3,4"\n5,6\n'))
    assert text.table.columns.tolist() == ["a", "b\nb"]
    assert text.table.to_numpy().tolist() == [["1\n2", "3,4"], ["5", "6"]]
    assert text.notices == ()


def test_all_faults_of_shape_are_named_at_once(tmp_path: Path) -> None:
    from tests.sources.dfe.twins import problems

    found = problems(write(tmp_path, "a,a,\n1,2\n1,2,3\n1,2,3,4\n"))
    assert [problem.split(":")[0] for problem in found] == [
        "several columns have the same name",
        "lines have fewer values than the header has names",
        "lines have values in columns without a name",
    ]
