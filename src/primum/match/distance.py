"""Distances between a pilot and comparators, over variables in standard deviations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from primum.match.cohorts import Cohort
from primum.match.noise import shrunk
from primum.match.variables import Variable
from primum.spec.matching import Metric

Array = NDArray[np.float64]


def scaled(variables: Sequence[Variable], cohort: Cohort, *, shrink: bool) -> tuple[Array, Array]:
    """Values in comparators' SDs, and their remaining variances; both of shape (unit, variable).

    Both are NaN in units that lack any variable. Without `shrink` values are as measured and
    variances 0.
    """
    value = np.stack([variable.standardised for variable in variables], axis=1)
    noise = np.stack([variable.noise / variable.scale**2 for variable in variables], axis=1)
    complete = np.isfinite(value).all(axis=1)
    value[~complete] = noise[~complete] = np.nan
    if not shrink:
        return value, 0 * noise
    reference = np.isin(np.arange(complete.size), cohort.others) & complete
    pairs = [shrunk(x, n, reference) for x, n in zip(value.T, noise.T, strict=True)]
    return np.stack([x for x, _ in pairs], axis=1), np.stack([n for _, n in pairs], axis=1)


def inverse_metric(variables: Sequence[Variable], cohort: Cohort, metric: Metric) -> Array:
    """The matrix that differences in SDs are measured with; shape (variable, variable).

    The identity, or the (pseudo-)inverse of comparators' correlations, so that variables which
    repeat each other count once.
    """
    if metric == "euclidean":
        return np.eye(len(variables))
    value = np.stack([variable.standardised[cohort.others] for variable in variables], axis=1)
    complete = value[np.isfinite(value).all(axis=1)]
    return np.asarray(np.linalg.pinv(np.atleast_2d(np.cov(complete, rowvar=False)), hermitian=True, rcond=1e-10))


def distances(value: Array, noise: Array, inverse: Array, cohort: Cohort) -> Array:
    """Root of the expected squared distance between true values; shape (pilot, comparator).

    Parameters
    ----------
    value, noise
        Values in SDs and their remaining variances; shape (unit, variable).
    inverse
        Of `inverse_metric`.
    cohort
        Whose pilots.

    Returns
    -------
    ndarray
        NaN for comparators that lack a variable.
    """
    gap = value[cohort.pilots][:, None] - value[cohort.others][None]
    chance = noise @ np.diag(inverse)
    squared = np.einsum("pcv,vw,pcw->pc", gap, inverse, gap)
    return np.asarray(np.sqrt(squared + chance[cohort.pilots][:, None] + chance[cohort.others][None]))
