"""Keeping measures and years."""

from __future__ import annotations

from pathlib import Path

import pytest

from primum.errors import SourceError
from primum.sources.dfe import read_dfe, select
from tests.sources.dfe.twins import ees


def test_measures_and_years(tmp_path: Path) -> None:
    cells = read_dfe(ees(tmp_path, ["seen", "again"], ["7", "8"], ["3", "2"])).cells
    assert select(cells, ["again"])["value"].tolist() == [8, 2]
    assert len(select(cells, first=2022, last=2022)) == 4


def test_labels(tmp_path: Path) -> None:
    cells = read_dfe(ees(tmp_path, ["sex", "seen"], ["Girls", "7"], ["Boys", "8"])).cells
    assert select(cells, where={"sex": "Boys", "period": "2022"})["value"].tolist() == [8]
    with pytest.raises(SourceError, match="no row has 'Men' in column 'sex'; values are Girls, Boys"):
        select(cells, where={"sex": "Men"})
    with pytest.raises(SourceError, match="no row has '1' in column 'age'; columns are period"):
        select(cells, where={"age": "1"})


def test_all_that_is_not_there_is_named(tmp_path: Path) -> None:
    cells = read_dfe(ees(tmp_path, ["seen"], ["7"])).cells
    with pytest.raises(SourceError) as caught:
        select(cells, ["met", "left"], first=2030)
    assert len(caught.value.problems) == 3
    assert "the measures are seen" in caught.value.problems[0]
