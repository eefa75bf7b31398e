"""The path's coordinates: its prior, with periods without records and without, and that they mix."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import primum as pr
from primum.errors import SpecError
from primum.model import Cells, cells_of
from primum.model.common_path import path_of
from primum.spec import Prior
from tests.model.cases import REGIONS, UNEVEN, WALK
from tests.model.panels import Array, spec_of, table_of

EMPTY = (2011, 2019)


def cells_and_prior(changes: dict[str, Any] | None = None, empty: tuple[int, ...] = EMPTY) -> tuple[Cells, Prior]:
    spec, table = spec_of("binomial", changes=changes), with_empty(table_of("binomial", times=UNEVEN), empty)
    outcome = spec.outcomes[0]
    return cells_of(pr.Panel.from_frame(table, spec.data).dataset, outcome), outcome.all_priors().lambda_t


def with_empty(table: pd.DataFrame, years: tuple[int, ...]) -> pd.DataFrame:
    return table.assign(first_value=table["first_value"].astype(float).mask(table["year"].isin(years)))


def covariance(cells: Cells, prior: Prior) -> Array:
    scale, basis, _ = path_of(cells, prior)
    return basis.T * scale**2 @ basis


def test_a_free_path_is_zero_sum_where_there_are_records_and_by_itself_where_there_are_none() -> None:
    cells, prior = cells_and_prior()
    seen = cells.observed.any(axis=0)
    assert (~seen).sum() == len(EMPTY)
    expected = np.where(seen, np.where(seen[:, None], -1 / seen.sum(), 0.0), 0.0) + np.eye(seen.size)
    np.testing.assert_allclose(covariance(cells, prior), prior.scale**2 * expected, atol=1e-12)


def test_a_random_walk_has_the_same_steps_with_periods_without_records_and_without() -> None:
    (cells, prior), (whole, _) = cells_and_prior(WALK), cells_and_prior(WALK, ())

    def steps(found: Array) -> Array:
        variance = np.diag(found)
        return np.asarray(variance[:, None] + variance - 2 * found)

    found = covariance(cells, prior)
    np.testing.assert_allclose(steps(found), steps(covariance(whole, prior)), atol=1e-12)
    seen = cells.observed.any(axis=0)
    np.testing.assert_allclose(found[:, seen].sum(axis=1), 0, atol=1e-12)  # measured from its mean over these


@pytest.mark.parametrize("changes", [None, WALK])
def test_of_units_coordinates_the_path_has_those_of_where_there_are_records(changes: dict[str, Any] | None) -> None:
    cells, prior = cells_and_prior(changes)
    _, basis, mix = path_of(cells, prior)
    at_mean = np.where(cells.observed.any(axis=0), basis, 0.0)
    np.testing.assert_allclose(mix, at_mean @ cells.basis.vectors[1:].T, atol=1e-12)
    np.testing.assert_allclose((at_mean @ cells.basis.vectors[0])[mix.any(axis=1)], 0, atol=1e-12)


@pytest.mark.parametrize("changes", [None, WALK])
def test_without_any_record_the_path_is_as_with_all(changes: dict[str, Any] | None) -> None:
    cells, prior = cells_and_prior(changes, ())
    nothing = replace(cells, observed=np.zeros_like(cells.observed))
    for first, second in zip(path_of(cells, prior), path_of(nothing, prior), strict=True):
        np.testing.assert_array_equal(first, second)


def test_regions_paths_are_refused_where_a_period_has_no_record() -> None:
    with pytest.raises(SpecError, match=r"outcomes.first.path_by: no unit has a record of it in 2011, 2019"):
        cells_and_prior(REGIONS)


@pytest.mark.parametrize("changes", [None, WALK])
def test_a_fit_with_a_period_without_records_mixes(changes: dict[str, Any] | None) -> None:
    spec = spec_of("binomial", changes=changes)
    table = with_empty(table_of("binomial", units=40, pilots=6, times=tuple(range(2010, 2020)), seed=4), (2013,))
    found = pr.refit(spec, pr.Panel.from_frame(table, spec.data))
    # twice the 400 that pass: in the coordinates of all periods there were 30 of eight times as many draws
    assert found.gate.verdict == "PASS"
    assert found.gate.min_ess > 800
    path = found.posterior["lambda"]
    # nothing is known of the path in 2013 but its prior, or the years around it
    assert float(path.sel(time=2013).std()) > 2 * float(path.sel(time=[2012, 2014]).std(("chain", "draw")).max())
