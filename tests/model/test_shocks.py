"""What paths see of cells whose shocks are apart from them, which shapes the geometry alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from primum.model.data import reference_of, through_shocks, working_of
from primum.model.shocks import scale_of_shocks, told_of, weights_through
from tests.model.cases import Model, model_case


@pytest.fixture
def built() -> Model:
    return model_case("binomial, heavy-tailed shocks, with gaps")


def test_a_record_far_from_the_rest_of_its_unit_tells_little(built: Model) -> None:
    work = working_of(built.cells, built.family)
    unit, time = next(zip(*np.nonzero(built.cells.observed), strict=True))
    before = told_of(work.weight, work.response, 0.1, built.cells)
    assert (before[~built.cells.observed] == 0).all()
    assert (before[built.cells.observed] > 0).all()
    assert before.max() == 1.0
    odd = work.response.copy()
    odd[unit, time] += 100.0
    after = told_of(work.weight, odd, 0.1, built.cells)
    assert after[unit, time] < 1e-3
    # the rest is measured from medians, which one record hardly moves
    others = np.arange(len(odd)) != unit
    assert np.abs(after - before)[others].max() < 0.2


def test_weights_are_the_information_through_a_shock(built: Model) -> None:
    """Of y = c + e + noise, e ~ s t_4, about c: of the noise alone, or with the variance of e to it, 2 s^2."""
    told, weight = np.array([[1.0, 0.5], [0.0, 1.0]]), np.array([[10.0, 4.0], [0.0, 2.0]])
    cell, mean = weights_through(np, told, weight, 0.0, built.cells)
    np.testing.assert_array_equal(cell, told * weight)
    np.testing.assert_allclose(mean, [10.0, 2.0])  # a missing cell does not count
    cell, _ = weights_through(np, told, weight, 4.0, built.cells)
    np.testing.assert_allclose(cell, [[1 / (0.1 + 8), 0.5 / (0.25 + 8)], [0.0, 1 / (0.5 + 8)]])
    cell, _ = weights_through(np, told, weight, 4.0, replace(built.cells, heavy=False, sized=True))
    np.testing.assert_allclose(cell, [[1 / (0.1 + 4), 0.5 / (0.25 + 4)], [0.0, 1 / (0.5 + 4)]])


def test_a_unit_without_cells_keeps_a_weight(built: Model) -> None:
    _, mean = weights_through(np, np.zeros((3, 1)), np.zeros((3, 1)), 0.1, built.cells)
    assert mean.item() == 1e-3


def test_reference_has_no_shocks_in_paths(built: Model) -> None:
    priors = built.outcome.all_priors()
    work = working_of(built.cells, built.family)
    scales = reference_of(work, built.cells, built.family, priors)
    through, without, told = through_shocks(work, scales, built.cells)
    assert (without.s, without.q) == (0.0, scales.q)
    cell, mean = weights_through(np, told.T, work.weight.T, scale_of_shocks(scales.s, built.cells) ** 2, built.cells)
    np.testing.assert_array_equal(through.weight, cell.T)
    np.testing.assert_array_equal(through.mean_weight, mean)
    np.testing.assert_array_equal(built.arrays["mean_weight"], mean[built.cells.order])
    np.testing.assert_array_equal(built.arrays["cell_weight"], told[built.cells.order].T)
    seen = built.cells.observed
    expected = np.where(seen, 1 / np.sqrt(np.where(seen, told, 1.0)), 1.0)
    np.testing.assert_allclose(built.arrays["shock_spread"], expected[built.cells.order].T, rtol=1e-12)
