"""What is told about a release: names that were changed, kinds that were guessed, cells that are broken."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from primum.panel.rows import list_some
from primum.sources.dfe.column import Column

if TYPE_CHECKING:
    import pandas as pd


def about_columns(columns: Sequence[Column]) -> list[str]:
    """Names that the alias table changed, and kinds that rest on values alone."""
    notices = []
    renamed = [f"{column.published} is {column.name}" for column in columns if column.renamed]
    counts = [column.published for column in columns if column.guessed and column.kind == "count"]
    unknown = [column.published for column in columns if column.guessed and column.kind == "unknown"]
    if renamed:
        notices.append(f"columns have their present names, from the alias table: {list_some(renamed)}")
    if counts:
        notices.append(f"taken for counts, as all their numbers are whole and none is negative: {list_some(counts)}")
    if unknown:
        notices.append(
            f"of unknown kind, neither counts nor named percentages, rates or averages: {list_some(unknown)}"
        )
    return notices


def about_cells(cells: pd.DataFrame) -> list[str]:
    """Cells that are missing for no reason that a publisher would give."""
    notices = []
    for reason in ("empty", "spreadsheet error"):
        wrong = cells[cells["reason"] == reason]
        if len(wrong):
            names = list_some(list(dict.fromkeys(wrong["measure"])))
            notices.append(f"{reason} where a number should be: {len(wrong)} cells in {names}")
    return notices


def about_artefacts(cells: pd.DataFrame) -> list[str]:
    """Figures in the cells that are known to be about recording, or to stand for others."""
    notices = []
    for each in _artefacts():
        own = cells[(cells["old_la_code"] == each["code"]) & cells["period"].between(each["first"], each["last"])]
        measures = [name for name in each["measures"] if name in set(own["measure"])]
        if measures:
            years = f"{each['first']} to {each['last']}"
            notices.append(f"{each['name']} ({each['code']}), {years}, {', '.join(measures)}: {each['why']}")
    return notices


@cache
def _artefacts() -> list[dict[str, Any]]:
    table = tomllib.loads(files("primum.sources.dfe").joinpath("artefacts.toml").read_text("utf-8"))
    return list(table["artefact"])
