"""Several releases in one table: each year from the release that is asked to speak last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from primum.errors import SourceError
from primum.panel.rows import list_some
from primum.sources.dfe.cells import VALUES
from primum.sources.dfe.place import PLACE, TIME
from primum.sources.dfe.release import Release

if TYPE_CHECKING:
    import pandas as pd

_WHERE = ("period", "time_identifier", "geographic_level", "old_la_code", "region_name")


def combine(releases: Sequence[Release]) -> tuple[pd.DataFrame, list[str]]:
    """Cells of several releases; where several speak of one cell, the release that is named last counts.

    Parameters
    ----------
    releases
        The older first, so that later revisions replace what they revise.

    Returns
    -------
    cells, notices
        Columns of `Release.cells` and ``file``; how many cells were replaced, and how many of those
        differed.

    Raises
    ------
    SourceError
        If the releases label their rows by different columns.
    """
    import pandas as pd

    if len(releases) == 1:
        return releases[0].cells, []
    labels = [_labels(release.cells) for release in releases]
    shared = [name for name in labels[0] if all(name in each for each in labels)]
    problems = [
        f"{release.subject} labels its rows by {name!r}, which others do not have; read it by itself"
        for release, names in zip(releases, labels, strict=True)
        for name in names
        if name not in shared and len(release.cells[name].unique()) > 1
    ]
    if problems:
        raise SourceError("the files together", problems)
    dropped = list(dict.fromkeys(name for names in labels for name in names if name not in shared))
    notices = (
        [f"left out, as only some files have it, and one value throughout: {', '.join(dropped)}"] if dropped else []
    )
    blocks = [release.cells.drop(columns=dropped, errors="ignore").assign(file=release.subject) for release in releases]
    table = pd.concat(blocks, ignore_index=True)
    # regions have letters for codes in old releases and upper-case names
    keys = table[[*_WHERE, *shared, "measure"]].assign(region_name=_region(table))
    return table[~keys.duplicated(keep="last")].reset_index(drop=True), [*notices, *_replaced(table, keys)]


def _labels(cells: pd.DataFrame) -> list[str]:
    return [name for name in cells.columns if name not in {*TIME, *PLACE, "measure", "kind", *VALUES}]


def _region(table: pd.DataFrame) -> pd.Series[str]:
    return table["region_name"].str.lower().where(table["geographic_level"] == "Regional", "")


def _replaced(table: pd.DataFrame, keys: pd.DataFrame) -> list[str]:
    """How many cells later files replaced, and which of them they revised."""
    groups = keys.apply(tuple, axis="columns")
    last = table.assign(key=groups).drop_duplicates("key", keep="last").set_index("key")
    old = table.assign(key=groups)[keys.duplicated(keep="last")]
    if old.empty:
        return []
    new = last.loc[old["key"]]
    moved = (old["value"].to_numpy() != new["value"].to_numpy()) & old["value"].notna().to_numpy()
    measures = list_some(list(dict.fromkeys(old.loc[moved, "measure"])))
    revised = (
        f"{int(moved.sum()):,} of them with another value ({measures})" if moved.any() else "none with another value"
    )
    return [f"{len(old):,} cells were replaced by those of files named later, {revised}"]
