"""Entries: the functions that become machine code, which nutpie calls with a point and a table of addresses."""

from __future__ import annotations

from typing import Any

import numpy as np

from primum.model.kernel import ARRAYS, joint_of, kernel_of
from primum.model.kernel.jit import jit
from primum.model.kernel.joint import count_of
from primum.model.layout import SCALARS, VECTORS

WIDTH = 4  # a row of the table: an address, and at most three lengths


def kernel_entry(family: Any, *, given: bool) -> Any:
    """A family's kernel as a function of a point, of what passes between outcomes, and of the table."""
    import numba
    from numba import carray

    kernel, rows = kernel_of(family, joined=given), len(ARRAYS)
    kinds = numba.types.float64, numba.types.float32, numba.types.int64, numba.types.int32
    float64, float32, int64, int32 = (_pointer_to(kind) for kind in kinds)

    def evaluate(
        point: Any, points: int, gradient: Any, reported: Any, results: int, between: Any, row: int, table: Any
    ) -> float:
        t = carray(table, (rows, WIDTH))
        return kernel(
            carray(point, (points,)), carray(gradient, (points,)), carray(reported, (results,)),
            carray(between, (row,)),
            carray(int64(t[0, 0]), (t[0, 1],)),
            carray(float64(t[1, 0]), (t[1, 1], t[1, 2])),
            carray(float64(t[2, 0]), (t[2, 1],)),
            carray(float64(t[3, 0]), (t[3, 1],)),
            carray(float64(t[4, 0]), (t[4, 1], t[4, 2], t[4, 3])),
            carray(float64(t[5, 0]), (t[5, 1], t[5, 2])),
            carray(float64(t[6, 0]), (t[6, 1], t[6, 2])),
            carray(float64(t[7, 0]), (t[7, 1],)),
            carray(float32(t[8, 0]), (t[8, 1], t[8, 2], t[8, 3])),
            carray(float64(t[9, 0]), (t[9, 1], t[9, 2])),
            carray(float64(t[10, 0]), (t[10, 1], t[10, 2])),
            carray(float64(t[11, 0]), (t[11, 1], t[11, 2])),
            carray(float64(t[12, 0]), (t[12, 1], t[12, 2])),
            carray(float64(t[13, 0]), (t[13, 1],)),
            carray(int32(t[14, 0]), (t[14, 1],)),
            carray(int32(t[15, 0]), (t[15, 1],)),
            carray(float64(t[16, 0]), (t[16, 1],)),
            carray(float64(t[17, 0]), (t[17, 1],)),
            carray(int32(t[18, 0]), (t[18, 1],)),
            carray(float64(t[19, 0]), (t[19, 1],)),
            carray(float64(t[20, 0]), (t[20, 1], t[20, 2], t[20, 3])),
            carray(int32(t[21, 0]), (t[21, 1],)),
            carray(int32(t[22, 0]), (t[22, 1],)),
            carray(float64(t[23, 0]), (t[23, 1],)),
            carray(int32(t[24, 0]), (t[24, 1],)),
            carray(float64(t[25, 0]), (t[25, 1],)),
            carray(float64(t[26, 0]), (t[26, 1], t[26, 2])),
            carray(float64(t[27, 0]), (t[27, 1], t[27, 2])),
            carray(float64(t[28, 0]), (t[28, 1], t[28, 2])),
            carray(float64(t[29, 0]), (t[29, 1], t[29, 2])),
            carray(float64(t[30, 0]), (t[30, 1], t[30, 2])),
            carray(int32(t[31, 0]), (t[31, 1],)),
            carray(float64(t[32, 0]), (t[32, 1], t[32, 2])),
            carray(float64(t[33, 0]), (t[33, 1],)),
            carray(float64(t[34, 0]), (t[34, 1],)),
            carray(float64(t[35, 0]), (t[35, 1], t[35, 2])),
            carray(float64(t[36, 0]), (t[36, 1], t[36, 2])),
            carray(float64(t[37, 0]), (t[37, 1], t[37, 2])),
            carray(float64(t[38, 0]), (t[38, 1],)),
            carray(float64(t[39, 0]), (t[39, 1],)),
            carray(float64(t[40, 0]), (t[40, 1], t[40, 2])),
            carray(int32(t[41, 0]), (t[41, 1],)),
            carray(float64(t[42, 0]), (t[42, 1], t[42, 2], t[42, 3])),
            carray(float64(t[43, 0]), (t[43, 1], t[43, 2])),
            carray(float64(t[44, 0]), (t[44, 1], t[44, 2])),
            carray(int32(t[45, 0]), (t[45, 1],)),
            carray(int32(t[46, 0]), (t[46, 1],)),
            carray(float64(t[47, 0]), (t[47, 1], t[47, 2])),
            carray(float64(t[48, 0]), (t[48, 1],)),
            carray(float64(t[49, 0]), (t[49, 1], t[49, 2], t[49, 3])),
            carray(float64(t[50, 0]), (t[50, 1], t[50, 2], t[50, 3])),
        )  # fmt: skip

    return evaluate


def entries() -> tuple[Any, Any]:
    """What nutpie calls: functions of a point and the table."""
    import numba
    from numba import carray

    rows, call, lengths, pack = len(ARRAYS), _caller(), _lengths(), _pack()

    @numba.njit  # type: ignore[untyped-decorator]
    def evaluate(point: Any, gradient: Any, reported: Any, table: Any) -> Any:
        return call(carray(table, (rows + 1, WIDTH))[rows, 0], point, gradient, reported, np.empty(0), table)

    def density(n: int, x: Any, out: Any, value: Any, table: Any) -> int:
        before, latents = lengths(table)
        gradient = carray(out, (n,))
        found = evaluate(carray(x, (n,)), gradient, np.empty(before + latents), table)
        carray(value, (1,))[0] = found
        return 0 if np.isfinite(found) and np.isfinite(gradient.sum()) else 1

    def expand(n: int, m: int, x: Any, out: Any, table: Any) -> int:
        before, latents = lengths(table)
        reported = np.empty(before + latents)
        evaluate(carray(x, (n,)), np.empty(n), reported, table)
        pack(reported, before, carray(out, (m,)))
        return 0

    return density, expand


def joint_entries() -> tuple[Any, Any]:
    """What nutpie calls for several outcomes: functions of a point and the table that `joint_table_of` makes."""
    import numba
    from numba import carray

    call, lengths, pack = _caller(), _lengths(), _pack()
    float64, int64 = _pointer_to(numba.types.float64), _pointer_to(numba.types.int64)

    @numba.njit  # type: ignore[untyped-decorator]
    def of_outcome(outcome: int, point: Any, gradient: Any, reported: Any, between: Any, table: Any) -> Any:
        row = carray(table, (3 + outcome, WIDTH))[2 + outcome]
        return call(row[0], point, gradient, reported, between, int64(row[1]))

    joint, pairs_of = joint_of(of_outcome), jit(count_of)

    @numba.njit  # type: ignore[untyped-decorator]
    def evaluate(point: Any, gradient: Any, table: Any) -> Any:
        head = carray(table, (2, WIDTH))
        t = carray(table, (2 + head[0, 1], WIDTH))
        points, results = t[2:, 2].copy(), t[2:, 3].copy()
        kinds = head[0, 2]
        bounds = np.zeros(kinds + 1, dtype=np.int64)
        for kind in range(kinds):
            bounds[kind + 1] = head[1, kind]
        reported = np.empty(pairs_of(kinds, points.size) + results.sum())
        prior = carray(float64(head[0, 0]), (1,))[0]
        return joint(point, gradient, reported, prior, bounds, points, results, table), reported

    def density(n: int, x: Any, out: Any, value: Any, table: Any) -> int:
        gradient = carray(out, (n,))
        found, _ = evaluate(carray(x, (n,)), gradient, table)
        carray(value, (1,))[0] = found
        return 0 if np.isfinite(found) and np.isfinite(gradient.sum()) else 1

    def expand(n: int, m: int, x: Any, out: Any, table: Any) -> int:
        _, reported = evaluate(carray(x, (n,)), np.empty(n), table)
        kept, head = carray(out, (m,)), carray(table, (1, WIDTH))
        count = head[0, 1]
        t = carray(table, (2 + count, WIDTH))
        at = pairs_of(head[0, 2], count)
        kept[:at], first = reported[:at], at
        for outcome in range(count):
            before, latents = lengths(int64(t[2 + outcome, 1]))
            end, stop = first + before + latents, at + before + (latents + 1) // 2
            pack(reported[first:end], before, kept[at:stop])
            first, at = end, stop
        return 0

    return density, expand


def _lengths() -> Any:
    """A numba function: lengths of the vector of results before its latents, and of these."""
    import numba
    from numba import carray

    at_unit, at_period = VECTORS.index("x_unit"), VECTORS.index("s_period")
    head, rows, int64 = len(SCALARS), len(ARRAYS), _pointer_to(numba.types.int64)
    shocks, covariates = ARRAYS.index("excess"), ARRAYS.index("covariate_cells")

    @numba.njit  # type: ignore[untyped-decorator]
    def lengths(table: Any) -> tuple[int, int]:
        t = carray(table, (rows, WIDTH))
        (periods, units), pilots, pairs, terms, regions = t[5, 1:3], t[9, 1], t[16, 1], t[18, 1], t[28, 1]
        places = carray(int64(t[0, 0]), (t[0, 1],))
        varied = places[head + at_unit + 1] - places[head + at_unit]
        sized = places[head + at_period + 1] - places[head + at_period]
        latents = (periods + t[shocks, 1]) * units + pairs + varied
        return head + periods + pilots + terms + regions * periods + sized + t[covariates, 1], latents

    return lengths


def _pack() -> Any:
    """A numba function that keeps what was reported: seven digits are plenty for a latent, and two share a place."""
    import numba
    from numba import carray

    float32 = _pointer_to(numba.types.float32)

    @numba.njit  # type: ignore[untyped-decorator]
    def pack(reported: Any, before: int, kept: Any) -> None:
        for place in range(before):
            kept[place] = reported[place]
        count = reported.size - before
        # through an address: numba compiles texts of errors with a view, which take seconds
        halves = carray(float32(kept.ctypes.data + before * kept.itemsize), (count,))
        for place in range(count):
            halves[place] = reported[before + place]

    return pack


def _caller() -> Any:
    """A numba function that calls a kernel's entry by its address."""
    import numba
    from llvmlite import ir
    from numba.extending import intrinsic

    @intrinsic  # type: ignore[untyped-decorator]
    def call(_: Any, address: Any, point: Any, gradient: Any, reported: Any, between: Any, table: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kinds = zip(signature.args[1:5], arguments[1:5], strict=True)
            x, slopes, results, row = (context.make_array(kind)(context, builder, value) for kind, value in kinds)
            passed = [x.data, x.nitems, slopes.data, results.data, results.nitems, row.data, row.nitems, arguments[5]]
            function = ir.FunctionType(ir.DoubleType(), [each.type for each in passed])
            return builder.call(builder.inttoptr(arguments[0], function.as_pointer()), passed)

        return numba.types.float64(address, point, gradient, reported, between, table), codegen

    return call


def _pointer_to(kind: Any) -> Any:
    """A numba function from an address to a pointer."""
    import numba
    from numba.extending import intrinsic

    target = numba.types.CPointer(kind)

    @intrinsic  # type: ignore[untyped-decorator]
    def pointer(_: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(target))

        return target(numba.types.int64), codegen

    return pointer
