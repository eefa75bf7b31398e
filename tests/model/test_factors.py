"""Factors against the posterior covariances they are made for, one unit at a time."""

from __future__ import annotations

import numpy as np
import pytest

from primum.model.drift import drift_basis
from primum.model.factors import factors_of, leads_of, places_of
from primum.model.kernel.places import BLOCK

BASIS = drift_basis(np.arange(2010, 2017))


def made(units: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    weight = rng.uniform(5, 50, (units, 7)) * (rng.uniform(size=(units, 7)) > 0.2)
    return weight, np.maximum(weight.mean(axis=1), 1e-3), rng.uniform(0.02, 0.5, (units, 7))


def matrix(packed: np.ndarray, size: int) -> np.ndarray:
    found = np.zeros((size, size))
    found[np.tril_indices(size)] = packed
    return found


@pytest.mark.parametrize("leading", [1, 2])
@pytest.mark.parametrize(("units", "comparators"), [(5, 3), (BLOCK + 5, BLOCK), (2 * BLOCK + 3, BLOCK + 1)])
def test_factors_complete_the_diagonal_approximation(units: int, comparators: int, leading: int) -> None:
    weight, mean, variance = made(units)
    packed = factors_of(weight, mean, variance, BASIS, comparators, leading)
    block, lane = places_of(units, comparators)
    assert len(set(zip(block.tolist(), lane.tolist(), strict=True))) == units
    assert block[comparators] == block[comparators - 1] + 1, "pilots begin a block"
    after = BASIS.vectors[leading:]
    for unit in range(units):
        spread = np.diag(np.sqrt(1 / (1 / variance[unit, leading:] + mean[unit])))
        factor = spread @ matrix(packed[block[unit], :, lane[unit]], len(after))
        information = after @ np.diag(weight[unit]) @ after.T
        # seven digits
        expected = np.linalg.inv(np.diag(1 / variance[unit, leading:]) + information)
        np.testing.assert_allclose(factor @ factor.T, expected, rtol=1e-4, atol=1e-6)


def test_leads_are_what_is_left_of_the_precision_when_later_components_are_integrated_out() -> None:
    weight, _, variance = made(300)  # more than are factored at once
    found, told = leads_of(weight, variance, BASIS, 2)
    assert found.shape == (2, 7, 300)
    for unit in (0, 299):
        seen = BASIS.vectors @ np.diag(weight[unit])
        joint = np.diag(1 / variance[unit]) + seen @ BASIS.vectors.T
        for k in range(2):
            after = slice(k + 1, None)
            regressed = np.linalg.solve(joint[after, after], joint[after, k])
            np.testing.assert_allclose(found[k, :, unit], seen[k] - regressed @ seen[after], atol=1e-10)
            expected = joint[k, k] - 1 / variance[unit, k] - regressed @ joint[after, k]
            assert told[k, unit] == pytest.approx(expected)


def test_empty_lanes_are_nothing() -> None:
    weight, mean, variance = made(5)
    packed = factors_of(weight, mean, variance, BASIS, 3, 1)
    assert packed.dtype == np.float32
    assert (packed[0, :, 3:] == 0).all()
    assert (packed[1, :, 2:] == 0).all()
