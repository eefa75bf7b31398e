"""Which columns hold numbers, which label rows, and which are data-confidence marks."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from primum.panel.rows import list_some
from primum.sources.dfe.kind import Kind, is_mark, kind_by_name
from primum.sources.dfe.number import number
from primum.sources.dfe.period import year_in_name
from primum.sources.dfe.vintage import SPREADSHEET_ERRORS, Layout, vintages

if TYPE_CHECKING:
    import pandas as pd

Role = Literal["measure", "filter", "mark"]


@dataclass(frozen=True)
class Column:
    """What a column of the file is.

    Attributes
    ----------
    published
        Its name in the file.
    name
        Its name in the result: without its year, and by the alias table.
    role
        Whether it holds numbers, labels rows, or marks how far the LA's data are trusted.
    year
        The year in its name, in the layout of 2010-2019.
    kind
        What kind of number it holds; None unless its role is "measure".
    guessed
        Whether the kind rests on the values alone.
    """

    published: str
    name: str
    role: Role
    year: int | None = None
    kind: Kind | None = None
    guessed: bool = False

    @property
    def renamed(self) -> bool:
        """Whether its name comes from the alias table."""
        return self.name in aliases().values() and self.name not in {self.published, year_in_name(self.published)[0]}


@cache
def aliases() -> dict[str, str]:
    """Present names of measures by their former names, from aliases.csv.

    Examples
    --------
    >>> aliases()["Re_referrals"], aliases()["ReferralsWithin12mths"]
    ('rereferral_count', 'rereferral_count')
    """
    table = files("primum.sources.dfe").joinpath("aliases.csv").read_text("utf-8")
    return {row["published"]: row["measure"] for row in csv.DictReader(table.splitlines())}


def sort_columns(
    rest: pd.DataFrame, layout: Layout, filters: Collection[str], kinds: Mapping[str, Kind]
) -> tuple[list[Column], list[str]]:
    """What each column is, by the values in it.

    Parameters
    ----------
    rest
        Columns beside place and period, as published.
    layout
        In the legacy layout, years are taken out of names.
    filters
        Columns that the user says label rows.
    kinds
        Kinds of measures that the user knows, by published or present name.

    Returns
    -------
    columns, problems
        In the order of the file; problems are columns that mix numbers with text.
    """
    columns, problems = [], []
    for published in rest.columns:
        column, found = _sort(published, rest[published], layout, filters, kinds)
        columns.append(column)
        problems += found
    return _tell_apart(columns), problems


def symbols_in(rest: pd.DataFrame, columns: Collection[Column]) -> set[str]:
    """Symbols in the measures, in lower case."""
    found: set[str] = set()
    for column in columns:
        if column.role == "measure":
            found |= {text.lower() for text in rest[column.published].unique() if number(text) is None}
    return found - SPREADSHEET_ERRORS - {""}


def _sort(
    published: str, cells: pd.Series[str], layout: Layout, filters: Collection[str], kinds: Mapping[str, Kind]
) -> tuple[Column, list[str]]:
    bare, year = year_in_name(published) if layout == "legacy" else (published, None)
    name = aliases().get(bare, bare)
    if layout == "legacy" and is_mark(published):
        return Column(published, name, "mark", year), []
    if {published, name} & set(filters):
        return Column(published, name, "filter"), []
    known = {symbol for vintage in vintages() for symbol in vintage.symbols} | SPREADSHEET_ERRORS | {""}
    texts = cells.unique().tolist()
    numbers = [value for value in map(number, texts) if value is not None]
    strange = [text for text in texts if number(text) is None and text.lower() not in known]
    if strange and not numbers:
        return Column(published, name, "filter"), []
    problems = [_mixed(published, cells, strange)] if strange else []
    whole = all(value >= 0 and value.is_integer() for value in numbers)
    kind = kinds.get(published) or kinds.get(name) or kind_by_name(name)
    if kind is not None and (whole or kind != "count" or {published, name} & set(kinds)):
        return Column(published, name, "measure", year, kind), problems
    guess: Kind = "count" if whole and numbers else "unknown"
    return Column(published, name, "measure", year, guess, guessed=True), problems


def _mixed(name: str, cells: pd.Series[str], strange: list[str]) -> str:
    places = [f"{text!r} (row {cells.index[cells == text][0] + 1})" for text in strange]
    return (
        f"column {name!r} holds numbers and text that is no symbol of any vintage: {list_some(places)}; "
        f"correct the cells, or name the column as a filter if it labels rows"
    )


def _tell_apart(columns: list[Column]) -> list[Column]:
    """Columns that would get the same name and year keep their published names."""
    keys = [(column.name, column.year) for column in columns]
    return [
        column if keys.count(key) == 1 else Column(**{**column.__dict__, "name": column.published})
        for column, key in zip(columns, keys, strict=True)
    ]
