"""Reading a release of the Department for Education into tidy cells."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from primum.errors import SourceError
from primum.panel.rows import list_some
from primum.sources.dfe.cells import cells_of, marks_of, unreadable
from primum.sources.dfe.column import Column, sort_columns, symbols_in
from primum.sources.dfe.kind import KINDS, Kind
from primum.sources.dfe.mend import mend_header
from primum.sources.dfe.notices import about_artefacts, about_cells, about_columns
from primum.sources.dfe.place import TIME, Rows, ees_rows, layout_of, legacy_rows
from primum.sources.dfe.release import Release
from primum.sources.dfe.suppression import bounded
from primum.sources.dfe.text import read_text
from primum.sources.dfe.vintage import Layout, Vintage, guess, named, vintages
from primum.sources.provenance import sha256

if TYPE_CHECKING:
    import pandas as pd


def read_dfe(
    path: str | Path,
    *,
    vintage: str | None = None,
    period: int | None = None,
    filters: Collection[str] = (),
    kinds: Mapping[str, Kind] | None = None,
) -> Release:
    r"""Read a CSV of Explore education statistics, or a release of 2010-2019, of any subject.

    Nothing is filled, and no row or number is dropped: each number becomes a row of
    `Release.cells`, and each missing one says why it is missing. What had to be guessed or
    mended is listed in `Release.notices`; what cannot be settled from the file is refused.

    Parameters
    ----------
    path
        The CSV as published.
    vintage
        "2010-2018", "2019-2021" or "2022-": when it was published, which settles what its symbols
        mean. By default it is guessed from layout, last year and symbols, if they leave no doubt.
    period
        The year (ending 31 March) of those columns of a release of 2010-2019 that have none in their
        names; by default the last year in other names, or else the year in the file's name.
    filters
        Columns that label rows although numbers are in them, such as ages.
    kinds
        The kind of measures ("count", "percentage", "rate", "average", "unknown") where names
        do not tell, by published or present name.

    Raises
    ------
    SourceError
        With every problem found, and how to mend it.

    Examples
    --------
    >>> import tempfile
    >>> lines = ["time_period,time_identifier,geographic_level,old_la_code,la_name,Referrals,Re_referrals"]
    >>> lines += ['2020,Reporting year,Local authority,301,Ayton,"1,204",c']
    >>> file = Path(tempfile.mkdtemp()) / "c1.csv"
    >>> _ = file.write_text("\n".join(lines))
    >>> release = read_dfe(file)
    >>> release.cells[["measure", "value", "low", "high", "reason"]].values.tolist()
    [['referral_count', 1204.0, 1204.0, 1204.0, ''], ['rereferral_count', nan, 1.0, 5.0, 'suppressed']]
    >>> release.vintage
    '2019-2021'
    """
    path, subject = Path(path), str(path)
    text = read_text(path)
    layout, problems = layout_of(text.table)
    if layout is None or text.table.empty:
        raise SourceError(subject, problems or ["the file has no rows below the header"])
    table, mended = mend_header(text.table)
    rows = ees_rows(table) if layout == "ees" else legacy_rows(table)
    columns, mixed = sort_columns(rows.rest, layout, filters, kinds or {})
    year, dated, undated = (None, [], []) if layout == "ees" else _year(columns, path, period)
    _refuse(subject, [*rows.problems, *mixed, *_wishes(columns, filters, kinds or {}), *undated])
    rows = _with_labels(rows, columns, year)
    measures = [column for column in columns if column.role == "measure"]
    chosen, chosen_by, unclear = _vintage(vintage, layout, rows, columns)
    _refuse(subject, [*unclear, *_repeated(rows.keys, columns)])
    _refuse(subject, unreadable(rows.rest, measures, chosen))
    cells, ranges = bounded(cells_of(rows.keys, rows.rest, measures, chosen))
    told = [*text.notices, *mended, *rows.notices, *dated, chosen_by, *about_columns(columns)]
    return Release(
        subject,
        cells,
        marks_of(rows.keys, rows.rest, [column for column in columns if column.role == "mark"]),
        _described(columns),
        chosen.name,
        (*told, *about_cells(cells), *about_artefacts(cells), *ranges),
        sha256(path),
    )


def _refuse(subject: str, problems: Sequence[str]) -> None:
    if problems:
        raise SourceError(subject, problems)


def _wishes(columns: list[Column], filters: Collection[str], kinds: Mapping[str, Kind]) -> list[str]:
    """What is wrong with the filters and kinds that the user names."""
    names = {name for column in columns for name in (column.published, column.name)}
    absent = [name for name in (*filters, *kinds) if name not in names]
    problems = [f"there is no column {name!r}; the columns are {list_some(sorted(names), 10)}" for name in absent]
    strange = sorted({str(kind) for kind in kinds.values() if kind not in KINDS})
    return problems + [f"there is no kind {kind!r}; give one of {', '.join(KINDS)}" for kind in strange]


def _year(columns: list[Column], path: Path, period: int | None) -> tuple[int | None, list[str], list[str]]:
    """The year of columns that name none, how it is known, and what stands in the way."""
    if period is not None:
        return period, [], []
    years = sorted({column.year for column in columns if column.year is not None})
    if years:
        return years[-1], [f"columns without a year are about {years[-1]}, the last year in column names"], []
    in_name = sorted({int(year) for year in re.findall(r"(?<!\d)20[0-4]\d(?!\d)", path.stem)})
    if len(in_name) == 1:
        return in_name[0], [f"no column names a year; {in_name[0]} was taken from the name of the file"], []
    return None, [], ["neither its columns nor its name say which year it is about; give it with period=YEAR"]


def _with_labels(rows: Rows, columns: list[Column], year: int | None) -> Rows:
    """Rows whose keys have a period and the columns that label them."""
    keys = rows.keys
    if year is not None:
        keys = keys.assign(period=year, time_period=str(year), time_identifier="Reporting year")
        keys = keys[[*TIME, *rows.keys.columns]]
    labels = {column.name: rows.rest[column.published] for column in columns if column.role == "filter"}
    return Rows(keys.assign(**labels), rows.rest, rows.notices)


def _vintage(wish: str | None, layout: Layout, rows: Rows, columns: list[Column]) -> tuple[Vintage, str, list[str]]:
    """The vintage, how it was chosen, and what stands in the way."""
    if wish is not None:
        chosen, problems = named(wish)
        why = f"symbols were read by the vintage {wish}, as asked"
    else:
        last = max([int(rows.keys["period"].max()), *(column.year for column in columns if column.year is not None)])
        chosen, reason, problems = guess(layout, last, symbols_in(rows.rest, columns))
        why = f"symbols were read by the vintage {chosen.name}, guessed from {reason}" if chosen else ""
    return chosen or vintages()[-1], why, problems


def _repeated(keys: pd.DataFrame, columns: list[Column]) -> list[str]:
    twice = keys.duplicated(keep=False)
    if not twice.any():
        return []
    numbers = list_some([int(row) + 1 for row in keys.index[twice]])
    measures = list_some([column.published for column in columns if column.role == "measure"])
    return [
        f"{int(twice.sum())} rows have the same place, period and labels as another: rows {numbers}; if one of the "
        f"columns read as numbers labels rows, name it as a filter ({measures})"
    ]


def _described(columns: list[Column]) -> pd.DataFrame:
    import pandas as pd

    names = ("published", "name", "role", "year", "kind", "guessed")
    table = pd.DataFrame([[getattr(column, name) for name in names] for column in columns], columns=list(names))
    return table.astype({"year": "Int64"})
