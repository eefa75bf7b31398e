"""Effect terms of the pilots and their average effect, one after another (`primum.model.term_pull`)."""

from __future__ import annotations

from typing import Any

from primum.model.kernel.places import TAU
from primum.model.kernel.scalars import normal_or_mixture
from primum.model.kernel.told import told_back, told_forth


def pull_of(m: int, centre: Any, gamma: Any, of_terms: Any) -> float:
    """Linear part of what pilots say of a term, given those before it; or what to expect of the average effect."""
    _, _, _, _, response, at_centre, before = of_terms
    pull: float = response[m]
    for k in range(centre.size):
        pull -= at_centre[m, k] * centre[k]
    for e in range(m):
        pull -= before[m, e] * gamma[e]
    return pull


def terms_forth(scalars: Any, centre: Any, x: Any, of_terms: Any, gamma: Any, carried: Any) -> float:
    """Coefficients, and what they add to the pilots' location."""
    group, scale, design, weight, _, _, _ = of_terms
    density = 0.0
    for m in range(x.size):
        spread = scale[m] * (scalars[group[m]] if group[m] >= 0 else 1.0)
        zeta, likely = told_forth(spread, weight[m], pull_of(m, centre, gamma, of_terms), x[m])
        gamma[m] = spread * zeta
        density += likely
        for i in range(carried.shape[0]):
            for k in range(carried.shape[1]):
                carried[i, k] += gamma[m] * design[m, i, k]
    return density


def average_forth(scalars: Any, prior: Any, centre: Any, of_terms: Any, gamma: Any) -> float:
    """The average effect, sampled as its departure from what to expect of it, and its prior."""
    scalars[TAU] += pull_of(gamma.size, centre, gamma, of_terms)
    density: float = normal_or_mixture(scalars[TAU], prior)[0]
    return density


def average_back(scalars: Any, prior: Any, of_terms: Any, in_scalars: Any, in_centre: Any, in_gamma: Any) -> None:
    """Derivatives, given that in the average effect."""
    _, _, _, _, _, at_centre, before = of_terms
    in_scalars[TAU] += normal_or_mixture(scalars[TAU], prior)[1]
    for k in range(in_centre.size):
        in_centre[k] -= at_centre[in_gamma.size, k] * in_scalars[TAU]
    for e in range(in_gamma.size):
        in_gamma[e] -= before[in_gamma.size, e] * in_scalars[TAU]


def terms_back(
    scalars: Any, centre: Any, x: Any, of_terms: Any, gamma: Any, in_carried: Any, in_gamma: Any, in_scalars: Any,
    in_centre: Any, in_x: Any,
) -> None:  # fmt: skip
    """Derivatives, given those in what is carried, and in coefficients through the average effect."""
    group, scale, design, weight, _, at_centre, before = of_terms
    for m in range(x.size - 1, -1, -1):
        for i in range(in_carried.shape[0]):
            for k in range(in_carried.shape[1]):
                in_gamma[m] += in_carried[i, k] * design[m, i, k]
        spread = scale[m] * (scalars[group[m]] if group[m] >= 0 else 1.0)
        pull = pull_of(m, centre, gamma, of_terms)
        zeta, _ = told_forth(spread, weight[m], pull, x[m])
        in_spread, in_pull, in_x[m] = told_back(spread, weight[m], pull, x[m], zeta, in_gamma[m])
        for k in range(centre.size):
            in_centre[k] -= at_centre[m, k] * in_pull
        for e in range(m):
            in_gamma[e] -= before[m, e] * in_pull
        if group[m] >= 0:
            in_scalars[group[m]] += scale[m] * in_spread
