"""The log density of `primum.model.build` with its gradient, in one pass, for numba to compile.

The definition is the PyMC model. Here it is written out by hand, derivatives included, because
PyTensor's numba backend compiles each of the hundred nodes of its graph apart: a minute and a
half for a family against some seconds, and a slower result (benchmarks/speed). Tests compare
value, gradient and reported variables with those of the PyMC model at random points, for every
family, with gaps and without.

Stages run forwards, then backwards in the opposite order, as in any reverse pass: ``in_z`` is
the derivative of the log density in z. Every stage writes or adds to arrays that it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import erfc, exp, log, log1p, pi, sqrt
from typing import Any

import numpy as np

from primum.model.families import family_of
from primum.model.layout import SCALARS, SCALES
from primum.spec.priors import FamilyName

ARRAYS = (
    "places", "priors", "constants", "standard", "fields", "response", "mean_weight", "missing_unit", "missing_time",
    "exposure", "pilot_exposure", "pilot_response", "basis", "drift_variance", "pair_pilot", "pair_donor", "pair_base",
    "weighting",
)  # fmt: skip
PSEUDO_SCALE = 0.3
BLOCK = 64  # units: what they need stays in the fastest cache
_MU, _BETA, _S, _Q, _ALPHA, _TAU, _SPREAD, _SIGMA, _KAPPA = range(len(SCALARS))
_HEAD = len(SCALARS)
_IS_SCALE = np.array([name in SCALES for name in SCALARS])
_SQRT_HALF, _NORMAL_PEAK = sqrt(0.5), 1 / sqrt(2 * pi)


@cache
def kernel_of(name: FamilyName) -> Callable[..., float]:
    """Log density of a family, compiled at its first call.

    Parameters
    ----------
    name
        Name of the family.

    Returns
    -------
    callable
        ``kernel(point, gradient, reported, *arrays)`` returns the log density up to a constant
        and writes the other two vectors. Vectors are laid out as `primum.model.layout.Layout`
        says; arrays are those of `primum.model.data.arrays_of`, in the order of `ARRAYS`.
    """
    jit = _compiled
    scalars_forth, scalars_back = jit(_scalars_forth), jit(_scalars_back)
    moments_forth, moments_back = jit(_moments_forth), jit(_moments_back)
    donors_forth, donors_back = jit(_donors_forth), jit(_donors_back)
    effects_forth, effects_back = jit(_effects_forth), jit(_effects_back)
    location_forth, location_back = jit(_location_forth), jit(_location_back)
    pilots_forth, pilots_back = jit(_pilots_forth), jit(_pilots_back)
    paths_forth = jit(_paths_forth_of(jit(_components_forth)))
    paths_back = jit(_paths_back_of(jit(_components_back), jit(family_of(name).slopes)))
    sweep, gather = jit(_sweep_of(paths_forth, paths_back)), jit(_gather)

    @jit
    def kernel(
        point: Any, gradient: Any, reported: Any,
        places: Any, priors: Any, constants: Any, standard: Any, fields: Any, response: Any, mean_weight: Any,
        missing_unit: Any, missing_time: Any, exposure: Any, pilot_exposure: Any, pilot_response: Any, basis: Any,
        drift_variance: Any, pair_pilot: Any, pair_donor: Any, pair_base: Any, weighting: Any,
    ) -> float:  # fmt: skip
        (periods, units), pilots, pairs = response.shape, exposure.shape[0], pair_base.size
        others = units - pilots
        at_slow, at_tau, at_x, at_xi, at_u, at_donor, at_pair = places[_HEAD:]
        scalars, path = reported[:_HEAD], reported[_HEAD : _HEAD + periods]
        tau_unit = reported[_HEAD + periods : _HEAD + periods + pilots]
        at_eta = _HEAD + periods + pilots
        eta = reported[at_eta : at_eta + periods * units].reshape((periods, units))
        share = reported[at_eta + periods * units :]
        slow, in_slow = point[at_slow : at_slow + periods - 1], gradient[at_slow : at_slow + periods - 1]
        x_tau, in_x_tau = point[at_tau : at_tau + pilots], gradient[at_tau : at_tau + pilots]
        x, in_x = point[at_x:at_xi].reshape((periods, units)), gradient[at_x:at_xi].reshape((periods, units))
        xi, in_xi = point[at_xi:at_u], gradient[at_xi:at_u]
        variance, own, sign, centre = np.empty(periods), np.empty(periods), np.empty(periods), np.empty(periods)
        zeta, carried = np.empty(pilots), np.zeros((pilots, periods))
        in_scalars, in_tau_unit, in_eta = np.zeros(_HEAD), np.zeros(pilots), np.empty((periods, units))
        in_variance, in_own, in_centre = np.zeros(periods), np.zeros(periods), np.zeros(periods)
        in_path, in_carried = np.zeros(periods), np.zeros((pilots, periods))
        # With weights, pilots' paths depend on comparators' components: these are kept, and wait for what comes
        # back from the pilots. Otherwise each block of units is finished while it is in the fastest cache.
        donors = others if pairs else 0
        kept = np.empty(6 * periods * (units if donors else min(units, BLOCK)))
        component, in_component = np.empty((periods, donors)), np.zeros((periods, donors))
        drifts, length = np.empty((donors, periods - 1)), (periods - 1) * donors
        x_u = point[at_u : at_u + length].reshape((periods - 1, donors))
        in_x_u = gradient[at_u : at_u + length].reshape((periods - 1, donors))
        paths = (x, xi, eta, kept)
        in_paths = (in_x, in_xi, in_eta, in_component, in_scalars)
        of_paths = (standard, fields, response, mean_weight, missing_unit, missing_time, basis)
        of_pilots = (pilot_response, pilot_exposure, mean_weight[others:])
        of_pairs = (pair_pilot, pair_donor, pair_base, weighting, drift_variance)

        density: float = scalars_forth(point, places, priors, constants, scalars)
        density += moments_forth(
            scalars, slow, priors[_HEAD, 1], basis, drift_variance, variance, own, sign, centre, path
        )
        location_forth(scalars, path, eta)
        density += sweep(0, others, True, donors == 0, scalars, variance, sign, paths, in_paths, in_variance, of_paths)
        if donors:
            gather(kept, component)
            density += donors_forth(
                scalars, variance, component, x_u, point[at_donor:at_pair], point[at_pair:], of_pairs, drifts, share,
                carried,
            )  # fmt: skip
        density += effects_forth(scalars, own, centre, carried, x_tau, of_pilots, zeta, tau_unit)
        pilots_forth(scalars, tau_unit, exposure, carried, basis, eta)
        density += sweep(others, units, True, True, scalars, own, sign, paths, in_paths, in_own, of_paths)
        pilots_back(in_eta, exposure, basis, in_scalars, in_tau_unit, in_carried)
        effects_back(
            scalars, own, centre, carried, x_tau, of_pilots, zeta, in_tau_unit, in_scalars, in_own, in_centre,
            in_carried, in_x_tau,
        )  # fmt: skip
        if donors:
            donors_back(
                scalars, variance, component, x_u, point[at_donor:at_pair], point[at_pair:], of_pairs, drifts, share,
                in_carried, in_scalars, in_variance, in_component, in_x_u, gradient[at_donor:at_pair],
                gradient[at_pair:],
            )  # fmt: skip
            density += sweep(0, others, False, True, scalars, variance, sign, paths, in_paths, in_variance, of_paths)
        location_back(in_eta, in_scalars, in_path)
        moments_back(
            scalars, slow, priors[_HEAD, 1], basis, drift_variance, in_variance, in_own, in_centre, in_path, in_scalars,
            in_slow,
        )  # fmt: skip
        scalars_back(point, places, priors, in_scalars, scalars, gradient)
        return density

    return kernel


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function for numba to compile, once for all families."""
    import numba

    return numba.njit(error_model="numpy", nogil=True)(function)  # type: ignore[no-any-return]


def _scalars_forth(point: Any, places: Any, priors: Any, constants: Any, scalars: Any) -> float:
    """Hyperparameters, scales with their sign, and the density of their coordinates."""
    density = 0.0
    for place in range(_HEAD):
        scalars[place] = constants[place]
        if places[place] >= 0:
            value = point[places[place]]
            if place == _KAPPA:  # the logit of its square
                density -= priors[place, 0] * log1p(exp(-value)) + priors[place, 1] * log1p(exp(value))
                scalars[place] = sqrt(1.0 / (1.0 + exp(-value)))
            elif place == _SPREAD:
                # minus the logarithm of an upper tail, precise in both
                tail = 0.5 * erfc(abs(value) * _SQRT_HALF)
                multiple = -log1p(-tail) if value < 0 else -log(tail)
                density += multiple - 0.5 * multiple**2 - 0.5 * value**2
                scalars[place] = priors[place, 1] * multiple
            else:
                density -= 0.5 * ((value - priors[place, 0]) / priors[place, 1]) ** 2
                scalars[place] = value
    return density


def _scalars_back(point: Any, places: Any, priors: Any, in_scalars: Any, scalars: Any, gradient: Any) -> None:
    """Derivatives; scales lose their sign for the report."""
    for place in range(_HEAD):
        if places[place] >= 0:
            value, (centre, scale) = point[places[place]], priors[place]
            if place == _KAPPA:
                kappa = scalars[place]
                slope = (0.5 * in_scalars[place] * kappa + centre) * (1.0 - kappa**2)
                gradient[places[place]] = slope - scale * kappa**2
            elif place == _SPREAD:
                multiple = scalars[place] / scale
                rate = exp(multiple - 0.5 * value**2) * _NORMAL_PEAK
                gradient[places[place]] = rate * (1.0 - multiple + scale * in_scalars[place]) - value
            else:
                gradient[places[place]] = in_scalars[place] + (centre - value) / scale**2
            if _IS_SCALE[place]:
                scalars[place] = abs(scalars[place])


def _moments_forth(
    scalars: Any, slow: Any, scale: float, basis: Any, drift_variance: Any, variance: Any, own: Any, sign: Any,
    centre: Any, path: Any,
) -> float:  # fmt: skip
    """Variances of comparators' and of pilots' own components, signs of their roots, centre and common path."""
    periods, q, s, kappa = path.size, scalars[_Q], scalars[_S], scalars[_KAPPA]
    variance[0] = periods * scalars[_ALPHA] ** 2 + s**2
    own[0] = variance[0]
    centre[0] = sqrt(periods) * (scalars[_MU] + scalars[_BETA])
    path[:] = 0.0
    density = 0.0
    sign[:] = 1.0 if scalars[_SIGMA] > 0 else -1.0
    if s == 0 and scalars[_ALPHA] < 0:
        sign[0] *= -1.0
    if s == 0 and q < 0:
        sign[1:] *= -1.0
    for k in range(1, periods):
        variance[k] = q**2 * drift_variance[k - 1] + s**2
        own[k] = (kappa * q) ** 2 * drift_variance[k - 1] + s**2
        centre[k] = slow[k - 1]
        density -= 0.5 * (slow[k - 1] / scale) ** 2
        for t in range(periods):
            path[t] += slow[k - 1] * basis[k, t]
    return density


def _moments_back(
    scalars: Any, slow: Any, scale: float, basis: Any, drift_variance: Any, in_variance: Any, in_own: Any,
    in_centre: Any, in_path: Any, in_scalars: Any, in_slow: Any,
) -> None:  # fmt: skip
    periods, q, s, kappa = in_path.size, scalars[_Q], scalars[_S], scalars[_KAPPA]
    in_scalars[_MU] += sqrt(periods) * in_centre[0]
    in_scalars[_BETA] += sqrt(periods) * in_centre[0]
    in_scalars[_ALPHA] += 2.0 * periods * scalars[_ALPHA] * (in_variance[0] + in_own[0])
    in_scalars[_S] += 2.0 * s * (in_variance[0] + in_own[0])
    for k in range(1, periods):
        in_scalars[_S] += 2.0 * s * (in_variance[k] + in_own[k])
        in_scalars[_Q] += 2.0 * q * drift_variance[k - 1] * (in_variance[k] + kappa**2 * in_own[k])
        in_scalars[_KAPPA] += 2.0 * kappa * q**2 * drift_variance[k - 1] * in_own[k]
        in_slow[k - 1] = in_centre[k] - slow[k - 1] / scale**2
        for t in range(periods):
            in_slow[k - 1] += in_path[t] * basis[k, t]


def _donors_forth(
    scalars: Any, variance: Any, component: Any, x: Any, x_donor: Any, x_pair: Any, of_pairs: Any, drifts: Any,
    share: Any, carried: Any,
) -> float:  # fmt: skip
    """Comparators' drifts given their paths, weights, and what weights carry to the pilots."""
    pilot, donor, base, scale, drift_variance = of_pairs
    q, s = scalars[_Q], scalars[_S]
    density = 0.0
    for k in range(1, variance.size):
        ratio = q**2 * drift_variance[k - 1] / variance[k]
        spread = q * s * sqrt(drift_variance[k - 1] / variance[k])
        for j in range(x_donor.size):
            drifts[j, k - 1] = ratio * component[k, j] + spread * x[k - 1, j]
            density -= 0.5 * x[k - 1, j] ** 2
    for j in range(x_donor.size):
        density -= 0.5 * x_donor[j] ** 2
    largest, total = np.full(carried.shape[0], -np.inf), np.zeros(carried.shape[0])
    for pair in range(share.size):
        share[pair] = base[pair] + scale[0] * x_donor[donor[pair]] + scale[1] * x_pair[pair]
        largest[pilot[pair]] = max(largest[pilot[pair]], share[pair])
        density -= 0.5 * x_pair[pair] ** 2
    for pair in range(share.size):
        share[pair] = exp(share[pair] - largest[pilot[pair]])
        total[pilot[pair]] += share[pair]
    for pair in range(share.size):
        share[pair] /= total[pilot[pair]]
        for k in range(drifts.shape[1]):
            carried[pilot[pair], k + 1] += share[pair] * drifts[donor[pair], k]
    return density


def _donors_back(
    scalars: Any, variance: Any, component: Any, x: Any, x_donor: Any, x_pair: Any, of_pairs: Any, drifts: Any,
    share: Any, in_carried: Any, in_scalars: Any, in_variance: Any, in_component: Any, in_x: Any, in_x_donor: Any,
    in_x_pair: Any,
) -> None:  # fmt: skip
    pilot, donor, _, scale, drift_variance = of_pairs
    q, s = scalars[_Q], scalars[_S]
    in_drifts, in_share, mean = np.zeros(drifts.shape), np.zeros(share.size), np.zeros(in_carried.shape[0])
    for pair in range(share.size):
        for k in range(drifts.shape[1]):
            in_share[pair] += in_carried[pilot[pair], k + 1] * drifts[donor[pair], k]
            in_drifts[donor[pair], k] += in_carried[pilot[pair], k + 1] * share[pair]
        mean[pilot[pair]] += share[pair] * in_share[pair]
    for j in range(x_donor.size):
        in_x_donor[j] = -x_donor[j]
    for pair in range(share.size):
        in_logit = share[pair] * (in_share[pair] - mean[pilot[pair]])
        in_x_donor[donor[pair]] += scale[0] * in_logit
        in_x_pair[pair] = scale[1] * in_logit - x_pair[pair]
    for k in range(1, variance.size):
        d, v = drift_variance[k - 1], variance[k]
        ratio, root = q**2 * d / v, sqrt(d / v)
        in_ratio, in_spread = 0.0, 0.0
        for j in range(x_donor.size):
            in_ratio += in_drifts[j, k - 1] * component[k, j]
            in_spread += in_drifts[j, k - 1] * x[k - 1, j]
            in_component[k, j] = ratio * in_drifts[j, k - 1]
            in_x[k - 1, j] = q * s * root * in_drifts[j, k - 1] - x[k - 1, j]
        in_scalars[_Q] += 2.0 * q * d / v * in_ratio + s * root * in_spread
        in_scalars[_S] += q * root * in_spread
        in_variance[k] -= (ratio * in_ratio + 0.5 * q * s * root * in_spread) / v


def _effects_forth(
    scalars: Any, variance: Any, centre: Any, carried: Any, x: Any, of_pilots: Any, zeta: Any, tau_unit: Any
) -> float:
    """Effects in the pilots, transported with the components integrated out."""
    response, exposure, weight = of_pilots
    tau, spread = scalars[_TAU], scalars[_SPREAD]
    density = 0.0
    for i in range(x.size):
        known, pull, w = 0.0, 0.0, weight[i] / scalars[_SIGMA] ** 2
        for k in range(variance.size):
            precise = exposure[i, k] * w / (1.0 + variance[k] * w)
            known += precise * exposure[i, k]
            pull += precise * (response[i, k] - centre[k] - carried[i, k])
        shrink = 1.0 / (1.0 + spread**2 * known)
        zeta[i] = shrink * spread * (pull - known * tau) + sqrt(shrink) * x[i]
        tau_unit[i] = tau + spread * zeta[i]
        density += 0.5 * log(shrink) - 0.5 * zeta[i] ** 2
    return density


def _effects_back(
    scalars: Any, variance: Any, centre: Any, carried: Any, x: Any, of_pilots: Any, zeta: Any, in_tau_unit: Any,
    in_scalars: Any, in_variance: Any, in_centre: Any, in_carried: Any, in_x: Any,
) -> None:  # fmt: skip
    response, exposure, weight = of_pilots
    tau, spread, sigma = scalars[_TAU], scalars[_SPREAD], scalars[_SIGMA]
    for i in range(x.size):
        known, pull, w = 0.0, 0.0, weight[i] / sigma**2
        for k in range(variance.size):
            precise = exposure[i, k] * w / (1.0 + variance[k] * w)
            known += precise * exposure[i, k]
            pull += precise * (response[i, k] - centre[k] - carried[i, k])
        shrink = 1.0 / (1.0 + spread**2 * known)
        gap = pull - known * tau
        in_zeta = in_tau_unit[i] * spread - zeta[i]
        in_x[i] = in_zeta * sqrt(shrink)
        in_shrink = in_zeta * (spread * gap + 0.5 * x[i] / sqrt(shrink)) + 0.5 / shrink
        in_pull = in_zeta * shrink * spread
        in_known = -in_pull * tau - in_shrink * shrink**2 * spread**2
        in_scalars[_TAU] += in_tau_unit[i] - in_pull * known
        in_scalars[_SPREAD] += in_tau_unit[i] * zeta[i] + in_zeta * shrink * gap
        in_scalars[_SPREAD] -= 2.0 * in_shrink * shrink**2 * spread * known
        for k in range(variance.size):
            b = exposure[i, k]
            ratio = 1.0 / (1.0 + variance[k] * w)
            in_precision = in_known * b * b + in_pull * b * (response[i, k] - centre[k] - carried[i, k])
            in_centre[k] -= in_pull * w * ratio * b
            in_carried[i, k] -= in_pull * w * ratio * b
            in_variance[k] -= in_precision * (w * ratio) ** 2
            in_scalars[_SIGMA] -= 2.0 * in_precision * ratio**2 * w / sigma


def _location_forth(scalars: Any, path: Any, eta: Any) -> None:
    """Linear predictor of a comparator but for its own path."""
    for t in range(path.size):
        for i in range(eta.shape[1]):
            eta[t, i] = scalars[_MU] + path[t]


def _location_back(in_eta: Any, in_scalars: Any, in_path: Any) -> None:
    for t in range(in_path.size):
        for i in range(in_eta.shape[1]):
            in_path[t] += in_eta[t, i]
        in_scalars[_MU] += in_path[t]


def _pilots_forth(scalars: Any, tau_unit: Any, exposure: Any, carried: Any, basis: Any, eta: Any) -> None:
    """What a pilot's linear predictor has beyond a comparator's: another level, its effect, what weights carry."""
    (pilots, periods), others = exposure.shape, eta.shape[1] - exposure.shape[0]
    for t in range(periods):
        for i in range(pilots):
            eta[t, others + i] += scalars[_BETA] + tau_unit[i] * exposure[i, t]
            for k in range(1, periods):
                eta[t, others + i] += carried[i, k] * basis[k, t]


def _pilots_back(in_eta: Any, exposure: Any, basis: Any, in_scalars: Any, in_tau_unit: Any, in_carried: Any) -> None:
    (pilots, periods), others = exposure.shape, in_eta.shape[1] - exposure.shape[0]
    for t in range(periods):
        for i in range(pilots):
            in_scalars[_BETA] += in_eta[t, others + i]
            in_tau_unit[i] += in_eta[t, others + i] * exposure[i, t]
            for k in range(1, periods):
                in_carried[i, k] += in_eta[t, others + i] * basis[k, t]


def _components_forth(
    weight: Any, variance: Any, sign: Any, residual: Any, x: Any, shrink: Any, spread: Any, whole: Any,
    component: Any,
) -> float:  # fmt: skip
    """Components of some units' paths, shape (component, unit), from their residuals and coordinates.

    With weight w, variance v, residual r in the coordinates of the basis, and the sign of the root,

        d = 1 / (1 + v w),   s = sign sqrt(v d),   e = s w r + x,   component c = s e,

    the density is -d e^2 / 2 + log(d) / 2.
    """
    determinant, density = np.ones(weight.size), 0.0
    for k in range(variance.size):
        v = variance[k]
        for j in range(weight.size):
            d = 1.0 / (1.0 + v * weight[j])
            s = sign[k] * sqrt(v * d)
            e = s * weight[j] * residual[k, j] + x[k, j]
            shrink[k, j], spread[k, j], whole[k, j], component[k, j] = d, s, e, s * e
            density -= 0.5 * d * e * e
            determinant[j] *= d
        if k % 8 == 7 or k == variance.size - 1:  # one logarithm for eight components
            for j in range(weight.size):
                density += 0.5 * log(determinant[j])
                determinant[j] = 1.0
    return density


def _components_back(
    weight: Any, variance: Any, residual: Any, shrink: Any, spread: Any, whole: Any, pull: Any,
    in_variance: Any, in_weight: Any, in_x: Any, in_residual: Any,
) -> None:  # fmt: skip
    """Derivatives, given that of the rest of the density in the components, `pull`."""
    for k in range(variance.size):
        v, total = variance[k], 0.0
        for j in range(weight.size):
            d, s, e, w, r = shrink[k, j], spread[k, j], whole[k, j], weight[j], residual[k, j]
            in_e = s * pull[k, j] - d * e
            # derivatives in s and in d, each times s or d: the logarithm's needs no division
            in_s = s * (e * pull[k, j] + w * r * in_e)
            in_d = 0.5 - 0.5 * d * e * e
            in_x[k, j] = in_e
            in_residual[k, j] = s * w * in_e
            in_weight[j] += s * r * in_e - (0.5 * in_s + in_d) * v * d
            total += 0.5 * in_s * d - in_d * (1.0 - d)
        in_variance[k] += total / v


def _sweep_of(paths_forth: Callable[..., float], paths_back: Callable[..., float]) -> Callable[..., float]:
    """Paths of some units, a block at a time: forwards, backwards, or each block both ways."""

    def sweep(
        start: int, stop: int, forth: bool, back: bool, scalars: Any, variance: Any, sign: Any, paths: Any,
        in_paths: Any, in_variance: Any, of_paths: Any,
    ) -> float:  # fmt: skip
        (x, xi, _, kept), missing_unit = paths, of_paths[4]
        periods, density, done = x.shape[0], 0.0, 0
        whole = kept.size == 6 * x.size
        while done < xi.size and missing_unit[done] < start:
            done += 1
        for first in range(start, stop, BLOCK):
            last, begin = min(first + BLOCK, stop), done
            while done < xi.size and missing_unit[done] < last:
                done += 1
            at = 6 * periods * first if whole else 0
            block = kept[at : at + 6 * periods * (last - first)].reshape((6, periods, last - first))
            if forth:
                density += paths_forth(first, last, begin, done, scalars, variance, sign, paths, block, of_paths)
            if back:
                density += paths_back(
                    first, last, begin, done, scalars, variance, paths, block, in_paths, in_variance, of_paths
                )
        return density

    return sweep


def _gather(kept: Any, component: Any) -> None:
    """Comparators' components out of the blocks in which they were kept."""
    periods, units = component.shape
    for first in range(0, units, BLOCK):
        last = min(first + BLOCK, units)
        block = kept[6 * periods * first : 6 * periods * last].reshape((6, periods, last - first))
        component[:, first:last] = block[5]


def _paths_forth_of(components_forth: Callable[..., Any]) -> Callable[..., float]:
    """Components of the paths of a block of units."""

    def forth(
        first: int, last: int, begin: int, end: int, scalars: Any, variance: Any, sign: Any, paths: Any, block: Any,
        of_paths: Any,
    ) -> float:  # fmt: skip
        (x, xi, eta, _), (_, _, response, mean_weight, missing_unit, missing_time, basis) = paths, of_paths
        gap, residual, shrink, spread, whole, component = block[0], block[1], block[2], block[3], block[4], block[5]
        for t in range(gap.shape[0]):
            for j in range(gap.shape[1]):
                gap[t, j] = response[t, first + j] - eta[t, first + j]
        for m in range(begin, end):
            gap[missing_time[m], missing_unit[m] - first] = PSEUDO_SCALE * xi[m]
        np.dot(basis, gap, residual)
        weight = mean_weight[first:last] / scalars[_SIGMA] ** 2
        density: float = components_forth(
            weight, variance, sign, residual, x[:, first:last], shrink, spread, whole, component
        )
        return density

    return forth


def _paths_back_of(components_back: Callable[..., Any], slopes: Callable[..., Any]) -> Callable[..., float]:
    """Likelihood of a block of units and its missing cells, and all derivatives in their paths."""

    def back(
        first: int, last: int, begin: int, end: int, scalars: Any, variance: Any, paths: Any, block: Any,
        in_paths: Any, in_variance: Any, of_paths: Any,
    ) -> float:  # fmt: skip
        (_, xi, eta, _), (in_x, in_xi, in_eta, in_component, in_scalars) = paths, in_paths
        standard, fields, _, mean_weight, missing_unit, missing_time, basis = of_paths
        slope, residual, shrink, spread, whole, component = block[0], block[1], block[2], block[3], block[4], block[5]
        (periods, units), sigma = slope.shape, scalars[_SIGMA]
        weight, in_weight = mean_weight[first:last] / sigma**2, np.zeros(units)
        across = np.ascontiguousarray(basis.T)
        departure, density = np.dot(across, component), 0.0
        for t in range(periods):
            for j in range(units):
                eta[t, first + j] += departure[t, j]
            value, in_noise = slopes(eta[t, first:last], sigma, fields[:, t, first:last], standard, slope[t])
            density += value
            in_scalars[_SIGMA] += in_noise
        for m in range(begin, end):
            t, j = missing_time[m], missing_unit[m] - first
            away = departure[t, j] - PSEUDO_SCALE * xi[m]
            density += 0.5 * log(weight[j]) - 0.5 * weight[j] * away * away
            in_weight[j] += 0.5 / weight[j] - 0.5 * away * away
            slope[t, j] = -weight[j] * away
        pull = np.dot(basis, slope)
        if first < in_component.shape[1]:
            for k in range(periods):
                for j in range(units):
                    pull[k, j] += in_component[k, first + j]
        components_back(
            weight, variance, residual, shrink, spread, whole, pull, in_variance, in_weight, in_x[:, first:last],
            component,
        )  # fmt: skip
        returned = np.dot(across, component)
        for t in range(periods):
            for j in range(units):
                in_eta[t, first + j] = slope[t, j] - returned[t, j]
        for m in range(begin, end):
            t, j = missing_time[m], missing_unit[m] - first
            in_xi[m] = PSEUDO_SCALE * (returned[t, j] - slope[t, j])
            in_eta[t, first + j] = 0.0
        for j in range(units):
            in_scalars[_SIGMA] -= 2.0 * in_weight[j] * weight[j] / sigma
        return density

    return back
