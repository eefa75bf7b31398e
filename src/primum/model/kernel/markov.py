"""Paths that are apart from shocks, and the likelihood of their cells, block by block (`primum.model.markov`).

Arrays have units side by side, so that every loop over them is one of vectors. In the names of
`primum.model.markov`: ``fall`` is phi, ``gain`` g, ``info`` N, ``step`` h and ``size`` r; ``corner`` v, ``root`` f and
``turn`` gamma of each term of rank one. ``flow`` are right-hand sides on their way through L, before they are
multiplied by ``gain``, that of the response first; ``state`` is what follows, before each term and after the last.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, sqrt
from typing import Any

import numpy as np

from primum.model.kernel.places import DRIFT, LEVEL, LINE


def room_for(periods: int, units: int, terms: int) -> Any:
    """What `chain_forth` fills.

    Fall, info, gain, flow, corner, state, dot, root, turn, strength, step, size, and paths without and with their size.
    """
    cells = (periods, units)
    return (
        np.empty(cells), np.empty(cells), np.empty(cells), np.empty((1 + terms, periods, units)),
        np.empty((terms, periods, units)), np.empty((1 + 2 * terms, periods, units)), np.empty((2 * terms, units)),
        np.empty((terms, units)), np.empty((terms, units)), np.empty((terms, units)), np.empty(units), np.empty(units),
        np.empty(cells), np.empty(cells),
    )  # fmt: skip


def solve(fall: Any, gain: Any, flow: Any, solved: Any) -> None:
    """Multiply by the inverse of L what is in ``flow``, which becomes what flows from period to period."""
    for t in range(1, flow.shape[0]):
        for j in range(flow.shape[1]):
            flow[t, j] += fall[t - 1, j] * flow[t - 1, j]
    for t in range(flow.shape[0]):
        for j in range(flow.shape[1]):
            solved[t, j] = gain[t, j] * flow[t, j]


def solve_back(fall: Any, gain: Any, flow: Any, in_solved: Any, in_fall: Any, in_log_gain: Any) -> None:
    """Derivatives, given ``in_solved``, which becomes that in the right-hand side."""
    for t in range(flow.shape[0]):
        for j in range(flow.shape[1]):
            in_solved[t, j] *= gain[t, j]
            in_log_gain[t, j] += in_solved[t, j] * flow[t, j]
    for t in range(flow.shape[0] - 2, -1, -1):
        for j in range(flow.shape[1]):
            in_fall[t, j] += in_solved[t + 1, j] * flow[t, j]
            in_solved[t, j] += fall[t, j] * in_solved[t + 1, j]


def squares_of(rows: Any, total: Any) -> None:
    """Sums of squares over periods."""
    for j in range(total.size):
        total[j] = 0.0
    for t in range(rows.shape[0]):
        for j in range(total.size):
            total[j] += rows[t, j] * rows[t, j]


def turned(corner: Any, turn: Any, before: Any, after: Any, dot: Any) -> None:
    """Multiply by I - gamma v v'."""
    for j in range(dot.size):
        dot[j] = 0.0
    for t in range(before.shape[0]):
        for j in range(dot.size):
            dot[j] += corner[t, j] * before[t, j]
    for t in range(before.shape[0]):
        for j in range(dot.size):
            after[t, j] = before[t, j] - turn[j] * corner[t, j] * dot[j]


def turned_back(corner: Any, turn: Any, before: Any, dot: Any, in_after: Any, in_corner: Any, in_turn: Any) -> None:
    """Derivatives, given ``in_after``, which becomes that in ``before``."""
    along = np.zeros(dot.size)
    for t in range(before.shape[0]):
        for j in range(dot.size):
            along[j] += corner[t, j] * in_after[t, j]
    for t in range(before.shape[0]):
        for j in range(dot.size):
            in_corner[t, j] -= turn[j] * (dot[j] * in_after[t, j] + along[j] * before[t, j])
            in_after[t, j] -= turn[j] * corner[t, j] * along[j]
    for j in range(dot.size):
        in_turn[j] -= dot[j] * along[j]


def links_forth(
    level: float, variance: Any, scale_of: Any, sign: Any, weight: Any, links: Any, excess: Any, drift_variance: Any,
    fall: Any, info: Any, gain: Any, step: Any, size: Any,
) -> float:  # fmt: skip
    """L, from period to period; returns its Jacobian's logarithm, and what variances add to their prior density."""
    (periods, units), density = weight.shape, 0.0
    last, determinant = periods - 1, np.ones(units)
    ends = 1.0 if excess[0] > 0 else sign[last]
    for j in range(units):
        step[j] = variance[last] / drift_variance[last - 1] * scale_of[j]
        size[j] = sign[last] * sqrt(step[j])
    for t in range(periods):
        for j in range(units):
            info[t, j] = step[j] * weight[t, j] + excess[t]
        if t > 0:
            for j in range(units):
                info[t, j] += fall[t - 1, j] * info[t - 1, j]
        if t < last:
            slack = 1.0 / links[t]
            for j in range(units):
                fall[t, j] = 1.0 / (1.0 + info[t, j] * slack)
                gain[t, j] = fall[t, j] * slack
        else:
            for j in range(units):
                gain[t, j] = 1.0 / info[t, j]
        constant, turns = level if t == 0 else 0.0, 1.0 if t < last else ends
        for j in range(units):
            determinant[j] *= step[j] * gain[t, j] / (constant + variance[t] * scale_of[j])
            gain[t, j] = turns * sqrt(gain[t, j])
        if t % 8 == 7 or t == last:  # one logarithm for eight periods
            for j in range(units):
                density += 0.5 * log(determinant[j])
                determinant[j] = 1.0
    return density


def links_back(
    weight: Any, links: Any, fall: Any, info: Any, step: Any, in_fall: Any, in_log_gain: Any, in_step: Any,
    in_weight: Any,
) -> None:  # fmt: skip
    """Derivatives in steps and in weights, given those in ``fall`` and in logarithms of ``gain``."""
    last, units = weight.shape[0] - 1, weight.shape[1]
    in_info = np.empty(units)
    for j in range(units):
        in_info[j] = -0.5 * in_log_gain[last, j] / info[last, j]
    for t in range(last, -1, -1):
        if t < last:
            slack = 1.0 / links[t]
            for j in range(units):
                phi = fall[t, j]
                found = in_fall[t, j] + 0.5 * in_log_gain[t, j] / phi + in_info[j] * info[t, j]
                in_info[j] = phi * in_info[j] - found * phi * phi * slack
        for j in range(units):
            in_step[j] += 0.5 / step[j] + weight[t, j] * in_info[j]
            in_weight[t, j] += step[j] * in_info[j]


def corners_of(
    solve: Callable[..., None], squares_of: Callable[..., None], turned: Callable[..., None]
) -> Callable[..., float]:
    """Terms of rank one."""

    def corners_forth(
        level: float, variance: Any, scale_of: Any, sign: Any, corners: Any, kinds: Any, room: Any
    ) -> float:
        """What each term of rank one multiplies L by; returns the logarithm of its Jacobian."""
        fall, _, gain, flow, corner, _, dot, root, turn, strength, step, _, _, _ = room
        (terms, periods, units), last, density = corner.shape, gain.shape[0] - 1, 0.0
        length = np.empty(units)
        for m in range(terms):
            for t in range(periods):
                for j in range(units):
                    flow[1 + m, t, j] = corners[m, t]
            solve(fall, gain, flow[1 + m], corner[m])
            for n in range(m):
                turned(corner[n], turn[n], corner[m], corner[m], dot[n])
            squares_of(corner[m], length)
            for j in range(units):
                if kinds[m] == DRIFT:
                    strength[m, j], turns = -1.0, sign[last]
                elif kinds[m] == LEVEL:
                    strength[m, j], turns = step[j] / level, sign[0]
                else:
                    strength[m, j], turns = step[j] / (variance[1] * scale_of[j]), sign[1]
                square = 1.0 / (1.0 + strength[m, j] * length[j])
                root[m, j] = turns * sqrt(square)
                turn[m, j] = (1.0 - root[m, j]) / length[j]
                density += 0.5 * log(square)
        return density

    return corners_forth


def corners_back_of(
    solve_back: Callable[..., None], squares_of: Callable[..., None], turned: Callable[..., None],
    turned_back: Callable[..., None],
) -> Callable[..., float]:  # fmt: skip
    """Derivatives of terms of rank one."""

    def corners_back(
        level: float, variance: Any, kinds: Any, room: Any, in_corner: Any, in_turn: Any, in_fall: Any,
        in_log_gain: Any, in_step: Any, in_variance: Any, in_log_scale: Any,
    ) -> float:  # fmt: skip
        """Derivatives, given those in v and gamma; returns that in the level."""
        fall, _, gain, flow, corner, _, _, root, turn, strength, step, _, _, _ = room
        (terms, periods, units), in_level = corner.shape, 0.0
        before, along = np.empty((terms + 1, periods, units)), np.empty((terms, units))
        length, in_length = np.empty(units), np.empty(units)
        for m in range(terms - 1, -1, -1):
            squares_of(corner[m], length)
            for j in range(units):
                f = root[m, j]
                in_root = 1.0 / f - in_turn[m, j] / length[j]
                in_length[j] = -in_turn[m, j] * turn[m, j] / length[j] - 0.5 * in_root * f**3 * strength[m, j]
                in_strength = -0.5 * in_root * f**3 * length[j]
                if kinds[m] == LEVEL:
                    in_step[j] += in_strength / level
                    in_level -= in_strength * strength[m, j] / level
                elif kinds[m] == LINE:
                    in_step[j] += in_strength * strength[m, j] / step[j]
                    in_variance[1] -= in_strength * strength[m, j] / variance[1]
                    in_log_scale[j] -= in_strength * strength[m, j]
            for t in range(periods):
                for j in range(units):
                    in_corner[m, t, j] += 2.0 * in_length[j] * corner[m, t, j]
                    before[0, t, j] = gain[t, j] * flow[1 + m, t, j]
            for n in range(m):
                turned(corner[n], turn[n], before[n], before[n + 1], along[n])
            for n in range(m - 1, -1, -1):
                turned_back(corner[n], turn[n], before[n], along[n], in_corner[m], in_corner[n], in_turn[n])
            solve_back(fall, gain, flow[1 + m], in_corner[m], in_fall, in_log_gain)
        return in_level

    return corners_back


def chain_of(
    solve: Callable[..., None], turned: Callable[..., None], links_forth: Callable[..., float],
    corners_forth: Callable[..., float],
) -> Callable[..., float]:  # fmt: skip
    """From coordinates to paths."""

    def chain_forth(
        level: float, variance: Any, scale_of: Any, sign: Any, weight: Any, away: Any, x: Any, of_chain: Any, room: Any
    ) -> float:  # fmt: skip
        """Paths; returns the logarithm of the Jacobian, and what variances add to their prior density."""
        links, excess, corners, kinds, drift_variance = of_chain
        fall, info, gain, flow, corner, state, dot, _, turn, _, step, size, bare, path = room
        (periods, units), terms = weight.shape, kinds.size
        density = links_forth(
            level, variance, scale_of, sign, weight, links, excess, drift_variance, fall, info, gain, step, size
        )
        density += corners_forth(level, variance, scale_of, sign, corners, kinds, room)
        for t in range(periods):
            for j in range(units):
                flow[0, t, j] = size[j] * weight[t, j] * away[t, j]
        solve(fall, gain, flow[0], state[0])
        for m in range(terms):
            turned(corner[m], turn[m], state[m], state[m + 1], dot[m])
        for t in range(periods):
            for j in range(units):
                state[terms, t, j] += x[t, j]
        for m in range(terms, 2 * terms):
            n = 2 * terms - 1 - m
            turned(corner[n], turn[n], state[m], state[m + 1], dot[m])
        for t in range(periods - 1, -1, -1):
            for j in range(units):
                bare[t, j] = gain[t, j] * state[2 * terms, t, j]
            if t < periods - 1:
                for j in range(units):
                    bare[t, j] += fall[t, j] * bare[t + 1, j]
            for j in range(units):
                path[t, j] = size[j] * bare[t, j]
        return density

    return chain_forth


def chain_back_of(
    solve_back: Callable[..., None], turned_back: Callable[..., None], corners_back: Callable[..., float],
    links_back: Callable[..., None],
) -> Callable[..., tuple[float, Any]]:  # fmt: skip
    """Derivatives of paths."""

    def chain_back(
        level: float, variance: Any, scale_of: Any, weight: Any, away: Any, of_chain: Any, room: Any, in_path: Any,
        in_variance: Any, in_log_scale: Any, in_away: Any, in_weight: Any,
    ) -> tuple[float, Any]:  # fmt: skip
        """Derivatives, given ``in_path``; returns those in the level, and in coordinates."""
        links, _, _, kinds, drift_variance = of_chain
        fall, info, gain, flow, corner, state, dot, _, turn, _, step, size, bare, path = room
        (periods, units), terms, last = weight.shape, kinds.size, weight.shape[0] - 1
        in_x, in_fall, in_log_gain = np.empty((periods, units)), np.zeros((periods, units)), np.ones((periods, units))
        in_corner, in_turn, in_step = np.zeros(corner.shape), np.zeros((terms, units)), np.zeros(units)
        for t in range(periods):
            for j in range(units):
                in_step[j] += 0.5 * in_path[t, j] * path[t, j] / step[j]
                in_path[t, j] *= size[j]
        for t in range(last):
            for j in range(units):
                in_fall[t, j] += in_path[t, j] * bare[t + 1, j]
                in_path[t + 1, j] += fall[t, j] * in_path[t, j]
        for t in range(periods):
            for j in range(units):
                in_x[t, j] = gain[t, j] * in_path[t, j]
                in_log_gain[t, j] += in_x[t, j] * state[2 * terms, t, j]
        for m in range(2 * terms - 1, terms - 1, -1):
            n = 2 * terms - 1 - m
            turned_back(corner[n], turn[n], state[m], dot[m], in_x, in_corner[n], in_turn[n])
        in_solved = in_x.copy()
        for m in range(terms - 1, -1, -1):
            turned_back(corner[m], turn[m], state[m], dot[m], in_solved, in_corner[m], in_turn[m])
        solve_back(fall, gain, flow[0], in_solved, in_fall, in_log_gain)
        for t in range(periods):
            for j in range(units):
                in_solved[t, j] *= size[j]
                in_weight[t, j] = in_solved[t, j] * away[t, j]
                in_away[t, j] = in_solved[t, j] * weight[t, j]
                in_step[j] += 0.5 * in_weight[t, j] * weight[t, j] / step[j]
        in_level = corners_back(
            level, variance, kinds, room, in_corner, in_turn, in_fall, in_log_gain, in_step, in_variance, in_log_scale
        )
        links_back(weight, links, fall, info, step, in_fall, in_log_gain, in_step, in_weight)
        for j in range(units):
            in_variance[last] += in_step[j] * scale_of[j] / drift_variance[last - 1]
            in_log_scale[j] += in_step[j] * step[j]
        return in_level, in_x

    return chain_back


def prior_back(
    level: float, variance: Any, scale_of: Any, component: Any, pull: Any, in_variance: Any, in_log_scale: Any
) -> tuple[float, float]:  # fmt: skip
    """Prior density of components but for what variances add; returns the derivative in the level as well.

    To ``pull``, the derivative in the components, it adds its own.
    """
    density, in_level = 0.0, 0.0
    for k in range(variance.size):
        constant = level if k == 0 else 0.0
        for j in range(scale_of.size):
            v = constant + variance[k] * scale_of[j]
            ratio = component[k, j] / v
            density -= 0.5 * component[k, j] * ratio
            pull[k, j] -= ratio
            in_v = 0.5 * (ratio * ratio - 1.0 / v)
            if k == 0:
                in_level += in_v
            in_variance[k] += in_v * scale_of[j]
            in_log_scale[j] += in_v * variance[k] * scale_of[j]
    return density, in_level


def chained_of(
    room_for: Callable[..., Any], chain_forth: Callable[..., float], chain_back: Callable[..., Any],
    prior_back: Callable[..., Any], cells: Callable[..., float],
) -> Callable[..., float]:  # fmt: skip
    """Components of a block of units and, if derivatives are wanted, their cells' likelihood and all of these."""

    def chained(
        first: int, last: int, behind: bool, scalars: Any, level: float, variance: Any, sign: Any, paths: Any,
        component: Any, in_paths: Any, in_variance: Any, of_paths: Any,
    ) -> float:  # fmt: skip
        x, _, eta, _, scale_of, _, _, _, _ = paths
        in_x, _, in_eta, in_component, _, in_log_scale, _, in_level, _, _, _, in_cell = in_paths
        _, _, response, cell_weight, _, _, basis, _, _, _, _, _, _, of_chain = of_paths
        (periods, units), scale, slope = component.shape, scale_of[first:last], np.empty(component.shape)
        weight, away, drawn = np.empty(component.shape), np.empty(component.shape), np.empty(component.shape)
        for t in range(periods):
            heavy, told = cell_weight[t, first:last], response[t, first:last]
            here, each = eta[t, first:last], x[t, first:last]
            for j in range(units):
                weight[t, j], away[t, j], drawn[t, j] = heavy[j], told[j] - here[j], each[j]
        room = room_for(periods, units, of_chain[3].size)
        density: float = chain_forth(level, variance, scale, sign, weight, away, drawn, of_chain, room)
        path = room[13]
        np.dot(basis, path, component)
        if not behind:
            return 0.0  # it counts when derivatives are asked for
        density += cells(first, last, scalars, paths, in_paths, of_paths, path, slope)
        pull = np.dot(basis, slope)
        if first < in_component.shape[1]:
            for k in range(periods):
                for j in range(units):
                    pull[k, j] += in_component[k, first + j]
        likely, in_constant = prior_back(level, variance, scale, component, pull, in_variance, in_log_scale[first:last])
        in_path = np.dot(np.ascontiguousarray(basis.T), pull)
        in_away, in_weight = np.empty(path.shape), np.empty(path.shape)
        found, moves = chain_back(
            level, variance, scale, weight, away, of_chain, room, in_path, in_variance, in_log_scale[first:last],
            in_away, in_weight,
        )  # fmt: skip
        in_level[0] += in_constant + found
        for t in range(periods):
            into, drawn_into, through = in_eta[t, first:last], in_x[t, first:last], in_cell[t, first:last]
            for j in range(units):
                into[j] = slope[t, j] - in_away[t, j]
                drawn_into[j] = moves[t, j]
                through[j] = in_weight[t, j]
        density += likely
        return density

    return chained
