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
    "places", "priors", "standard", "fields", "response", "mean_weight", "missing_unit", "missing_time", "pilot_unit",
    "exposure", "pilot_exposure", "pilot_response", "basis", "drift_variance",
)  # fmt: skip
PSEUDO_SCALE = 0.3
BLOCK = 64  # units: what they need stays in the fastest cache
_MU, _BETA, _S, _Q, _ALPHA, _TAU, _SPREAD, _SIGMA = range(8)
_IS_SCALE = np.array([name in SCALES for name in SCALARS])
_SQRT_HALF, _NORMAL_PEAK = sqrt(0.5), 1 / sqrt(2 * pi)
_ABSENT = np.array([1.0 if name == "sigma" else 0.0 for name in SCALARS])


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
    effects_forth, effects_back = jit(_effects_forth), jit(_effects_back)
    location_forth, location_back = jit(_location_forth), jit(_location_back)
    paths = jit(_paths_of(jit(_components_forth), jit(_components_back), jit(family_of(name).slopes)))

    @jit
    def kernel(
        point: Any, gradient: Any, reported: Any,
        places: Any, priors: Any, standard: Any, fields: Any, response: Any, mean_weight: Any, missing_unit: Any,
        missing_time: Any, pilot_unit: Any, exposure: Any, pilot_exposure: Any, pilot_response: Any, basis: Any,
        drift_variance: Any,
    ) -> float:  # fmt: skip
        (periods, units), pilots = response.shape, pilot_unit.size
        at_slow, at_tau, at_x, at_xi = places[8], places[9], places[10], places[11]
        scalars, path, tau_unit = reported[:8], reported[8 : 8 + periods], reported[8 + periods : 8 + periods + pilots]
        eta = reported[8 + periods + pilots :].reshape((periods, units))
        slow, in_slow = point[at_slow : at_slow + periods - 1], gradient[at_slow : at_slow + periods - 1]
        x_tau, in_x_tau = point[at_tau : at_tau + pilots], gradient[at_tau : at_tau + pilots]
        x, in_x = point[at_x:at_xi].reshape((periods, units)), gradient[at_x:at_xi].reshape((periods, units))
        variance, sign, centre, zeta = np.empty(periods), np.empty(periods), np.empty(periods), np.empty(pilots)
        in_scalars, in_tau_unit, in_eta = np.zeros(8), np.zeros(pilots), np.empty((periods, units))
        in_variance, in_centre, in_path = np.zeros(periods), np.zeros(periods), np.zeros(periods)
        of_pilots = (pilot_response, pilot_exposure, mean_weight, pilot_unit)

        density: float = scalars_forth(point, places, priors, scalars)
        density += moments_forth(scalars, slow, priors[8, 1], basis, drift_variance, variance, sign, centre, path)
        density += effects_forth(scalars, variance, centre, x_tau, of_pilots, zeta, tau_unit)
        location_forth(scalars, path, tau_unit, pilot_unit, exposure, eta)
        density += paths(
            scalars[_SIGMA], variance, sign, x, point[at_xi:], eta, in_scalars, in_variance, in_x, gradient[at_xi:],
            in_eta, (standard, fields, response, mean_weight, missing_unit, missing_time, basis),
        )  # fmt: skip
        location_back(in_eta, pilot_unit, exposure, in_scalars, in_path, in_tau_unit)
        effects_back(
            scalars, variance, centre, x_tau, of_pilots, zeta, in_tau_unit, in_scalars, in_variance, in_centre, in_x_tau
        )
        moments_back(
            scalars, slow, priors[8, 1], basis, drift_variance, in_variance, in_centre, in_path, in_scalars, in_slow
        )
        scalars_back(point, places, priors, in_scalars, scalars, gradient)
        return density

    return kernel


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function for numba to compile, once for all families."""
    import numba

    return numba.njit(error_model="numpy", nogil=True)(function)  # type: ignore[no-any-return]


def _scalars_forth(point: Any, places: Any, priors: Any, scalars: Any) -> float:
    """Hyperparameters, scales with their sign, and the density of their coordinates."""
    density = 0.0
    for place in range(8):
        scalars[place] = _ABSENT[place]
        if places[place] >= 0:
            value = point[places[place]]
            if place == _SPREAD:
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
    for place in range(8):
        if places[place] >= 0:
            value, (centre, scale) = point[places[place]], priors[place]
            if place == _SPREAD:
                multiple = scalars[place] / scale
                rate = exp(multiple - 0.5 * value**2) * _NORMAL_PEAK
                gradient[places[place]] = rate * (1.0 - multiple + scale * in_scalars[place]) - value
            else:
                gradient[places[place]] = in_scalars[place] + (centre - value) / scale**2
            if _IS_SCALE[place]:
                scalars[place] = abs(scalars[place])


def _moments_forth(
    scalars: Any, slow: Any, scale: float, basis: Any, drift_variance: Any, variance: Any, sign: Any, centre: Any,
    path: Any,
) -> float:  # fmt: skip
    """Variances of the components and signs of their roots, the common path, and the centre of a pilot's components."""
    periods = path.size
    variance[0] = periods * scalars[_ALPHA] ** 2 + scalars[_S] ** 2
    centre[0] = sqrt(periods) * (scalars[_MU] + scalars[_BETA])
    path[:] = 0.0
    density = 0.0
    sign[:] = 1.0 if scalars[_SIGMA] > 0 else -1.0
    if scalars[_S] == 0 and scalars[_ALPHA] < 0:
        sign[0] *= -1.0
    if scalars[_S] == 0 and scalars[_Q] < 0:
        sign[1:] *= -1.0
    for k in range(1, periods):
        variance[k] = scalars[_Q] ** 2 * drift_variance[k - 1] + scalars[_S] ** 2
        centre[k] = slow[k - 1]
        density -= 0.5 * (slow[k - 1] / scale) ** 2
        for t in range(periods):
            path[t] += slow[k - 1] * basis[k, t]
    return density


def _moments_back(
    scalars: Any, slow: Any, scale: float, basis: Any, drift_variance: Any, in_variance: Any, in_centre: Any,
    in_path: Any, in_scalars: Any, in_slow: Any,
) -> None:  # fmt: skip
    periods = in_path.size
    in_scalars[_MU] += sqrt(periods) * in_centre[0]
    in_scalars[_BETA] += sqrt(periods) * in_centre[0]
    in_scalars[_ALPHA] += 2.0 * periods * scalars[_ALPHA] * in_variance[0]
    in_scalars[_S] += 2.0 * scalars[_S] * in_variance[0]
    for k in range(1, periods):
        in_scalars[_S] += 2.0 * scalars[_S] * in_variance[k]
        in_scalars[_Q] += 2.0 * scalars[_Q] * drift_variance[k - 1] * in_variance[k]
        in_slow[k - 1] = in_centre[k] - slow[k - 1] / scale**2
        for t in range(periods):
            in_slow[k - 1] += in_path[t] * basis[k, t]


def _effects_forth(scalars: Any, variance: Any, centre: Any, x: Any, of_pilots: Any, zeta: Any, tau_unit: Any) -> float:
    """Effects in the pilots, transported with the components integrated out."""
    response, exposure, weight, unit = of_pilots
    tau, spread = scalars[_TAU], scalars[_SPREAD]
    density = 0.0
    for i in range(x.size):
        known, pull, w = 0.0, 0.0, weight[unit[i]] / scalars[_SIGMA] ** 2
        for k in range(variance.size):
            precise = exposure[i, k] * w / (1.0 + variance[k] * w)
            known += precise * exposure[i, k]
            pull += precise * (response[i, k] - centre[k])
        shrink = 1.0 / (1.0 + spread**2 * known)
        zeta[i] = shrink * spread * (pull - known * tau) + sqrt(shrink) * x[i]
        tau_unit[i] = tau + spread * zeta[i]
        density += 0.5 * log(shrink) - 0.5 * zeta[i] ** 2
    return density


def _effects_back(
    scalars: Any, variance: Any, centre: Any, x: Any, of_pilots: Any, zeta: Any, in_tau_unit: Any,
    in_scalars: Any, in_variance: Any, in_centre: Any, in_x: Any,
) -> None:  # fmt: skip
    response, exposure, weight, unit = of_pilots
    tau, spread, sigma = scalars[_TAU], scalars[_SPREAD], scalars[_SIGMA]
    for i in range(x.size):
        known, pull, w = 0.0, 0.0, weight[unit[i]] / sigma**2
        for k in range(variance.size):
            precise = exposure[i, k] * w / (1.0 + variance[k] * w)
            known += precise * exposure[i, k]
            pull += precise * (response[i, k] - centre[k])
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
            in_precision = in_known * b * b + in_pull * b * (response[i, k] - centre[k])
            in_centre[k] -= in_pull * w * ratio * b
            in_variance[k] -= in_precision * (w * ratio) ** 2
            in_scalars[_SIGMA] -= 2.0 * in_precision * ratio**2 * w / sigma


def _location_forth(scalars: Any, path: Any, tau_unit: Any, unit: Any, exposure: Any, eta: Any) -> None:
    """Linear predictor but for the paths."""
    for t in range(path.size):
        for i in range(eta.shape[1]):
            eta[t, i] = scalars[_MU] + path[t]
        for i in range(unit.size):
            eta[t, unit[i]] += scalars[_BETA] + tau_unit[i] * exposure[i, t]


def _location_back(in_eta: Any, unit: Any, exposure: Any, in_scalars: Any, in_path: Any, in_tau_unit: Any) -> None:
    for t in range(in_path.size):
        for i in range(in_eta.shape[1]):
            in_path[t] += in_eta[t, i]
        in_scalars[_MU] += in_path[t]
        for i in range(unit.size):
            in_scalars[_BETA] += in_eta[t, unit[i]]
            in_tau_unit[i] += in_eta[t, unit[i]] * exposure[i, t]


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


def _paths_of(
    components_forth: Callable[..., Any], components_back: Callable[..., Any], slopes: Callable[..., Any]
) -> Callable[..., float]:
    """Paths, missing cells and likelihood of a family, a block of units at a time."""

    def paths(
        sigma: float, variance: Any, sign: Any, x: Any, xi: Any, eta: Any, in_scalars: Any, in_variance: Any, in_x: Any,
        in_xi: Any, in_eta: Any, data: Any,
    ) -> float:  # fmt: skip
        standard, fields, response, mean_weight, missing_unit, missing_time, basis = data
        periods, units = x.shape
        across = np.ascontiguousarray(basis.T)
        density, done = 0.0, 0
        for first in range(0, units, BLOCK):
            last = min(first + BLOCK, units)
            shape, begin = (periods, last - first), done
            shrink, spread, whole, component = np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape)
            weight, in_weight, gap = np.empty(last - first), np.zeros(last - first), np.empty(shape)
            for j in range(last - first):
                weight[j] = mean_weight[first + j] / sigma**2
                for t in range(periods):
                    gap[t, j] = response[t, first + j] - eta[t, first + j]
            while done < xi.size and missing_unit[done] < last:
                gap[missing_time[done], missing_unit[done] - first] = PSEUDO_SCALE * xi[done]
                done += 1
            residual = np.dot(basis, gap)
            density += components_forth(
                weight, variance, sign, residual, x[:, first:last], shrink, spread, whole, component
            )
            departure, slope = np.dot(across, component), gap
            for t in range(periods):
                for j in range(last - first):
                    eta[t, first + j] += departure[t, j]
                value, in_noise = slopes(eta[t, first:last], sigma, fields[:, t, first:last], standard, slope[t])
                density += value
                in_scalars[_SIGMA] += in_noise
            for m in range(begin, done):
                t, j = missing_time[m], missing_unit[m] - first
                away = departure[t, j] - PSEUDO_SCALE * xi[m]
                density += 0.5 * log(weight[j]) - 0.5 * weight[j] * away * away
                in_weight[j] += 0.5 / weight[j] - 0.5 * away * away
                slope[t, j] = -weight[j] * away
            components_back(
                weight, variance, residual, shrink, spread, whole, np.dot(basis, slope),
                in_variance, in_weight, in_x[:, first:last], component,
            )  # fmt: skip
            back = np.dot(across, component)
            for t in range(periods):
                for j in range(last - first):
                    in_eta[t, first + j] = slope[t, j] - back[t, j]
            for m in range(begin, done):
                t, j = missing_time[m], missing_unit[m] - first
                in_xi[m] = PSEUDO_SCALE * (back[t, j] - slope[t, j])
                in_eta[t, first + j] = 0.0
            for j in range(last - first):
                in_scalars[_SIGMA] -= 2.0 * in_weight[j] * weight[j] / sigma
        return density

    return paths
