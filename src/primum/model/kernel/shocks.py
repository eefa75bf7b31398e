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


def sizes_forth(
    scale: Any, scale_of: Any, tail: Any, mixed: bool, noise: float, weight: Any, relative: Any, spread: Any, told: Any,
    cell: Any,
) -> float:  # fmt: skip
    """Scales of cells' shocks, relative to their period's as well, and what is left of cells' weights for paths.

    Tails are those of shocks, or of noise where that is a mixture: then ``told`` are weights times sizes of noise, of
    which the density of what is observed has the root.
    """
    density, product, last = 0.0, np.ones(spread.shape[1]), spread.shape[0] - 1
    for t in range(spread.shape[0]):
        for j in range(spread.shape[1]):
            relative[t, j], told[t, j] = sqrt(scale_of[j]), weight[t, j]
        for j in range(spread.shape[1] if tail.shape[0] else 0):
            away = START + SLOPE * tail[t, j]
            width = sqrt(away * away + 4.0 * BEND**2)
            # of a difference of large numbers the quotient has the digits
            root = 0.5 * (away + width) if away > 0.0 else 2.0 * BEND**2 / (width - away)
            cube = root * root * root
            half = sqrt(cube)
            product[j] *= cube * cube / width * (half if mixed and weight[t, j] > 0.0 else 1.0)
            density -= 2.0 * cube
            relative[t, j] /= 1.0 if mixed else half
            told[t, j] *= cube if mixed else 1.0
        if tail.shape[0] and (t % 8 == 7 or t == last):  # one logarithm for eight periods
            for j in range(spread.shape[1]):
                density += log(product[j])
                product[j] = 1.0
        for j in range(spread.shape[1]):
            spread[t, j] = scale[t] * relative[t, j]
            cell[t, j] = MIN_WEIGHT + told[t, j] / (noise * noise + spread[t, j] * spread[t, j] * told[t, j])
    return density


def sizes_back(
    tail: Any, mixed: bool, noise: float, relative: Any, spread: Any, told: Any, in_cell: Any, in_spread: Any,
    in_size: Any, in_scale: Any, in_log_scale: Any, in_tail: Any,
) -> float:  # fmt: skip
    """Derivatives in scales and in coordinates of tails, given those in cells' scales, sizes and weights.

    Returns that in the scale of all noise.
    """
    in_noise = 0.0
    for t in range(spread.shape[0]):
        for j in range(spread.shape[1]):
            total = noise * noise + spread[t, j] * spread[t, j] * told[t, j]
            left = in_cell[t, j] * told[t, j] / (total * total)
            found = in_spread[t, j] - 2.0 * left * told[t, j] * spread[t, j]
            in_noise -= 2.0 * left * noise
            in_size[t, j] += left * noise * noise
            in_scale[t] += found * relative[t, j]
            in_log_scale[j] += 0.5 * found * spread[t, j]
            in_spread[t, j] = found * spread[t, j]
        for j in range(spread.shape[1] if tail.shape[0] else 0):
            away = START + SLOPE * tail[t, j]
            width = sqrt(away * away + 4.0 * BEND**2)
            root = 0.5 * (away + width) if away > 0.0 else 2.0 * BEND**2 / (width - away)
            in_log_root = 6.0 - 6.0 * root * root * root + (3.0 * in_size[t, j] if mixed else -1.5 * in_spread[t, j])
            in_tail[t, j] = SLOPE * (in_log_root - away / width) / width
    return in_noise


def shocks_forth(
    spread: Any, told: Any, noise: float, response: Any, x: Any, eta: Any, deviate: Any, shock: Any
) -> float:  # fmt: skip
    """Shocks of one period's cells, which are added to what eta is without them."""
    determinant, density, square = 1.0, 0.0, noise * noise
    for j in range(eta.size):
        total = square + spread[j] * spread[j] * told[j]
        shock[j] = square / total
        deviate[j] = spread[j] * told[j] / total * (response[j] - eta[j]) + noise / sqrt(total) * x[j]
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
    spread: Any, told: Any, noise: float, response: Any, x: Any, eta: Any, deviate: Any, slope: Any, in_spread: Any,
    in_size: Any, in_x: Any,
) -> float:  # fmt: skip
    """Derivatives, given those in eta, ``slope``, which become those in eta without shocks.

    Adds those in the logarithm of sizes of noise, and returns that in the scale of all noise.
    """
    in_noise, square = 0.0, noise * noise
    for j in range(eta.size):
        s, w = spread[j], told[j]
        total = square + s * s * w
        gap = response[j] - eta[j] + s * deviate[j]
        in_deviate = slope[j] * s - deviate[j]
        pull, root = in_deviate * gap / total, noise / sqrt(total)
        in_x[j] = in_deviate * root
        in_total = -pull * s * w / total - 0.5 * (in_x[j] * x[j] + 1.0) / total
        in_noise += (in_x[j] * x[j] + 1.0) / noise + 2.0 * in_total * noise
        in_spread[j] = slope[j] * deviate[j] + pull * w + 2.0 * in_total * s * w
        in_size[j] += (pull * s + in_total * s * s) * w
        slope[j] -= in_deviate * s * w / total
    return in_noise
