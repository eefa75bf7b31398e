"""Reference scales against the scales that components were drawn with."""

from __future__ import annotations

import numpy as np
import pytest

from primum.model.drift import drift_basis
from primum.model.reference import Scales, reference_scales

PRIORS = Scales(1.0, 0.3, 0.3, 0.5, np.nan)
NONE = Scales(0.0, 0.0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("truth", "priors"),
    [
        (Scales(0.4, 0.2, 0.15, 1.0, 0.0), PRIORS._replace(sigma=np.nan)),
        (Scales(0.4, 0.2, 0.0, 0.3, 0.0), PRIORS._replace(s=np.nan)),
        (Scales(0.4, 0.2, 0.15, 1.0, 0.06), PRIORS._replace(sigma=np.nan, sigma_slope=0.1)),
    ],
)
def test_scales_are_found(truth: Scales, priors: Scales) -> None:
    rng, units = np.random.default_rng(1), 2000
    basis = drift_basis(np.arange(10), line=truth.sigma_slope > 0)
    weight = 200 * rng.lognormal(0, 0.5, units) if truth.sigma == 1 else rng.lognormal(0, 0.5, units)
    total = truth.variances(basis) + truth.sigma**2 / weight[:, None]
    components = rng.normal(size=10) + np.sqrt(total) * rng.normal(size=total.shape)
    found = reference_scales(components, weight, basis, priors, NONE)
    for name, given in zip(Scales._fields, priors, strict=True):
        if np.isnan(given):
            assert getattr(found, name) == getattr(NONE, name)
        else:
            # the SD of a scale is some 1 / sqrt(2 n) of it, n being 2,000 for the level, and more for the others;
            # noise and drift share what 18,000 components say of both
            assert getattr(found, name) == pytest.approx(getattr(truth, name), rel=4.5 / np.sqrt(2 * units))


def test_variances_of_a_share_of_the_drift() -> None:
    basis = drift_basis(np.arange(4))
    scales = Scales(0.5, 0.2, 0.1, 1.0, 0.0)
    assert scales.variances(basis)[0] == pytest.approx(4 * 0.25 + 0.01)
    np.testing.assert_allclose(scales.variances(basis, 0.5)[1:], 0.01 * basis.variance + 0.01)
