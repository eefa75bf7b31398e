"""The basis against the covariance of a random walk, to the rounding of an eigendecomposition."""

from __future__ import annotations

import numpy as np
import pytest

from primum.model.drift import random_walk_basis

EVEN = np.arange(2010, 2020)
UNEVEN = np.array([2004, 2005, 2009, 2010, 2011, 2018])


def centred_walk(time: np.ndarray) -> np.ndarray:
    """Covariance of a random walk of unit steps a period, measured from its own mean."""
    # sums of independent steps, one a period, so that no formula of the source is used again
    steps = np.array([[period < moment for period in range(time[0], time[-1])] for moment in time], dtype=float)
    from_mean = steps - steps.mean(axis=0)
    return np.asarray(from_mean @ from_mean.T)


@pytest.mark.parametrize("time", [EVEN, UNEVEN, np.array([3, 9])], ids=["even", "uneven", "two periods"])
def test_basis_is_orthogonal_and_diagonalises_the_walk(time: np.ndarray) -> None:
    basis = random_walk_basis(time)
    np.testing.assert_allclose(basis.vectors @ basis.vectors.T, np.eye(time.size), atol=1e-12)
    found = basis.vectors @ centred_walk(time) @ basis.vectors.T
    # the constant first, with no variance of its own, then the slowest
    np.testing.assert_allclose(found, np.diag([0.0, *basis.variance]), atol=1e-11)
    assert (np.diff(basis.variance) < 0).all()
    assert basis.variance[-1] > 0
    np.testing.assert_allclose(basis.vectors[0], 1 / np.sqrt(time.size), rtol=1e-15)


def test_equal_steps_have_the_cosine_transform_s_eigenvalues() -> None:
    count = EVEN.size
    frequency = np.arange(1, count) * np.pi / count
    basis = random_walk_basis(EVEN)
    np.testing.assert_allclose(basis.variance, 1 / (2 - 2 * np.cos(frequency)), rtol=1e-11)
    cosines = np.cos(frequency[:, None] * (np.arange(count) + 0.5)) * np.sqrt(2 / count)
    np.testing.assert_allclose(np.abs(basis.vectors[1:]), np.abs(cosines), atol=1e-11)


def test_drift_a_period_does_not_depend_on_where_time_starts_and_scales_with_its_steps() -> None:
    here, later = random_walk_basis(UNEVEN), random_walk_basis(UNEVEN + 1000)
    np.testing.assert_allclose(here.variance, later.variance, rtol=1e-12)
    np.testing.assert_allclose(random_walk_basis(3 * UNEVEN).variance, 3 * here.variance, rtol=1e-11)
