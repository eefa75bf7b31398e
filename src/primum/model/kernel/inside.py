"""Means that are known as intervals, sampled between their ends (`primum.model.inside`)."""

from __future__ import annotations

from math import exp, log1p
from typing import Any

from primum.model.families.tails import END

OPEN_SCALE = 0.3  # of what lies beyond an end, standardised: noise and shocks are mostly about so large


def inside_forth(x: Any, unit: Any, time: Any, ends: Any, response: Any, fields: Any) -> float:
    """Put means in the place of what stands in for them, and return the logarithm of the map's slope."""
    density = 0.0
    for m in range(x.size):
        tail, low, high = exp(-abs(x[m])), ends[0, m], ends[1, m]
        share, length = (1.0 if x[m] >= 0 else tail) / (1.0 + tail), log1p(tail)
        away = OPEN_SCALE * (max(x[m], 0.0) + length)
        density -= max(-x[m], 0.0) + length
        if high == END:
            value = low + away
        elif low == -END:
            value = high - away
        else:
            value = low + (high - low) * share
            density -= max(x[m], 0.0) + length
        response[time[m], unit[m]] = value
        fields[0, time[m], unit[m]] = value
    return density


def inside_back(x: Any, unit: Any, time: Any, ends: Any, in_eta: Any, in_x: Any) -> None:
    """Derivatives: a mean that moves with all else where it is does what its location does the other way."""
    for m in range(x.size):
        tail, low, high = exp(-abs(x[m])), ends[0, m], ends[1, m]
        share = (1.0 if x[m] >= 0 else tail) / (1.0 + tail)
        other = 1.0 - share if x[m] < 0 else tail / (1.0 + tail)
        pull = -in_eta[time[m], unit[m]]
        if high == END:
            in_x[m] = pull * OPEN_SCALE * share + other
        elif low == -END:
            in_x[m] = -pull * OPEN_SCALE * share + other
        else:
            in_x[m] = pull * (high - low) * share * other + other - share
