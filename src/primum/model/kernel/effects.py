"""Effects in the pilots, transported, and the linear predictor but for units' own paths."""

from __future__ import annotations

from math import log, log1p, sqrt
from typing import Any

from primum.model.kernel.places import BETA, MU, SPREAD, TAU


def effects_forth(
    scalars: Any, level: float, variance: Any, scale_of: Any, centre: Any, carried: Any, x: Any, of_pilots: Any,
    precision: Any, tail: float, expected: Any, left: float, zeta: Any, tau_unit: Any,
) -> float:  # fmt: skip
    """Effects in the pilots, transported with the components integrated out.

    Other outcomes may expect something of them, and leave less than all of their spread.
    """
    response, exposure, weight = of_pilots
    spread = scalars[SPREAD] * left
    density = 0.0
    for i in range(x.size):
        tau = scalars[TAU] + scalars[SPREAD] * expected[i]
        known, pull, w = 0.0, 0.0, precision[i] * weight[i]
        for k in range(variance.size):
            v = variance[k] * scale_of[i] + (level if k == 0 else 0.0)
            precise = exposure[i, k] * w / (1.0 + v * w)
            known += precise * exposure[i, k]
            pull += precise * (response[i, k] - centre[k] - carried[i, k])
        shrink = 1.0 / (1.0 + spread**2 * known)
        zeta[i] = shrink * spread * (pull - known * tau) + sqrt(shrink) * x[i]
        tau_unit[i] = tau + spread * zeta[i]
        square = zeta[i] ** 2
        density += 0.5 * log(shrink) - 0.5 * (square if tail == 0 else (1.0 / tail + 1.0) * log1p(tail * square))
    return density


def effects_back(
    scalars: Any, level: float, variance: Any, scale_of: Any, centre: Any, carried: Any, x: Any, of_pilots: Any,
    precision: Any, tail: float, expected: Any, left: float, zeta: Any, in_tau_unit: Any, in_later: Any,
    in_scalars: Any, in_variance: Any, in_log_scale: Any, in_centre: Any, in_carried: Any, in_expected: Any, in_x: Any,
    in_log_precision: Any,
) -> tuple[float, float]:  # fmt: skip
    """Derivatives, given those in the effects, and in zeta of other outcomes' densities.

    Returns those in the level and in what is left of the spread.
    """
    response, exposure, weight = of_pilots
    spread = scalars[SPREAD] * left
    in_level, in_spread = 0.0, 0.0
    for i in range(x.size):
        tau = scalars[TAU] + scalars[SPREAD] * expected[i]
        known, pull, w = 0.0, 0.0, precision[i] * weight[i]
        for k in range(variance.size):
            v = variance[k] * scale_of[i] + (level if k == 0 else 0.0)
            precise = exposure[i, k] * w / (1.0 + v * w)
            known += precise * exposure[i, k]
            pull += precise * (response[i, k] - centre[k] - carried[i, k])
        shrink = 1.0 / (1.0 + spread**2 * known)
        gap = pull - known * tau
        in_zeta = in_tau_unit[i] * spread - zeta[i] * (1.0 + tail) / (1.0 + tail * zeta[i] ** 2)
        if in_later.size:  # a sum with 0 would be rounded otherwise
            in_zeta += in_later[i]
        in_x[i] = in_zeta * sqrt(shrink)
        in_shrink = in_zeta * (spread * gap + 0.5 * x[i] / sqrt(shrink)) + 0.5 / shrink
        in_pull = in_zeta * shrink * spread
        in_known = -in_pull * tau - in_shrink * shrink**2 * spread**2
        in_tau = in_tau_unit[i] - in_pull * known
        in_scalars[TAU] += in_tau
        in_scalars[SPREAD] += in_tau * expected[i]
        in_expected[i] = in_tau * scalars[SPREAD]
        in_spread += in_tau_unit[i] * zeta[i] + in_zeta * shrink * gap
        in_spread -= 2.0 * in_shrink * shrink**2 * spread * known
        for k in range(variance.size):
            b = exposure[i, k]
            v = variance[k] * scale_of[i] + (level if k == 0 else 0.0)
            ratio = 1.0 / (1.0 + v * w)
            in_ratio = in_known * b * b + in_pull * b * (response[i, k] - centre[k] - carried[i, k])
            in_centre[k] -= in_pull * w * ratio * b
            in_carried[i, k] -= in_pull * w * ratio * b
            in_v = in_ratio * (w * ratio) ** 2
            in_variance[k] -= in_v * scale_of[i]
            in_log_scale[i] -= in_v * variance[k] * scale_of[i]
            in_level -= in_v if k == 0 else 0.0
            in_log_precision[i] += in_ratio * ratio**2 * w
    in_scalars[SPREAD] += in_spread * left
    return in_level, in_spread * scalars[SPREAD]


def location_forth(scalars: Any, path: Any, eta: Any) -> None:
    """Linear predictor of a comparator but for its own path."""
    for t in range(path.size):
        for i in range(eta.shape[1]):
            eta[t, i] = scalars[MU] + path[t]


def location_back(in_eta: Any, in_scalars: Any, in_path: Any) -> None:
    """Derivatives, given those in the linear predictor; pilots count as comparators here."""
    for t in range(in_path.size):
        total = 0.0
        for i in range(in_eta.shape[1]):
            total += in_eta[t, i]
        in_path[t] += total
        in_scalars[MU] += in_path[t]


def pilots_forth(scalars: Any, tau_unit: Any, exposure: Any, carried: Any, basis: Any, eta: Any) -> None:
    """What a pilot's linear predictor has beyond a comparator's: another level, its effect, what weights carry."""
    (pilots, periods), others = exposure.shape, eta.shape[1] - exposure.shape[0]
    for t in range(periods):
        for i in range(pilots):
            eta[t, others + i] += scalars[BETA] + tau_unit[i] * exposure[i, t]
            for k in range(periods):
                eta[t, others + i] += carried[i, k] * basis[k, t]


def pilots_back(in_eta: Any, exposure: Any, basis: Any, in_scalars: Any, in_tau_unit: Any, in_carried: Any) -> None:
    """Derivatives of what a pilot has beyond a comparator."""
    (pilots, periods), others = exposure.shape, in_eta.shape[1] - exposure.shape[0]
    for t in range(periods):
        for i in range(pilots):
            in_scalars[BETA] += in_eta[t, others + i]
            in_tau_unit[i] += in_eta[t, others + i] * exposure[i, t]
            for k in range(periods):
                in_carried[i, k] += in_eta[t, others + i] * basis[k, t]
