"""Shocks apart from paths, one a cell, each sampled around what its record leaves for it (`primum.model.shocks`)."""

from __future__ import annotations

from math import log, sqrt
from typing import Any

import numpy as np

from primum.model.kernel.places import MIN_WEIGHT

START, SLOPE, BEND = 1 - 1 / 18, 18**-0.5, 0.1  # of the cube root of g: four degrees of freedom


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


def sizes_forth(scale: Any, scale_of: Any, tail: Any, weight: Any, relative: Any, spread: Any, cell: Any) -> float:
    """Scales of cells' shocks, relative to their period's as well, and what is left of cells' weights for paths."""
    density, product, last = 0.0, np.ones(spread.shape[1]), spread.shape[0] - 1
    for t in range(spread.shape[0]):
        for j in range(spread.shape[1]):
            relative[t, j] = sqrt(scale_of[j])
        for j in range(spread.shape[1] if tail.shape[0] else 0):
            away = START + SLOPE * tail[t, j]
            width = sqrt(away * away + 4.0 * BEND**2)
            # of a difference of large numbers the quotient has the digits
            root = 0.5 * (away + width) if away > 0.0 else 2.0 * BEND**2 / (width - away)
            cube = root * root * root
            product[j] *= cube * cube / width
            density -= 2.0 * cube
            relative[t, j] /= sqrt(cube)
        if tail.shape[0] and (t % 8 == 7 or t == last):  # one logarithm for eight periods
            for j in range(spread.shape[1]):
                density += log(product[j])
                product[j] = 1.0
        for j in range(spread.shape[1]):
            spread[t, j] = scale[t] * relative[t, j]
            cell[t, j] = MIN_WEIGHT + weight[t, j] / (1.0 + spread[t, j] * spread[t, j] * weight[t, j])
    return density


def sizes_back(
    tail: Any, relative: Any, spread: Any, cell: Any, in_cell: Any, in_spread: Any, in_scale: Any, in_log_scale: Any,
    in_tail: Any,
) -> None:  # fmt: skip
    """Derivatives in scales and in coordinates of tails, given those in cells' scales and weights."""
    for t in range(spread.shape[0]):
        for j in range(spread.shape[1]):
            told = cell[t, j] - MIN_WEIGHT
            found = in_spread[t, j] - 2.0 * in_cell[t, j] * told * told * spread[t, j]
            in_scale[t] += found * relative[t, j]
            in_log_scale[j] += 0.5 * found * spread[t, j]
            in_spread[t, j] = found * spread[t, j]
        for j in range(spread.shape[1] if tail.shape[0] else 0):
            away = START + SLOPE * tail[t, j]
            width = sqrt(away * away + 4.0 * BEND**2)
            root = 0.5 * (away + width) if away > 0.0 else 2.0 * BEND**2 / (width - away)
            in_log_root = 6.0 - 6.0 * root * root * root - 1.5 * in_spread[t, j]
            in_tail[t, j] = SLOPE * (in_log_root - away / width) / width


def shocks_forth(spread: Any, weight: Any, response: Any, x: Any, eta: Any, deviate: Any, shock: Any) -> float:
    """Shocks of one period's cells, which are added to what eta is without them."""
    determinant, density = 1.0, 0.0
    for j in range(eta.size):
        shock[j] = 1.0 / (1.0 + spread[j] * spread[j] * weight[j])
        deviate[j] = shock[j] * spread[j] * weight[j] * (response[j] - eta[j]) + sqrt(shock[j]) * x[j]
        density -= 0.5 * deviate[j] * deviate[j]
    for j in range(eta.size):
        determinant *= shock[j]
        if j % 8 == 7 or j == eta.size - 1:  # one logarithm for eight cells
            density += 0.5 * log(determinant)
            determinant = 1.0
        shock[j] = spread[j] * deviate[j]
        eta[j] += shock[j]
    return density


def shocks_back(
    spread: Any, weight: Any, response: Any, x: Any, eta: Any, deviate: Any, slope: Any, in_spread: Any, in_x: Any
) -> None:  # fmt: skip
    """Derivatives, given those in eta, ``slope``, which become those in eta without shocks."""
    for j in range(eta.size):
        w = weight[j]
        ratio = 1.0 / (1.0 + spread[j] * spread[j] * w)
        gap = response[j] - eta[j] + spread[j] * deviate[j]
        in_deviate = slope[j] * spread[j] - deviate[j]
        in_x[j] = in_deviate * sqrt(ratio)
        in_ratio = in_deviate * spread[j] * w * gap + 0.5 * (in_x[j] * x[j] + 1.0) / ratio
        in_spread[j] = slope[j] * deviate[j] + in_deviate * ratio * w * gap
        in_spread[j] -= 2.0 * in_ratio * ratio * ratio * w * spread[j]
        slope[j] -= in_deviate * ratio * spread[j] * w
