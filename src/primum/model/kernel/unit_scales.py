"""Units' scales, transported (`primum.model.unit_scales`)."""

from __future__ import annotations

from math import exp
from typing import Any

from primum.model.kernel.places import OMEGA
from primum.model.kernel.told import told_back, told_forth


def units_forth(x: Any, omega: float, told: Any, tail: float, zeta: Any, scale: Any) -> float:
    """Squares of units' scales, and the density of their coordinates; without coordinates all are 1."""
    density = 0.0
    for j in range(x.size):
        zeta[j], likely = told_forth(omega, told[0, j], told[1, j], x[j])
        scale[j] = exp(2.0 * omega * zeta[j])
        density += likely
        if tail > 0.0:  # in place of that of normal logarithms
            density += 0.5 * zeta[j] ** 2 - (omega * zeta[j] + 0.5 / scale[j]) / tail
    return density


def units_back(
    x: Any, scalars: Any, told: Any, tail: float, zeta: Any, in_log_scale: Any, in_scalars: Any, in_x: Any
) -> None:
    """Derivatives, given those in the logarithms of the squares."""
    omega = scalars[OMEGA]
    for j in range(x.size):
        in_log = 2.0 * in_log_scale[j]
        if tail > 0.0:
            in_log += zeta[j] / omega - (1.0 - exp(-2.0 * omega * zeta[j])) / tail
        in_omega, _, in_x[j] = told_back(omega, told[0, j], told[1, j], x[j], zeta[j], in_log)
        in_scalars[OMEGA] += in_omega
