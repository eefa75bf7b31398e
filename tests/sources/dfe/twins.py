"""Small made-up releases in the layouts of the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from primum.errors import SourceError
from primum.sources.dfe import Release, read_dfe

HEADER = [
    "time_period", "time_identifier", "geographic_level", "country_code", "country_name", "region_code",
    "region_name", "old_la_code", "new_la_code", "la_name",
]  # fmt: skip
AYTON = [
    "2022",
    "Reporting year",
    "Local authority",
    "E92000001",
    "England",
    "E12000001",
    "North",
    "301",
    "E1",
    "Ayton",
]
BEETON = [*AYTON[:7], "302", "E2", "Beeton"]
NATION = ["2022", "Reporting year", "National", "E92000001", "England", "", "", "", "", ""]
LEGACY = ["geog_l", "geog_c", "new_la_code", "geog_n"]


def quoted(cell: str) -> str:
    return f'"{cell}"' if "," in cell else cell


def csv(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(",".join(map(quoted, row)) for row in rows) + "\n"


def write(folder: Path, content: str | bytes, name: str = "release.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def ees(folder: Path, names: Sequence[str], *rows: Sequence[str], year: str = "2022") -> Path:
    """A release whose rows are Ayton's, Beeton's and England's, in this order, as many as are given."""
    places = [[year, *place[1:]] for place in (AYTON, BEETON, NATION)]
    lines = [[*place, *row] for place, row in zip(places, rows, strict=False)]
    return write(folder, csv([[*HEADER, *names], *lines]))


def legacy(folder: Path, names: Sequence[str], *rows: Sequence[str], name: str = "release.csv") -> Path:
    """A release of 2010-2019 whose rows are England's, Ayton's and Beeton's, in this order."""
    places = [["National", "", "E92000001", "England"], ["LA", "301", "E1", "Ayton"], ["LA", "302", "E2", "Beeton"]]
    lines = [[*place, *row] for place, row in zip(places, rows, strict=False)]
    return write(folder, csv([[*LEGACY, *names], *lines]), name)


def at(release: Release, measure: str, place: str = "Ayton") -> pd.Series:
    """The one cell of a measure and place."""
    cells = release.cells
    name = cells["la_name"].where(cells["la_name"] != "", cells["region_name"])
    name = name.where(name != "", cells["country_name"])
    found = cells[(cells["measure"] == measure) & (name == place)]
    assert len(found) == 1, found
    return found.iloc[0]


def told(release: Release, *words: str) -> bool:
    """Whether one notice has all of the words."""
    return any(all(word in notice for word in words) for notice in release.notices)


def problems(path: Path, **wishes: object) -> tuple[str, ...]:
    """What is wrong with a file."""
    with pytest.raises(SourceError) as caught:
        read_dfe(path, **wishes)  # type: ignore[arg-type]
    assert caught.value.subject == str(path)
    return caught.value.problems
