"""Shocks apart from paths, one a cell, each sampled around what its record leaves for it (`primum.model.shocks`)."""

from __future__ import annotations

from math import exp, log, log1p, sqrt
from typing import Any

from primum.model.kernel.places import MIN_WEIGHT


def scales_forth(s: float, prior: float, own: Any, scale: Any) -> float:
    """Scale of each period's shocks, sign and all: its own, or the same in all."""
    density = 0.0
    for t in range(scale.size):
        scale[t] = own[t] if own.size else s
    for t in range(own.size):
        density -= 0.5 * (own[t] / prior) ** 2
    return density


def scales_back(prior: float, own: Any, in_scale: Any, in_own: Any) -> float:
    """Derivatives in periods' own scales, given those in scales; returns that in a scale that is the same in all."""
    in_s = 0.0
    for t in range(in_scale.size):
        in_s += in_scale[t]
    for t in range(own.size):
        in_own[t] = in_scale[t] - own[t] / prior**2
    return in_s


def square_of(scale: Any) -> float:
    """Mean square of scales."""
    total = 0.0
    for t in range(scale.size):
        total += scale[t] ** 2 / scale.size
    return total


def weights_forth(square: float, tail: float, told: Any, weight: Any, cell: Any, seen: Any, mean: Any) -> None:
    """Working weights of cells for paths, through their shocks, how many a unit has, and their mean."""
    for j in range(mean.size):
        mean[j], seen[j] = 0.0, 0.0
    for t in range(cell.shape[0]):
        variance = square / (1.0 - 2.0 * tail)
        for j in range(mean.size):
            cell[t, j] = told[t, j] * weight[t, j] / (1.0 + variance * weight[t, j])
            mean[j] += cell[t, j]
            seen[j] += 1.0 if weight[t, j] > 0 else 0.0
    for j in range(mean.size):
        mean[j] = max(mean[j] / max(seen[j], 1.0), MIN_WEIGHT)


def weights_back(
    square: float, tail: float, weight: Any, cell: Any, seen: Any, mean: Any, in_cell: Any, in_mean: Any, scale: Any,
    in_scale: Any,
) -> None:  # fmt: skip
    """Derivatives in the scales of shocks, given those in weights."""
    in_square = 0.0
    for j in range(mean.size):
        in_mean[j] = in_mean[j] / seen[j] if mean[j] > MIN_WEIGHT else 0.0
    for t in range(cell.shape[0]):
        larger = 1.0 / (1.0 - 2.0 * tail)
        for j in range(mean.size):
            ratio = weight[t, j] / (1.0 + larger * square * weight[t, j])
            in_square -= larger * ratio * cell[t, j] * (in_cell[t, j] + in_mean[j])
    for t in range(scale.size):
        in_scale[t] += 2.0 * in_square * scale[t] / scale.size


def shocks_forth(
    s: float, tail: float, scale_of: Any, weight: Any, spread: Any, response: Any, x: Any, eta: Any, deviate: Any,
    shock: Any,
) -> float:  # fmt: skip
    """Shocks of one period's cells, which are added to what eta is without them."""
    density = 0.0
    for j in range(eta.size):
        scale = s * sqrt(scale_of[j])
        w = weight[j] * spread[j] * spread[j]
        ratio = 1.0 / (1.0 + scale * scale * w)
        bend = tail * ratio**8 * x[j] * x[j]
        deviate[j] = ratio * scale * w * (response[j] - eta[j]) + spread[j] * sqrt(ratio) * x[j] * exp(0.5 * bend)
        density += 0.5 * log(ratio) + 0.5 * bend + log1p(bend)
        square = deviate[j] * deviate[j]
        density -= 0.5 * (square if tail == 0 else (1.0 / tail + 1.0) * log1p(tail * square))
    for j in range(eta.size):
        shock[j] = s * sqrt(scale_of[j]) * deviate[j]
        eta[j] += shock[j]
    return density


def shocks_back(
    s: float, tail: float, scale_of: Any, weight: Any, spread: Any, response: Any, x: Any, eta: Any, deviate: Any,
    slope: Any, in_log_scale: Any, in_x: Any,
) -> float:  # fmt: skip
    """Derivatives, given those in eta, ``slope``, which become those in eta without shocks; returns that in s."""
    in_s = 0.0
    for j in range(eta.size):
        root, w = sqrt(scale_of[j]), weight[j] * spread[j] * spread[j]
        scale = s * root
        ratio = 1.0 / (1.0 + scale * scale * w)
        gap = response[j] - eta[j] + scale * deviate[j]
        in_deviate = slope[j] * scale - deviate[j] * (1.0 + tail) / (1.0 + tail * deviate[j] * deviate[j])
        bend = tail * ratio**8 * x[j] * x[j]
        bent = spread[j] * sqrt(ratio) * exp(0.5 * bend)
        in_bend = 0.5 * in_deviate * bent * x[j] + 0.5 + 1.0 / (1.0 + bend)
        in_ratio = in_deviate * (scale * w * gap + 0.5 * bent * x[j] / ratio) + (0.5 + 8.0 * in_bend * bend) / ratio
        in_scale = slope[j] * deviate[j] + in_deviate * ratio * w * gap - 2.0 * in_ratio * ratio * ratio * w * scale
        in_x[j] = in_deviate * bent + 2.0 * tail * ratio**8 * x[j] * in_bend
        slope[j] -= in_deviate * ratio * scale * w
        in_s += in_scale * root
        in_log_scale[j] += 0.5 * in_scale * scale
    return in_s
