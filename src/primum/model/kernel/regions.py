"""Regions' own paths, each a random walk away from the common one, transported (`primum.model.build`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from primum.model.kernel.places import REGION
from primum.model.kernel.told import told_back, told_forth


def regions_forth(
    scalars: Any, slow: Any, x: Any, of_regions: Any, path: Any, zeta: Any, regional: Any, eta: Any, carried: Any
) -> float:
    """Regions' paths, and what they add to comparators' location and to that of pilots in the basis's coordinates."""
    region_of, scale, weight, response, basis, mix = of_regions
    others, density = eta.shape[1] - carried.shape[0], 0.0
    for g in range(x.shape[0]):
        for t in range(path.size):
            regional[g, t] = path[t]
        for j in range(x.shape[1]):
            spread = scalars[REGION] * scale[g, j]
            pull = weight[g, j] * (response[g, j] - slow[j])
            zeta[g, j], likely = told_forth(spread, weight[g, j], pull, x[g, j])
            density += likely
            for t in range(path.size):
                regional[g, t] += spread * zeta[g, j] * basis[j, t]
    if x.shape[0]:
        for t in range(path.size):
            for i in range(others):
                eta[t, i] += regional[region_of[i], t] - path[t]
        for i in range(carried.shape[0]):
            g = region_of[others + i]
            for j in range(x.shape[1]):
                for k in range(x.shape[1]):
                    carried[i, k + 1] += scalars[REGION] * scale[g, j] * zeta[g, j] * mix[j, k]
    return density


def regions_back(
    scalars: Any, slow: Any, x: Any, of_regions: Any, zeta: Any, in_eta: Any, in_carried: Any, in_scalars: Any,
    in_slow: Any, in_x: Any,
) -> None:  # fmt: skip
    """Derivatives, given those in comparators' linear predictor and in what is carried to the pilots."""
    region_of, scale, weight, response, basis, mix = of_regions
    others, in_moved = in_eta.shape[1] - in_carried.shape[0], np.zeros(x.shape)
    in_regional = np.zeros((x.shape[0], in_eta.shape[0]))
    if x.shape[0]:
        for t in range(in_eta.shape[0]):
            for i in range(others):
                in_regional[region_of[i], t] += in_eta[t, i]
        for i in range(in_carried.shape[0]):
            for j in range(x.shape[1]):
                for k in range(x.shape[1]):
                    in_moved[region_of[others + i], j] += in_carried[i, k + 1] * mix[j, k]
    for g in range(x.shape[0]):
        for j in range(x.shape[1]):
            for t in range(in_eta.shape[0]):
                in_moved[g, j] += in_regional[g, t] * basis[j, t]
            spread, w = scalars[REGION] * scale[g, j], weight[g, j]
            pull = w * (response[g, j] - slow[j])
            in_spread, in_pull, in_x[g, j] = told_back(spread, w, pull, x[g, j], zeta[g, j], in_moved[g, j])
            in_slow[j] -= w * in_pull
            in_scalars[REGION] += scale[g, j] * in_spread
