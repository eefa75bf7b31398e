"""What outcomes that are fitted jointly say of each other, seen from one of them (`primum.model.joint`).

A row of numbers passes between an outcome and `primum.model.kernel.joint`, which `views` takes apart:

    behind      whether derivatives are wanted, or only what later outcomes need to know
    left        SDs that the outcomes before leave to level, path, effect and weights, of 1
    turned      signs of the roots of the level's variance and of the path's
    known       what the outcomes before expect of this one's components, effects and weights, in SDs
    found       its own innovations: how far it departs from that, in the SDs that were left

and the derivatives in left, known and found. Components are those of units in the model's order, shape
(component, unit), effects those of pilots, weights those of comparators where they are pooled; all lie in one vector.
An outcome by itself has a row of length 0.

Roots of components' variances come in two rows, comparators' and pilots'.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

_HEAD = 11
LEVEL, PATH, EFFECT, WEIGHT = range(4)


def length_of(row: int) -> int:
    """Length of such a row, given that of components, effects and weights together."""
    return _HEAD + 4 * row


def views(between: Any) -> tuple[Any, ...]:
    """Parts of a row: behind and turned; left, known and found; and the derivatives in these."""
    size = (between.size - _HEAD) // 4
    known, found = between[_HEAD : _HEAD + size], between[_HEAD + size : _HEAD + 2 * size]
    in_known, in_found = between[_HEAD + 2 * size : _HEAD + 3 * size], between[_HEAD + 3 * size :]
    return between[0:1], between[1:3], between[3:7], known, found, between[7:11], in_known, in_found


def alone_ahead(between: Any) -> bool:
    """Whether only what later outcomes need is wanted: never of an outcome by itself."""
    return False


def joined_ahead(between: Any) -> bool:
    """Whether only what later outcomes need is wanted."""
    return bool(between[0] == 0.0)


def alone_effects(between: Any, first: int, pilots: int) -> tuple[Any, float, Any, Any]:
    """Nothing is expected of effects and all of their SD is left; nobody has derivatives in what was found."""
    return np.zeros(pilots), 1.0, np.empty(0), np.empty(pilots)


def joined_effects(between: Any, first: int, pilots: int) -> tuple[Any, float, Any, Any]:
    """What is expected of effects and the SD that is left; derivatives in what was found, and room for others."""
    _, _, left, known, _, _, in_known, in_found = views(between)
    last = first + pilots
    return known[first:last], left[EFFECT], in_found[first:last], in_known[first:last]


def alone_donors(between: Any, pilots: int, component: Any, root: Any, x: Any, lean: Any) -> Any:
    """Comparators' components as they are, and how weights lean to each."""
    for j in range(lean.size):
        lean[j] = x[j]
    return component


def joined_donors(between: Any, pilots: int, component: Any, root: Any, x: Any, lean: Any) -> Any:
    """Comparators' components with what was expected of them, and how weights lean to each, given other outcomes."""
    _, _, left, known, _, _, _, _ = views(between)
    (periods, units), first = component.shape, component.size + pilots
    whole = np.empty((periods, lean.size))
    for k in range(periods):
        for j in range(lean.size):
            whole[k, j] = component[k, j] + root[0, k] * known[k * units + j]
    for j in range(lean.size):
        lean[j] = known[first + j] + left[WEIGHT] * x[j] if first < known.size else x[j]
    return whole


def alone_leaning(between: Any, first: int, x: Any, in_lean: Any, in_x: Any) -> None:
    """Derivatives in coordinates of how weights lean, given those in that."""
    for j in range(in_lean.size):
        in_x[j] += in_lean[j]


def joined_leaning(between: Any, first: int, x: Any, in_lean: Any, in_x: Any) -> None:
    """Derivatives in coordinates of how weights lean, in what was expected of it, and in the SD that was left."""
    _, _, left, _, _, in_left, in_known, in_found = views(between)
    in_left[WEIGHT] = 0.0
    for j in range(in_lean.size):
        if first < in_known.size:
            in_x[j] += left[WEIGHT] * in_lean[j] + in_found[first + j]
            in_known[first + j] = in_lean[j]
            in_left[WEIGHT] += in_lean[j] * x[j]
        else:
            in_x[j] += in_lean[j]


def alone_forth(
    between: Any, flipped: bool, level: float, variance: Any, own: Any, sign: Any, basis: Any, root: Any, eta: Any,
    carried: Any, in_component: Any,
) -> float:  # fmt: skip
    """The level's variance, which is all there is to say of an outcome by itself."""
    return level


def joined_forth(
    between: Any, flipped: bool, level: float, variance: Any, own: Any, sign: Any, basis: Any, root: Any, eta: Any,
    carried: Any, in_component: Any,
) -> float:  # fmt: skip
    """Move locations to what the outcomes before expect, and leave the variance that they leave.

    Comparators' locations are moved in ``eta``, pilots' in ``carried``. ``in_component`` becomes the derivative of
    later outcomes' densities in the components. Returns what is left of the level's variance.
    """
    _, turned, left, known, _, _, _, in_found = views(between)
    (pilots, periods), units = carried.shape, eta.shape[1]
    others = units - pilots
    shift = np.empty((periods, others))
    for k in range(periods):
        part, constant = left[LEVEL] if k == 0 else left[PATH], level if k == 0 else 0.0
        # the noise's sign goes with the innovations, not with the root of a variance
        turn = -sign[k] if flipped else sign[k]
        root[0, k], root[1, k] = turn * sqrt(variance[k] + constant), turn * sqrt(own[k] + constant)
        for j in range(others):
            shift[k, j] = root[0, k] * known[k * units + j]
        for i in range(pilots):
            carried[i, k] += root[1, k] * known[k * units + others + i]
        for j in range(units):
            in_component[k, j] = in_found[k * units + j] / (root[0 if j < others else 1, k] * part)
        variance[k] *= part * part
        own[k] *= part * part
    turned[LEVEL], turned[PATH] = np.sign(root[0, 0]), np.sign(root[0, 1])
    moved = np.dot(np.ascontiguousarray(basis.T), shift)
    for t in range(periods):
        for j in range(others):
            eta[t, j] += moved[t, j]
    return float(level * left[LEVEL] ** 2)


def alone_found(between: Any, component: Any, zeta: Any, x_donor: Any, root: Any) -> None:
    """Nobody asks what an outcome by itself has found."""


def joined_found(between: Any, component: Any, zeta: Any, x_donor: Any, root: Any) -> None:
    """What later outcomes need to know: innovations of components, of effects and of weights."""
    _, _, left, _, found, _, _, _ = views(between)
    (periods, units), others = component.shape, component.shape[1] - zeta.size
    for k in range(periods):
        part = left[LEVEL] if k == 0 else left[PATH]
        for j in range(units):
            found[k * units + j] = component[k, j] / (root[0 if j < others else 1, k] * part)
    for i in range(zeta.size):
        found[periods * units + i] = zeta[i]
    first = periods * units + zeta.size
    for j in range(min(x_donor.size, found.size - first)):
        found[first + j] = x_donor[j]


def alone_back(
    between: Any, level: float, variance: Any, own: Any, basis: Any, root: Any, in_eta: Any, in_carried: Any,
    in_whole: Any, in_level: Any, in_variance: Any, in_own: Any, in_left: float,
) -> None:  # fmt: skip
    """Derivatives in variances are as they are."""


def joined_back(
    between: Any, level: float, variance: Any, own: Any, basis: Any, root: Any, in_eta: Any, in_carried: Any,
    in_whole: Any, in_level: Any, in_variance: Any, in_own: Any, in_left: float,
) -> None:  # fmt: skip
    """Derivatives in what the outcomes before expect and leave; those in variances become derivatives in all of them.

    ``level``, ``variance`` and ``own`` are what was left, ``in_left`` is the derivative in the SD that was left to
    effects, and ``in_whole`` are those in comparators' components with what was expected of them, for weights.
    """
    _, _, left, known, found, in_lefts, in_known, in_found = views(between)
    (pilots, periods), units = in_carried.shape, in_eta.shape[1]
    others = units - pilots
    in_shift, in_root = np.dot(basis, np.ascontiguousarray(in_eta[:, :others])), np.empty(2)
    in_lefts[LEVEL], in_lefts[PATH], in_lefts[EFFECT] = 0.0, 0.0, in_left
    for k in range(periods):
        which = LEVEL if k == 0 else PATH
        part, innovations = left[which], 0.0
        in_root[:] = 0.0
        for j in range(units):
            at, mine = k * units + j, 0 if j < others else 1
            moved = in_shift[k, j] if j < others else in_carried[j - others, k]
            if j < in_whole.shape[1]:
                moved += in_whole[k, j]
            in_known[at] = root[mine, k] * moved
            innovation = found[at] * in_found[at]
            innovations += innovation
            in_root[mine] += known[at] * moved - innovation / root[mine, k]
        in_total, in_total_own = 0.5 * in_root[0] / root[0, k], 0.5 * in_root[1] / root[1, k]
        in_lefts[which] += (2.0 * (variance[k] * in_variance[k] + own[k] * in_own[k]) - innovations) / part
        in_variance[k] = part * part * in_variance[k] + in_total
        in_own[k] = part * part * in_own[k] + in_total_own
        if k == 0:
            in_lefts[LEVEL] += 2.0 * level * in_level[0] / part
            in_level[0] = part * part * in_level[0] + in_total + in_total_own


ALONE = (alone_ahead, alone_effects, alone_donors, alone_leaning, alone_forth, alone_found, alone_back)
JOINED = (joined_ahead, joined_effects, joined_donors, joined_leaning, joined_forth, joined_found, joined_back)
