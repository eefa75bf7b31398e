"""From the bytes of a file to a table of text, with what was mended on the way."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from primum.errors import SourceError
from primum.panel.rows import list_some

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Text:
    """A file as a table of text, as published but for the shape.

    Attributes
    ----------
    table
        One column a header name, every cell text; row 0 is the first below the header.
    notices
        What was mended, one sentence each.
    """

    table: pd.DataFrame
    notices: tuple[str, ...]


def read_text(path: Path) -> Text:
    """Read a CSV file without giving any cell a meaning.

    Raises
    ------
    SourceError
        If the file is missing, no CSV, or of a shape that cannot be mended without guessing.
    """
    if not path.is_file():
        raise SourceError(str(path), ["there is no such file"])
    if path.suffix.lower() != ".csv":
        raise SourceError(str(path), [f"a file ending in '{path.suffix}' is not read here; give the release's CSV"])
    text, notices = decode(path.read_bytes(), str(path))
    header, width, mended = _header(text, str(path))
    table, left_out = _table(text, header, width)
    return Text(table, (*notices, *mended, *left_out))


def decode(content: bytes, subject: str) -> tuple[str, list[str]]:
    r"""Text of a file in UTF-8, UTF-16 with a byte order mark, or Windows-1252.

    Raises
    ------
    SourceError
        If it is none of them.

    Examples
    --------
    >>> decode(b"St. Helens \x96 total", "the file")
    ('St. Helens – total', ['the file is not UTF-8; read as Windows-1252 (cp1252)'])
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16"), ["the file is UTF-16; read as such"]
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252"), ["the file is not UTF-8; read as Windows-1252 (cp1252)"]
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is neither UTF-8 nor Windows-1252 text; save the file again as CSV UTF-8"
        raise SourceError(subject, [problem]) from None


def _header(text: str, subject: str) -> tuple[list[str], int, list[str]]:
    """Names of columns, the widest row, and what was mended."""
    lines = csv.reader(io.StringIO(text))
    header = next(lines, [])
    spaced = [name for name in header if name != name.strip()]
    names = [name.strip() for name in header]
    width, short, beyond = len(names), [], []
    for line in lines:
        if 0 < len(line) < len(names):
            short.append(lines.line_num)
        unnamed = [cell for place, cell in enumerate(line) if place >= len(names) or not names[place]]
        beyond += [lines.line_num] if any(cell.strip() for cell in unnamed) else []
        width = max(width, len(line))
    twice = sorted({name for name in names if name and names.count(name) > 1})
    problems = [] if any(names) else ["the file has no header"]
    if twice:
        problems.append(f"several columns have the same name: {', '.join(map(repr, twice))}; rename all but one")
    if short:
        problems.append(f"lines have fewer values than the header has names: {list_some(short)}; was it cut short?")
    if beyond:
        problems.append(f"lines have values in columns without a name: {list_some(beyond)}; name the columns")
    if problems:
        raise SourceError(subject, problems)
    notices = [f"spaces around column names were removed: {', '.join(map(repr, spaced))}"] if spaced else []
    return names, width, notices


def _table(text: str, header: list[str], width: int) -> tuple[pd.DataFrame, list[str]]:
    """The cells below the header; empty rows and empty columns without a name are left out."""
    import pandas as pd

    names = list(range(width))
    cells = pd.read_csv(io.StringIO(text), header=0, names=names, index_col=False, dtype=str, na_filter=False)
    table = cells.fillna("").apply(lambda column: column.str.strip())
    notices = []
    spaced = int((table != cells.fillna("")).to_numpy().sum())
    if spaced:
        notices.append(f"spaces around the values of {spaced} cells were removed")
    empty = (table == "").all(axis="columns")
    if empty.any():
        notices.append(f"rows without any value were left out: {list_some(table.index[empty] + 1)}")
    unnamed = [place for place in names if place >= len(header) or not header[place]]
    if unnamed:
        notices.append(f"{len(unnamed)} columns without a name and without any value were left out")
    kept = table.loc[~empty].drop(columns=unnamed).reset_index(drop=True)
    kept.columns = pd.Index([name for name in header if name])
    return kept, notices
