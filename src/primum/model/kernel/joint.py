"""Several outcomes jointly: correlations, and the chain of single outcomes' densities (`primum.model.joint`).

Outcomes are walked through in order, each given those before it, and derivatives come back in the
opposite order. An outcome's own density is evaluated by `primum.model.kernel.kernel`; what passes between
them is in `primum.model.kernel.between`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import exp, log, log1p
from typing import Any

import numpy as np

from primum.model.kernel.between import length_of, views
from primum.model.kernel.jit import jit

_LOG_TWO = log(2)
TURNED = 2  # kinds of correlations, the first, that signs of roots go with: those of levels and of paths


def count_of(kinds: int, outcomes: int) -> int:
    """How many correlations there are, of all kinds."""
    return kinds * outcomes * (outcomes - 1) // 2


def roots_forth(z: Any, prior: float, root: Any) -> float:
    """Cholesky factors of the correlations, and the density of their coordinates.

    The coordinates are inverse hyperbolic tangents of canonical partial correlations, whose density is that of
    the LKJ prior (Lewandowski, Kurowicka and Joe, 2009, section 2).
    """
    count, density, at = root.shape[1], 0.0, 0
    for kind in range(root.shape[0]):
        root[kind, 0, 0] = 1.0
        for row in range(1, count):
            rest = 1.0
            for column in range(row):
                tail = exp(-2.0 * abs(z[at]))
                partial = (1.0 - tail) / (1.0 + tail) * (1.0 if z[at] >= 0 else -1.0)
                power = 2.0 * prior + count - 2 - column
                density -= power * (abs(z[at]) + log1p(tail) - _LOG_TWO)
                root[kind, row, column] = partial * rest
                rest *= 2.0 * exp(-abs(z[at])) / (1.0 + tail)
                at += 1
            root[kind, row, row] = rest
    return density


def roots_back(z: Any, prior: float, in_root: Any, in_z: Any) -> None:
    """Derivatives, given those in the factors."""
    count, at = in_root.shape[1], 0
    partial, beyond, rest = np.empty(count), np.empty(count), np.empty(count + 1)
    for kind in range(in_root.shape[0]):
        for row in range(1, count):
            rest[0] = 1.0
            for column in range(row):
                tail = exp(-2.0 * abs(z[at + column]))
                partial[column] = (1.0 - tail) / (1.0 + tail) * (1.0 if z[at + column] >= 0 else -1.0)
                beyond[column] = 2.0 * exp(-abs(z[at + column])) / (1.0 + tail)
                rest[column + 1] = rest[column] * beyond[column]
            in_rest = in_root[kind, row, row]
            for column in range(row - 1, -1, -1):
                in_partial, in_beyond = in_root[kind, row, column] * rest[column], in_rest * rest[column]
                in_rest = in_root[kind, row, column] * partial[column] + in_rest * beyond[column]
                slope = in_partial * beyond[column] ** 2 - in_beyond * beyond[column] * partial[column]
                in_z[at + column] = slope - (2.0 * prior + count - 2 - column) * partial[column]
            at += row


def known_forth(outcome: int, root: Any, bounds: Any, rows: Any) -> None:
    """What the outcomes before say of one."""
    _, _, left, known, _, _, _, _ = views(rows[outcome])
    known[:] = 0.0
    for kind in range(root.shape[0]):
        left[kind] = root[kind, outcome, outcome]
        for before in range(outcome):
            found = views(rows[before])[4]
            for at in range(bounds[kind], bounds[kind + 1]):
                known[at] += root[kind, outcome, before] * found[at]


def known_back(outcome: int, root: Any, bounds: Any, rows: Any, in_root: Any) -> None:
    """Derivatives in the factors' row, and in what the outcomes before have found."""
    _, _, _, _, _, in_left, in_known, _ = views(rows[outcome])
    for kind in range(root.shape[0]):
        in_root[kind, outcome, outcome] = in_left[kind]
        for before in range(outcome):
            _, _, _, _, found, _, _, in_found = views(rows[before])
            for at in range(bounds[kind], bounds[kind + 1]):
                in_root[kind, outcome, before] += in_known[at] * found[at]
                in_found[at] += root[kind, outcome, before] * in_known[at]


def correlations(root: Any, rows: Any, reported: Any) -> None:
    """Correlations below the diagonal, row by row; a variance whose root was sampled with a sign takes it along."""
    count, at = root.shape[1], 0
    for kind in range(root.shape[0]):
        for row in range(1, count):
            for column in range(row):
                total = 0.0
                for each in range(column + 1):
                    total += root[kind, row, each] * root[kind, column, each]
                if kind < TURNED:
                    total *= views(rows[row])[1][kind] * views(rows[column])[1][kind]
                reported[at] = total
                at += 1


@cache
def joint_of(evaluate: Callable[..., float]) -> Callable[..., float]:
    """Log density of several outcomes.

    Parameters
    ----------
    evaluate
        ``evaluate(outcome, point, gradient, reported, between, table)``, an outcome's own density.

    Returns
    -------
    callable
        ``joint(point, gradient, reported, prior, bounds, points, results, table)`` returns the log density up to a
        constant and writes the other two vectors. Coordinates of correlations come first, then each outcome's own
        point; of what is reported, correlations come first too. ``prior`` is the LKJ prior's parameter, ``bounds``
        are those of levels, paths, effects and, where there are any, weights in what passes between outcomes,
        ``points`` and ``results`` lengths of each outcome's vectors; ``table`` is handed on.
    """
    forth, back = jit(roots_forth), jit(roots_back)
    told, asked, report = jit(known_forth), jit(known_back), jit(correlations)
    parts, pairs_of = jit(length_of), jit(count_of)

    @jit
    def joint(
        point: Any, gradient: Any, reported: Any, prior: float, bounds: Any, points: Any, results: Any, table: Any
    ) -> float:
        count, kinds = points.size, bounds.size - 1
        pairs = pairs_of(kinds, count)
        root, in_root = np.zeros((kinds, count, count)), np.zeros((kinds, count, count))
        rows = np.zeros((count, parts(bounds[kinds])))
        density: float = forth(point[:pairs], prior, root)
        at, first = pairs, pairs
        for outcome in range(count):
            told(outcome, root, bounds, rows)
            if outcome < count - 1:
                stop, end = at + points[outcome], first + results[outcome]
                evaluate(outcome, point[at:stop], gradient[at:stop], reported[first:end], rows[outcome], table)
                at, first = stop, end
        stop, end = at + points[count - 1], first + results[count - 1]
        for outcome in range(count - 1, -1, -1):
            at, first = stop - points[outcome], end - results[outcome]
            rows[outcome, 0] = 1.0
            density += evaluate(outcome, point[at:stop], gradient[at:stop], reported[first:end], rows[outcome], table)
            asked(outcome, root, bounds, rows, in_root)
            stop, end = at, first
        back(point[:pairs], prior, in_root, gradient[:pairs])
        report(root, rows, reported)
        return density

    return joint
