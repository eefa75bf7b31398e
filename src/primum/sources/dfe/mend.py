"""Headers that are known to be wrong, mended where the file itself shows the error."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from primum.sources.dfe.number import number

if TYPE_CHECKING:
    import pandas as pd


@cache
def _known() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(files("primum.sources.dfe").joinpath("mends.toml").read_text("utf-8"))


def mend_header(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The table with its columns named rightly, and what was mended."""
    notices = []
    for mend in _known()["header"]:
        table, found = _reorder(table, mend)
        notices += found
    for mend in _known()["name"]:
        if {mend["printed"], mend["beside"]} <= set(table.columns):
            table = table.rename(columns={mend["printed"]: mend["meant"]})
            notices.append(f"column {mend['printed']!r} was renamed {mend['meant']!r}: {mend['why']}")
    return table, notices


def _reorder(table: pd.DataFrame, mend: dict[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    """Columns renamed in the order that their values have, if the values show that the header is wrong."""
    printed, meant = ([f"{mend['prefix']}{code}{mend['suffix']}" for code in mend[key]] for key in ("printed", "meant"))
    names = table.columns.tolist()
    if [name for name in names if name in set(printed)] != printed:
        return table, []
    renamed = dict(zip(printed, meant, strict=True))
    largest = f"{mend['prefix']}{mend['largest']}{mend['suffix']}"
    behind = next(name for name, new in renamed.items() if new == largest)
    if not (_share(table, largest, mend) < mend["share"] <= _share(table, behind, mend)):
        return table, []
    notice = (
        f"the header names {len(printed)} columns from {printed[0]!r} on in the wrong order: {mend['why']}; they were "
        f"renamed in that order (the first is {meant[0]!r})"
    )
    return table.rename(columns=renamed), [notice]


def _share(table: pd.DataFrame, column: str, mend: dict[str, Any]) -> float:
    """Share of a column in the total, over the rows that have both."""
    pairs = zip(map(number, table[column]), map(number, table[mend["total"]]), strict=True)
    both = [(part, whole) for part, whole in pairs if part is not None and whole is not None]
    return sum(part for part, _ in both) / max(sum(whole for _, whole in both), 1.0)
