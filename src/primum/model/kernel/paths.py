"""Units' own paths, block by block (`primum.model.transport`); of the cells on them: `primum.model.kernel.likelihood`.

For units j of a block and components k, with the diagonal weight w, the prior's variance v (the
level's, in the constant component, and the rest times the square of the unit's scale) and the factor
M of a unit,

    d = 1 / (1 + v w),   s = sign sqrt(v d),   e = M (M' (s r) + x),   component c = s e,

where r is the cells' weighted residual in the coordinates of the basis, once leading components are
taken out of it. These have p in place of w, L' times what those before leave of responses in place of r,
and no factor. The density of x is -d e^2 / 2 + log(d) / 2, summed, beside the likelihood. Cells with a
pseudo-response have its density in place of a likelihood.

Of larger arrays each loop takes a row, or a copy: compilers vectorise over units only what they know to lie
side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, sqrt
from typing import Any

import numpy as np

from primum.model.kernel.places import BLOCK, PSEUDO_SCALE


def leads_forth(
    first: int, last: int, lead: Any, told: Any, precision: Any, level: float, variance: Any, scale_of: Any,
    sign: Any, basis: Any, x: Any, away: Any, block: Any, determinant: Any,
) -> float:  # fmt: skip
    """Components that go ahead of the others, one after another; ``away`` becomes what they leave of responses.

    Their diagonal parts d are multiplied into ``determinant``.
    """
    residual, shrink, spread, whole, component = block[1], block[2], block[3], block[4], block[5]
    (periods, units), density = away.shape, 0.0
    for k in range(lead.shape[0]):
        constant, seen, drawn = level if k == 0 else 0.0, told[k, first:last], x[k, first:last]
        for j in range(units):
            residual[k, j] = 0.0
        for t in range(periods):
            heavy = lead[k, t, first:last]
            for j in range(units):
                residual[k, j] += precision[j] * heavy[j] * away[t, j]
        for j in range(units):
            v = constant + variance[k] * scale_of[j]
            d = 1.0 / (1.0 + v * precision[j] * seen[j])
            s = sign[k] * sqrt(v * d)
            e = s * residual[k, j] + drawn[j]
            shrink[k, j], spread[k, j], whole[k, j], component[k, j] = d, s, e, s * e
            determinant[j] *= d
            density -= 0.5 * d * e * e
        for t in range(periods):
            for j in range(units):
                away[t, j] -= basis[k, t] * component[k, j]
    return density


def leads_back(
    first: int, last: int, lead: Any, told: Any, precision: Any, level: float, variance: Any, scale_of: Any,
    basis: Any, block: Any, pull: Any, in_away: Any, in_variance: Any, in_log_scale: Any, in_log_precision: Any,
    in_x: Any,
) -> float:  # fmt: skip
    """Derivatives of `leads_forth`, given those in what it leaves; returns that in the level."""
    residual, shrink, spread, whole = block[1], block[2], block[3], block[4]
    (periods, units), in_level = in_away.shape, 0.0
    for k in range(lead.shape[0] - 1, -1, -1):
        constant, seen = level if k == 0 else 0.0, told[k, first:last]
        for t in range(periods):
            for j in range(units):
                pull[k, j] -= basis[k, t] * in_away[t, j]
        for j in range(units):
            d, s, e, v = shrink[k, j], spread[k, j], whole[k, j], constant + variance[k] * scale_of[j]
            in_x[k, j] = s * pull[k, j] - d * e
            in_s = s * (e * pull[k, j] + residual[k, j] * in_x[k, j])
            in_d = 0.5 - 0.5 * d * e * e
            pull[k, j] = s * in_x[k, j]  # from here on the derivative in the residual
            in_weight = -(0.5 * in_s + in_d) * v * d
            in_log_precision[j] += residual[k, j] * pull[k, j] + in_weight * precision[j] * seen[j]
            in_v = (0.5 * in_s * d - in_d * (1.0 - d)) / v
            in_variance[k] += in_v * scale_of[j]
            in_log_scale[j] += in_v * variance[k] * scale_of[j]
            if k == 0:
                in_level += in_v
        for t in range(periods):
            heavy = lead[k, t, first:last]
            for j in range(units):
                in_away[t, j] += precision[j] * heavy[j] * pull[k, j]
    return in_level


def spread_forth(
    leading: int, weight: Any, variance: Any, scale_of: Any, sign: Any, determinant: Any, shrink: Any, spread: Any
) -> float:
    """Diagonal parts d and s, and what d adds to the density, that of leading ones included."""
    density = 0.0
    for k in range(leading, variance.size):
        for j in range(weight.size):
            v = variance[k] * scale_of[j]
            d = 1.0 / (1.0 + v * weight[j])
            shrink[k, j], spread[k, j] = d, sign[k] * sqrt(v * d)
            determinant[j] *= d
        if k % 8 == 7 or k == variance.size - 1:  # one logarithm for eight components
            for j in range(weight.size):
                density += 0.5 * log(determinant[j])
                determinant[j] = 1.0
    return density


def whole_forth(
    leading: int, factor: Any, residual: Any, shrink: Any, spread: Any, pulled: Any, whole: Any, component: Any
) -> float:
    """Whole and component, e and c; ``pulled`` is x, and becomes M' s r + x."""
    (periods, units), density, entry = residual.shape, 0.0, 0
    for k in range(leading, periods):
        for j in range(units):
            component[k, j] = spread[k, j] * residual[k, j]
    for k in range(leading, periods):
        for each in range(leading, k + 1):
            for j in range(units):
                pulled[each, j] += factor[entry, j] * component[k, j]
            entry += 1
    entry = 0
    for k in range(leading, periods):
        for j in range(units):
            whole[k, j] = 0.0
        for each in range(leading, k + 1):
            for j in range(units):
                whole[k, j] += factor[entry, j] * pulled[each, j]
            entry += 1
        for j in range(units):
            component[k, j] = spread[k, j] * whole[k, j]
            density -= 0.5 * shrink[k, j] * whole[k, j] * whole[k, j]
    return density


def whole_back(
    leading: int, factor: Any, weight: Any, variance: Any, scale_of: Any, block: Any, pull: Any, in_whole: Any,
    in_moved: Any, in_variance: Any, in_log_scale: Any, in_weight: Any, in_x: Any, in_residual: Any,
) -> None:  # fmt: skip
    """Derivatives, given that of the rest of the density in the components, ``pull``."""
    residual, shrink, spread, whole = block[1], block[2], block[3], block[4]
    (periods, units), entry = residual.shape, 0
    for k in range(leading, periods):
        for j in range(units):
            in_whole[k, j] = spread[k, j] * pull[k, j] - shrink[k, j] * whole[k, j]
            in_x[k, j] = 0.0
    for k in range(leading, periods):
        for each in range(leading, k + 1):
            for j in range(units):
                in_x[each, j] += factor[entry, j] * in_whole[k, j]
            entry += 1
    entry = 0
    for k in range(leading, periods):
        total = 0.0
        for j in range(units):
            in_moved[k, j] = 0.0
        for each in range(leading, k + 1):
            for j in range(units):
                in_moved[k, j] += factor[entry, j] * in_x[each, j]
            entry += 1
        for j in range(units):
            d, s, e = shrink[k, j], spread[k, j], whole[k, j]
            # derivatives in s and in d, each times s or d: the logarithm's needs no division
            in_s = s * (e * pull[k, j] + residual[k, j] * in_moved[k, j])
            in_d = 0.5 - 0.5 * d * e * e
            in_residual[k, j] = s * in_moved[k, j]
            in_weight[j] -= (0.5 * in_s + in_d) * variance[k] * scale_of[j] * d
            in_moved[k, j] = 0.5 * in_s * d - in_d * (1.0 - d)  # the derivative in the logarithm of v
        for j in range(units):
            total += in_moved[k, j]
            in_log_scale[j] += in_moved[k, j]
        in_variance[k] += total / variance[k]


def shift_of(anchor: Any, response: Any, location: Any, first: int, shift: Any) -> None:
    """How far records of units from ``first`` on lie from their location on average, 0 without pseudo-responses."""
    for t in range(anchor.shape[0]):
        for j in range(shift.size):
            shift[j] += anchor[t, first + j] * (response[t, first + j] - location[t, first + j])


def forth_of(
    leads_forth: Callable[..., float], spread_forth: Callable[..., float], whole_forth: Callable[..., float],
    shift_of: Callable[..., None],
) -> Callable[..., float]:  # fmt: skip
    """Components of the paths of a block of units."""

    def forth(
        first: int, last: int, begin: int, end: int, number: int, level: float, variance: Any, sign: Any, paths: Any,
        block: Any, of_paths: Any,
    ) -> float:  # fmt: skip
        x, xi, eta, _, scale_of, precise, _, _, _ = paths
        _, _, response, cell_weight, mean_weight, factors, basis, pseudo, anchor, lead, told_by, _, _, _ = of_paths
        (pseudo_unit, pseudo_time), leading = pseudo, lead.shape[0]
        gap, residual, shrink, spread, whole, component = block[0], block[1], block[2], block[3], block[4], block[5]
        precision = precise[first:last]
        for t in range(gap.shape[0]):
            told, here = response[t, first:last], eta[t, first:last]
            for j in range(gap.shape[1]):
                gap[t, j] = told[j] - here[j]
        shift = np.zeros(gap.shape[1])
        shift_of(anchor, response, eta, first, shift)
        for m in range(begin, end):
            at = pseudo_unit[m] - first
            gap[pseudo_time[m], at] = shift[at] + PSEUDO_SCALE * xi[m]
        scale, determinant = scale_of[first:last], np.ones(gap.shape[1])
        density: float = leads_forth(
            first, last, lead, told_by, precision, level, variance, scale, sign, basis, x, gap, block, determinant
        )
        for t in range(gap.shape[0]):
            heavy = cell_weight[t, first:last]
            for j in range(gap.shape[1]):
                gap[t, j] *= precision[j] * heavy[j]
        np.dot(basis[leading:], gap, residual[leading:])
        density += spread_forth(
            leading, precision * mean_weight[first:last], variance, scale, sign, determinant, shrink, spread
        )
        for k in range(leading, gap.shape[0]):
            drawn = x[k, first:last]
            for j in range(gap.shape[1]):
                gap[k, j] = drawn[j]
        density += whole_forth(leading, factors[number], residual, shrink, spread, gap, whole, component)
        return density

    return forth


def back_of(
    leads_back: Callable[..., Any], whole_back: Callable[..., None], shift_of: Callable[..., None],
    cells: Callable[..., float],
) -> Callable[..., float]:  # fmt: skip
    """Likelihood of a block of units, and all derivatives in their paths."""

    def back(
        first: int, last: int, begin: int, end: int, number: int, scalars: Any, level: float, variance: Any, paths: Any,
        block: Any, in_paths: Any, in_variance: Any, of_paths: Any,
    ) -> float:  # fmt: skip
        _, xi, eta, _, scale_of, precise, _, _, _ = paths
        in_x, in_xi, in_eta, in_component, _, in_log_scale, in_log_precision, in_level, _, _, _, _ = in_paths
        _, _, response, cell_weight, mean_weight, factors, basis, pseudo, anchor, lead, told_by, _, _, _ = of_paths
        slope, residual, component = block[0], block[1], block[5]
        (pseudo_unit, pseudo_time), leading = pseudo, lead.shape[0]
        (periods, units), scale, precision = slope.shape, scale_of[first:last], precise[first:last]
        weight, in_weight = precision * mean_weight[first:last], np.zeros(units)
        across = np.ascontiguousarray(basis.T)
        departure = np.dot(across, component)
        shift, in_shift = np.zeros(units), np.zeros(units)
        shift_of(anchor, response, eta, first, shift)
        density = cells(first, last, scalars, paths, in_paths, of_paths, departure, slope)
        for m in range(begin, end):
            t, j = pseudo_time[m], pseudo_unit[m] - first
            away = departure[t, j] - shift[j] - PSEUDO_SCALE * xi[m]
            density += 0.5 * log(weight[j]) - 0.5 * weight[j] * away * away
            in_weight[j] += 0.5 / weight[j] - 0.5 * away * away
            slope[t, j] = -weight[j] * away
        pull = np.dot(basis, slope)
        if first < in_component.shape[1]:
            for k in range(periods):
                for j in range(units):
                    pull[k, j] += in_component[k, first + j]
        in_residual, moves = component, np.empty((periods, units))
        whole_back(
            leading, factors[number], weight, variance, scale, block, pull, departure, np.empty((periods, units)),
            in_variance, in_log_scale[first:last], in_weight, moves, in_residual,
        )  # fmt: skip
        moved = in_log_precision[first:last]
        for k in range(leading, periods):
            for j in range(units):
                moved[j] += residual[k, j] * in_residual[k, j]
        for j in range(units):
            moved[j] += in_weight[j] * weight[j]
        for k in range(leading):
            for j in range(units):
                in_residual[k, j] = 0.0
        in_away = np.dot(across, in_residual)
        for t in range(periods):
            heavy = cell_weight[t, first:last]
            for j in range(units):
                in_away[t, j] *= precision[j] * heavy[j]
        in_level[0] += leads_back(
            first, last, lead, told_by, precision, level, variance, scale, basis, block, pull, in_away, in_variance,
            in_log_scale[first:last], moved, moves,
        )  # fmt: skip
        for k in range(periods):
            into = in_x[k, first:last]
            for j in range(units):
                into[j] = moves[k, j]
        for t in range(periods):
            into = in_eta[t, first:last]
            for j in range(units):
                into[j] = slope[t, j] - in_away[t, j]
        for m in range(begin, end):
            t, at = pseudo_time[m], pseudo_unit[m]
            in_xi[m] = -PSEUDO_SCALE * in_eta[t, at]
            in_shift[at - first] -= in_eta[t, at]
            in_eta[t, at] = 0.0  # the pseudo-response moves with the location
        for t in range(anchor.shape[0]):
            for j in range(units):
                in_eta[t, first + j] -= anchor[t, first + j] * in_shift[j]
        return density

    return back


def sweep_of(
    forth: Callable[..., float], back: Callable[..., float], chained: Callable[..., float]
) -> Callable[..., float]:
    """Paths of some units, a block at a time: forwards, backwards, or each block both ways."""

    def sweep(
        start: int, stop: int, ahead: bool, behind: bool, scalars: Any, level: float, variance: Any, sign: Any,
        paths: Any, in_paths: Any, in_variance: Any, of_paths: Any,
    ) -> float:  # fmt: skip
        x, xi, _, kept, _, _, _, shock, _ = paths
        pseudo_unit, periods, density, done = of_paths[7][0], x.shape[0], 0.0, 0
        while done < xi.size and pseudo_unit[done] < start:
            done += 1
        whole = kept.size == 6 * x.size
        number = (start + BLOCK - 1) // BLOCK
        for first in range(start, stop, BLOCK):
            last, begin = min(first + BLOCK, stop), done
            while done < xi.size and pseudo_unit[done] < last:
                done += 1
            at = 6 * periods * first if whole else 0
            block = kept[at : at + 6 * periods * (last - first)].reshape((6, periods, last - first))
            if shock.shape[0]:
                density += chained(
                    first, last, behind, scalars, level, variance, sign, paths, block[5], in_paths, in_variance,
                    of_paths,
                )  # fmt: skip
            else:
                if ahead:
                    density += forth(first, last, begin, done, number, level, variance, sign, paths, block, of_paths)
                if behind:
                    density += back(
                        first, last, begin, done, number, scalars, level, variance, paths, block, in_paths,
                        in_variance, of_paths,
                    )  # fmt: skip
            number += 1
        return density

    return sweep


def gather(start: int, stop: int, kept: Any, component: Any) -> None:
    """Components of some units out of the blocks in which they were kept."""
    periods = component.shape[0]
    for first in range(start, stop, BLOCK):
        last = min(first + BLOCK, stop)
        block = kept[6 * periods * first : 6 * periods * last].reshape((6, periods, last - first))
        for k in range(periods):  # numba takes a second and a half to compile the same with slices
            for j in range(last - first):
                component[k, first + j] = block[5, k, j]
