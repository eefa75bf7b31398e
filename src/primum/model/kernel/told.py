"""A standard normal quantity that is sampled around what data say of it (`primum.model.build`)."""

from __future__ import annotations

from math import log, sqrt


def told_forth(spread: float, weight: float, pull: float, x: float) -> tuple[float, float]:
    """The quantity, and its log density with that of the change of coordinates.

    Data say of its product with the spread that it has precision ``weight`` and linear part ``pull``.
    """
    shrink = 1.0 / (1.0 + spread * spread * weight)
    zeta = shrink * spread * pull + sqrt(shrink) * x
    return zeta, 0.5 * log(shrink) - 0.5 * zeta * zeta


def told_back(
    spread: float, weight: float, pull: float, x: float, zeta: float, in_product: float
) -> tuple[float, float, float]:
    """Derivatives in spread, pull and x, given that in the product."""
    shrink = 1.0 / (1.0 + spread * spread * weight)
    in_zeta = spread * in_product - zeta
    in_shrink = in_zeta * (spread * pull + 0.5 * x / sqrt(shrink)) + 0.5 / shrink
    in_spread = in_product * zeta + in_zeta * shrink * pull - 2.0 * in_shrink * shrink * shrink * spread * weight
    return in_spread, in_zeta * shrink * spread, in_zeta * sqrt(shrink)
