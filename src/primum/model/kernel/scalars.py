"""Hyperparameters: their coordinates, their density, and the moments of paths that they make."""

from __future__ import annotations

from math import erfc, exp, log, log1p, pi, sqrt
from typing import Any

from primum.model.kernel.places import ALPHA, BETA, HEAD, IS_SCALE, IS_TAILED, KAPPA, MU, SIGMA, TAU, S

_SQRT_HALF, _NORMAL_PEAK = sqrt(0.5), 1 / sqrt(2 * pi)


def scalars_forth(point: Any, places: Any, priors: Any, constants: Any, scalars: Any) -> float:
    """Hyperparameters, scales with their sign, and the density of their coordinates."""
    density = 0.0
    for place in range(HEAD):
        scalars[place] = constants[place]
        if places[place] >= 0:
            value = point[places[place]]
            if place == KAPPA:  # the logit of its square
                density -= priors[place, 0] * log1p(exp(-value)) + priors[place, 1] * log1p(exp(value))
                scalars[place] = sqrt(1.0 / (1.0 + exp(-value)))
            elif IS_TAILED[place]:
                # minus the logarithm of an upper tail, precise in both
                tail = 0.5 * erfc(abs(value) * _SQRT_HALF)
                multiple = -log1p(-tail) if value < 0 else -log(tail)
                density += multiple - 0.5 * multiple**2 - 0.5 * value**2
                scalars[place] = priors[place, 1] * multiple
            else:
                scalars[place] = value
                if place != TAU:  # sampled as a departure from what terms leave to expect
                    density += normal_or_mixture(value, priors[place])[0]
    return density


def normal_or_mixture(value: float, prior: Any) -> tuple[float, float]:
    """Log density up to a constant, and its slope, of a normal prior, or of one with a vague one around 0 mixed in."""
    away, robust, vague = (value - prior[0]) / prior[1], prior[2], prior[3]
    if robust == 0:
        return -0.5 * away**2, -away / prior[1]
    first = log((1.0 - robust) / prior[1]) - 0.5 * away**2
    second = log(robust / vague) - 0.5 * (value / vague) ** 2
    largest = max(first, second)
    density = largest + log(exp(first - largest) + exp(second - largest))
    share = exp(first - density)
    return density, -share * away / prior[1] - (1.0 - share) * value / vague**2


def scalars_back(point: Any, places: Any, priors: Any, in_scalars: Any, scalars: Any, gradient: Any) -> None:
    """Derivatives; scales lose their sign for the report."""
    for place in range(HEAD):
        if places[place] >= 0:
            value, centre, scale = point[places[place]], priors[place, 0], priors[place, 1]
            if place == KAPPA:
                kappa = scalars[place]
                slope = (0.5 * in_scalars[place] * kappa + centre) * (1.0 - kappa**2)
                gradient[places[place]] = slope - scale * kappa**2
            elif IS_TAILED[place]:
                multiple = scalars[place] / scale
                rate = exp(multiple - 0.5 * value**2) * _NORMAL_PEAK
                gradient[places[place]] = rate * (1.0 - multiple + scale * in_scalars[place]) - value
            else:
                gradient[places[place]] = in_scalars[place]
                if place != TAU:
                    gradient[places[place]] += normal_or_mixture(value, priors[place])[1]
            if IS_SCALE[place]:
                scalars[place] = abs(scalars[place])


def moments_forth(
    scalars: Any, slow: Any, scaled: bool, of_moments: Any, variance: Any, own: Any, sign: Any, centre: Any, path: Any
) -> float:
    """Variances of comparators' and of pilots' own components, signs of their roots, centre and common path.

    Without the level's, which a unit's scale leaves as it is.
    """
    drift_scalar, drift_variance, scale, basis, mix = of_moments
    periods, s, kappa = path.size, scalars[S], scalars[KAPPA]
    variance[0] = s**2
    own[0] = s**2
    centre[0] = sqrt(periods) * (scalars[MU] + scalars[BETA])
    path[:] = 0.0
    density = 0.0
    sign[:] = -1.0 if scaled and scalars[SIGMA] < 0 else 1.0
    if s == 0 and scalars[ALPHA] < 0:
        sign[0] *= -1.0
    for k in range(1, periods):
        q = scalars[drift_scalar[k - 1]]
        if s == 0 and q < 0:
            sign[k] *= -1.0
        variance[k] = q**2 * drift_variance[k - 1] + s**2
        own[k] = (kappa * q) ** 2 * drift_variance[k - 1] + s**2
        centre[k] = 0.0
        for j in range(periods - 1):
            centre[k] += slow[j] * mix[j, k - 1]
        density -= 0.5 * (slow[k - 1] / scale[k - 1]) ** 2
        for t in range(periods):
            path[t] += slow[k - 1] * basis[k - 1, t]
    return density


def moments_back(
    scalars: Any, slow: Any, of_moments: Any, in_level: float, in_variance: Any, in_own: Any, in_centre: Any,
    in_path: Any, in_scalars: Any, in_slow: Any,
) -> None:  # fmt: skip
    """Derivatives, given those in variances, centre and common path."""
    drift_scalar, drift_variance, scale, basis, mix = of_moments
    periods, s, kappa = in_path.size, scalars[S], scalars[KAPPA]
    in_scalars[MU] += sqrt(periods) * in_centre[0]
    in_scalars[BETA] += sqrt(periods) * in_centre[0]
    in_scalars[ALPHA] += 2.0 * periods * scalars[ALPHA] * in_level
    in_scalars[S] += 2.0 * s * (in_variance[0] + in_own[0])
    for k in range(1, periods):
        place = drift_scalar[k - 1]
        q = scalars[place]
        in_scalars[S] += 2.0 * s * (in_variance[k] + in_own[k])
        in_scalars[place] += 2.0 * q * drift_variance[k - 1] * (in_variance[k] + kappa**2 * in_own[k])
        in_scalars[KAPPA] += 2.0 * kappa * q**2 * drift_variance[k - 1] * in_own[k]
        in_slow[k - 1] = 0.0
        for j in range(1, periods):
            in_slow[k - 1] += in_centre[j] * mix[k - 1, j - 1]
        in_slow[k - 1] -= slow[k - 1] / scale[k - 1] ** 2
        for t in range(periods):
            in_slow[k - 1] += in_path[t] * basis[k - 1, t]
