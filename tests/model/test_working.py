"""What stands in for missing responses."""

from __future__ import annotations

import numpy as np
import pytest

from primum.model.drift import drift_basis
from primum.model.reference import Scales, reference_scales
from primum.model.working import filled_of


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_gaps_are_filled_by_least_squares(share: float) -> None:
    rng = np.random.default_rng(4)
    response = rng.normal(size=(9, 1)) + np.arange(6.0) + 0.1 * rng.normal(size=(9, 6))
    seen = rng.uniform(size=response.shape) > share
    units, times = np.nonzero(seen)
    design = np.hstack([np.eye(9)[units], np.eye(6)[times]])
    effects = np.linalg.lstsq(design, response[seen])[0]
    expected = np.where(seen, response, effects[:9, None] + effects[9:])
    # fifty turns leave little of where they began
    np.testing.assert_allclose(filled_of(response, seen), expected, atol=1e-4)


def test_what_is_complete_is_left_alone() -> None:
    response = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(filled_of(response, np.full((2, 3), True)), response)


def test_a_unit_or_period_without_records_is_filled_with_finite_numbers() -> None:
    response, seen = np.ones((3, 4)), np.full((3, 4), True)
    seen[0], seen[:, 1] = False, False
    response[~seen] = np.nan
    response += np.arange(4.0)
    filled = filled_of(response, seen)
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[seen], response[seen])
    # the period lies between those beside it
    np.testing.assert_allclose(filled[1:, 1], 2.0, rtol=1e-12)


def test_gaps_under_a_steep_path_are_no_shocks() -> None:
    """References with gaps are close to those without, however steep the path that all units share."""
    rng, basis = np.random.default_rng(5), drift_basis(np.arange(2010, 2020))
    response = rng.normal(size=(60, 1)) + 1.0 * np.arange(10) + 0.1 * rng.normal(size=(60, 10))
    seen = rng.uniform(size=response.shape) > 0.2
    priors, constants = Scales(1.0, 0.3, 0.3, np.nan, np.nan), Scales(0.0, 0.0, 0.0, 1.0, 0.0)
    complete, gaps = (
        reference_scales(each @ basis.vectors.T, np.full(60, 1e6), basis, priors, constants)
        for each in (response, filled_of(response, seen))
    )
    # a fifth of shocks, of 0.1, are filled with none; with the mean of the unit s would be 1 and more
    assert complete.s == pytest.approx(0.1, rel=0.1)
    assert gaps.s == pytest.approx(complete.s * np.sqrt(0.8), rel=0.1)
