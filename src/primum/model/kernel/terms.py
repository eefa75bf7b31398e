"""Effect terms of the pilots: coefficients times their design, in the coordinates of the basis."""

from __future__ import annotations

from typing import Any


def terms_forth(scalars: Any, x: Any, of_terms: Any, gamma: Any, carried: Any) -> float:
    """Coefficients, and what they add to the pilots' location."""
    group, scale, design = of_terms
    density = 0.0
    for m in range(x.size):
        gamma[m] = x[m] * scale[m] * (scalars[group[m]] if group[m] >= 0 else 1.0)
        density -= 0.5 * x[m] ** 2
        for i in range(carried.shape[0]):
            for k in range(carried.shape[1]):
                carried[i, k] += gamma[m] * design[m, i, k]
    return density


def terms_back(scalars: Any, x: Any, of_terms: Any, in_carried: Any, in_scalars: Any, in_x: Any) -> None:
    """Derivatives, given those in what is carried."""
    group, scale, design = of_terms
    for m in range(x.size):
        in_gamma = 0.0
        for i in range(in_carried.shape[0]):
            for k in range(in_carried.shape[1]):
                in_gamma += in_carried[i, k] * design[m, i, k]
        in_gamma *= scale[m]
        in_x[m] = in_gamma * (scalars[group[m]] if group[m] >= 0 else 1.0) - x[m]
        if group[m] >= 0:
            in_scalars[group[m]] += in_gamma * x[m]
