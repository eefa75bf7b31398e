"""Factors against the posterior covariances they are made for, one unit at a time."""

from __future__ import annotations

import numpy as np
import pytest

from primum.model.drift import drift_basis
from primum.model.factors import factors_of, places_of
from primum.model.kernel.places import BLOCK

BASIS = drift_basis(np.arange(2010, 2017))


def made(units: int, comparators: int, *, apart: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    weight = rng.uniform(5, 50, (units, 7)) * (rng.uniform(size=(units, 7)) > 0.2)
    mean = np.maximum(weight.mean(axis=1), 1e-3)
    variance = rng.uniform(0.02, 0.5, (units, 7))
    return weight, mean, variance, factors_of(weight, mean, variance, BASIS, comparators, apart=apart)


def matrix(packed: np.ndarray) -> np.ndarray:
    found = np.zeros((7, 7))
    found[np.tril_indices(7)] = packed
    return found


@pytest.mark.parametrize(("units", "comparators"), [(5, 3), (BLOCK + 5, BLOCK), (2 * BLOCK + 3, BLOCK + 1)])
def test_factors_complete_the_diagonal_approximation(units: int, comparators: int) -> None:
    weight, mean, variance, packed = made(units, comparators)
    block, lane = places_of(units, comparators)
    assert len(set(zip(block.tolist(), lane.tolist(), strict=True))) == units
    assert block[comparators] == block[comparators - 1] + 1, "pilots begin a block"
    for unit in range(units):
        spread = np.diag(np.sqrt(1 / (1 / variance[unit] + mean[unit])))
        factor = spread @ matrix(packed[block[unit], :, lane[unit]])
        information = BASIS.vectors @ np.diag(weight[unit]) @ BASIS.vectors.T
        # seven digits
        expected = np.linalg.inv(np.diag(1 / variance[unit]) + information)
        np.testing.assert_allclose(factor @ factor.T, expected, rtol=1e-4, atol=1e-6)


def test_level_can_be_kept_apart() -> None:
    _, _, _, packed = made(5, 3, apart=True)
    block, lane = places_of(5, 3)
    for unit in range(5):
        assert (matrix(packed[block[unit], :, lane[unit]])[1:, 0] == 0).all()


def test_empty_lanes_are_nothing() -> None:
    _, _, _, packed = made(5, 3)
    assert packed.dtype == np.float32
    assert (packed[0, :, 3:] == 0).all()
    assert (packed[1, :, 2:] == 0).all()
