"""Comparators' drifts, weights, and what weights carry to the pilots (`primum.model.weights`)."""

from __future__ import annotations

from math import exp, sqrt
from typing import Any

import numpy as np

from primum.model.kernel.places import S


def donors_forth(
    scalars: Any, variance: Any, scale_of: Any, component: Any, x: Any, lean: Any, x_donor: Any, x_pair: Any,
    of_pairs: Any, drifts: Any, share: Any, carried: Any,
) -> float:  # fmt: skip
    """Comparators' drifts given their paths, weights, and what weights carry to the pilots."""
    pilot, donor, base, scale, drift_scalar, drift_variance = of_pairs
    s, density = scalars[S], 0.0
    for k in range(1, variance.size):
        q = scalars[drift_scalar[k - 1]]
        ratio = q**2 * drift_variance[k - 1] / variance[k]
        spread = q * s * sqrt(drift_variance[k - 1] / variance[k])
        for j in range(x_donor.size):
            drifts[j, k - 1] = ratio * component[k, j] + spread * sqrt(scale_of[j]) * x[k - 1, j]
            density -= 0.5 * x[k - 1, j] ** 2
    for j in range(x_donor.size):
        density -= 0.5 * x_donor[j] ** 2
    largest, total = np.full(carried.shape[0], -np.inf), np.zeros(carried.shape[0])
    for pair in range(share.size):
        share[pair] = base[pair] + scale[0] * lean[donor[pair]] + scale[1] * x_pair[pair]
        largest[pilot[pair]] = max(largest[pilot[pair]], share[pair])
        density -= 0.5 * x_pair[pair] ** 2
    for pair in range(share.size):
        share[pair] = exp(share[pair] - largest[pilot[pair]])
        total[pilot[pair]] += share[pair]
    for pair in range(share.size):
        share[pair] /= total[pilot[pair]]
        for k in range(drifts.shape[1]):
            carried[pilot[pair], k + 1] += share[pair] * drifts[donor[pair], k]
    return density


def donors_back(
    scalars: Any, variance: Any, scale_of: Any, component: Any, x: Any, x_donor: Any, x_pair: Any, of_pairs: Any,
    drifts: Any, share: Any, in_carried: Any, in_scalars: Any, in_variance: Any, in_log_scale: Any, in_component: Any,
    in_x: Any, in_lean: Any, in_x_donor: Any, in_x_pair: Any,
) -> None:  # fmt: skip
    """Derivatives, given those in what is carried; in coordinates of how weights lean, those of their own density."""
    pilot, donor, _, scale, drift_scalar, drift_variance = of_pairs
    s = scalars[S]
    in_drifts, in_share, mean = np.zeros(drifts.shape), np.zeros(share.size), np.zeros(in_carried.shape[0])
    for pair in range(share.size):
        for k in range(drifts.shape[1]):
            in_share[pair] += in_carried[pilot[pair], k + 1] * drifts[donor[pair], k]
            in_drifts[donor[pair], k] += in_carried[pilot[pair], k + 1] * share[pair]
        mean[pilot[pair]] += share[pair] * in_share[pair]
    for j in range(x_donor.size):
        in_x_donor[j] = -x_donor[j]
    for pair in range(share.size):
        in_logit = share[pair] * (in_share[pair] - mean[pilot[pair]])
        in_lean[donor[pair]] += scale[0] * in_logit
        in_x_pair[pair] = scale[1] * in_logit - x_pair[pair]
    for k in range(1, variance.size):
        place, d, v = drift_scalar[k - 1], drift_variance[k - 1], variance[k]
        q = scalars[place]
        ratio, root = q**2 * d / v, sqrt(d / v)
        in_ratio, in_spread = 0.0, 0.0
        for j in range(x_donor.size):
            in_ratio += in_drifts[j, k - 1] * component[k, j]
            in_unit = in_drifts[j, k - 1] * sqrt(scale_of[j])
            in_spread += in_unit * x[k - 1, j]
            in_log_scale[j] += 0.5 * q * s * root * in_unit * x[k - 1, j]
            in_component[k, j] = ratio * in_drifts[j, k - 1]
            in_x[k - 1, j] = q * s * root * in_unit - x[k - 1, j]
        in_scalars[place] += 2.0 * q * d / v * in_ratio + s * root * in_spread
        in_scalars[S] += q * root * in_spread
        in_variance[k] -= (ratio * in_ratio + 0.5 * q * s * root * in_spread) / v
