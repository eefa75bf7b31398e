"""The basis against the covariance of the drift it is of, to the rounding of an eigendecomposition."""

from __future__ import annotations

import numpy as np
import pytest

from primum.model.drift import drift_basis
from tests.model.panels import Array

EVEN = np.arange(2010, 2020)
UNEVEN = np.array([2004, 2005, 2009, 2010, 2011, 2018])
GRIDS = {"even": EVEN, "uneven": UNEVEN, "two periods": np.array([3, 9])}


def centred_drift(time: np.ndarray, phi: float, *, line: bool = False) -> Array:
    """Covariance, at q = 1, of a drift over these periods, measured from its own mean or line."""
    # u = phi u + e, period by period, so that no formula of the source is used again
    span = int(time[-1] - time[0]) + 1
    steps = np.zeros((span, span))
    steps[0, 0] = 0.0 if phi == 1 else 1 / np.sqrt(1 - phi**2)
    for period in range(1, span):
        steps[period] = phi * steps[period - 1]
        steps[period, period] += 1.0
    kept = steps[time - time[0]]
    fitted = np.polynomial.polynomial.polyfit(time - time.mean(), kept, int(line))
    from_fit = kept - np.polynomial.polynomial.polyval(time - time.mean(), fitted).T
    return np.asarray(from_fit @ from_fit.T)


@pytest.mark.parametrize("phi", [1.0, 0.95, 0.7, 0.2])
@pytest.mark.parametrize("grid", list(GRIDS))
def test_basis_is_orthogonal_and_diagonalises_the_drift(grid: str, phi: float) -> None:
    time = GRIDS[grid]
    basis = drift_basis(time, phi)
    np.testing.assert_allclose(basis.vectors @ basis.vectors.T, np.eye(time.size), atol=1e-12)
    found = basis.vectors @ centred_drift(time, phi) @ basis.vectors.T
    # the constant first, which is not of the drift, then the slowest; variances are of size 10
    np.testing.assert_allclose(found[1:, 1:], np.diag(basis.variance), atol=1e-11)
    np.testing.assert_allclose(found[0], 0.0, atol=1e-11)
    assert (np.diff(basis.variance) < 0).all()
    assert basis.variance[-1] > 0
    np.testing.assert_allclose(basis.vectors[0], 1 / np.sqrt(time.size), rtol=1e-15)


@pytest.mark.parametrize("phi", [1.0, 0.7])
@pytest.mark.parametrize("grid", ["even", "uneven"])
def test_with_a_line_drift_is_from_its_own_line(grid: str, phi: float) -> None:
    time = GRIDS[grid]
    basis = drift_basis(time, phi, line=True)
    np.testing.assert_allclose(basis.vectors @ basis.vectors.T, np.eye(time.size), atol=1e-12)
    found = basis.vectors @ centred_drift(time, phi, line=True) @ basis.vectors.T
    np.testing.assert_allclose(found[2:, 2:], np.diag(basis.variance[1:]), atol=1e-11)
    np.testing.assert_allclose(found[:2], 0.0, atol=1e-11)
    # a trend of one a period, wherever its middle, is the square root of its variance in the line's component
    trend = basis.vectors @ (time - 2000.0)
    np.testing.assert_allclose(trend[1:], [np.sqrt(basis.variance[0]), *np.zeros(time.size - 2)], atol=1e-11)
    assert (np.diff(basis.variance[1:]) < 0).all()
    assert basis.variance[-1] > 0


def test_scales_are_of_drift_but_for_the_line() -> None:
    q, slope = np.array([0.1, 0.2]), np.array([0.01, 0.02])
    np.testing.assert_array_equal(
        drift_basis(GRIDS["uneven"], line=True).scales(q, slope)[1], [0.02, 0.2, 0.2, 0.2, 0.2]
    )
    np.testing.assert_array_equal(drift_basis(GRIDS["uneven"]).scales(q, slope)[1], np.full(5, 0.2))


def test_equal_steps_of_a_walk_have_the_cosine_transform_s_eigenvalues() -> None:
    count = EVEN.size
    frequency = np.arange(1, count) * np.pi / count
    basis = drift_basis(EVEN)
    np.testing.assert_allclose(basis.variance, 1 / (2 - 2 * np.cos(frequency)), rtol=1e-11)
    cosines = np.cos(frequency[:, None] * (np.arange(count) + 0.5)) * np.sqrt(2 / count)
    np.testing.assert_allclose(np.abs(basis.vectors[1:]), np.abs(cosines), atol=1e-11)


@pytest.mark.parametrize("phi", [1.0, 0.7])
def test_drift_does_not_depend_on_where_time_starts(phi: float) -> None:
    here, later = drift_basis(UNEVEN, phi), drift_basis(UNEVEN + 1000, phi)
    np.testing.assert_array_equal(here.variance, later.variance)
    np.testing.assert_array_equal(here.vectors, later.vectors)


def test_a_walk_scales_with_its_steps() -> None:
    # variances of size 10, to the rounding of an eigendecomposition
    np.testing.assert_allclose(drift_basis(3 * UNEVEN).variance, 3 * drift_basis(UNEVEN).variance, rtol=1e-11)


def test_three_periods_of_a_stationary_drift_are_one_of_its_cube() -> None:
    phi = 0.7
    slow, fast = drift_basis(3 * UNEVEN, phi), drift_basis(UNEVEN, phi**3)
    # steps of three periods add more than those of one; to the rounding of an eigendecomposition
    more = (1 - phi**6) / (1 - phi**2)
    np.testing.assert_allclose(slow.variance, more * fast.variance, rtol=1e-11)


def test_persistence_near_one_is_close_to_a_walk_and_less_is_not() -> None:
    walk = drift_basis(UNEVEN).variance
    # differs by (1 - phi) times the span of 14 periods, and by rounding over 1 - phi, 1e-10
    np.testing.assert_allclose(drift_basis(UNEVEN, 1 - 1e-6).variance, walk, rtol=3e-5)
    assert (drift_basis(UNEVEN, 0.7).variance[0] < 0.5 * walk[0]).all()
