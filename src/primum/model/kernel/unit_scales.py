"""Units' scales, transported (`primum.model.unit_scales`)."""

from __future__ import annotations

from math import exp
from typing import Any

from primum.model.kernel.places import OMEGA
from primum.model.kernel.told import told_back, told_forth


def units_forth(x: Any, omega: float, told: Any, zeta: Any, scale: Any) -> float:
    """Squares of units' scales, and the density of their coordinates; without coordinates all are 1."""
    density = 0.0
    for j in range(x.size):
        zeta[j], likely = told_forth(omega, told[0, j], told[1, j], x[j])
        scale[j] = exp(2.0 * omega * zeta[j])
        density += likely
    return density


def units_back(x: Any, scalars: Any, told: Any, zeta: Any, in_log_scale: Any, in_scalars: Any, in_x: Any) -> None:
    """Derivatives, given those in the logarithms of the squares."""
    for j in range(x.size):
        in_omega, _, in_x[j] = told_back(scalars[OMEGA], told[0, j], told[1, j], x[j], zeta[j], 2.0 * in_log_scale[j])
        in_scalars[OMEGA] += in_omega
