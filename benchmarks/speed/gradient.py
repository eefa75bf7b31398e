"""Time a gradient: the kernel, the least any code can do, and the PyMC model as nutpie compiles it."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from primum.fit.compile import program_of
from primum.fit.draws import for_nutpie
from primum.model import Cells
from primum.model.data import arrays_of
from primum.model.families import family_of
from primum.model.layout import layout_of
from primum.spec import Outcome

REPEATS, CALLS = 7, 2000


def time_kernel(cells: Cells, outcome: Outcome) -> float:
    """Microseconds of the compiled log density with its gradient, called by its address."""
    family = family_of(outcome.family)
    layout = layout_of(cells, family)
    model = for_nutpie(program_of(family.name), arrays_of(cells, family, outcome.all_priors()), layout)
    point = model.initial_point_func(1)
    return _calls(model, point)


def time_floor(cells: Cells) -> float:
    """Microseconds of the likelihood and its derivative alone, given the linear predictor, fused by hand.

    Every form of the model needs at least this: one exponential and one logarithm a cell.
    """
    import numba

    slopes = numba.njit(error_model="numpy")(family_of("binomial").slopes)
    fields = np.stack([cells.value.T, cells.denominator.T])
    eta, slope, standard = np.zeros(cells.value.T.shape), np.empty(cells.value.T.shape), np.array([-1.0, 1.0])

    @numba.njit  # type: ignore[untyped-decorator]
    def repeat(count: int, eta: Any, fields: Any, standard: Any, slope: Any) -> float:
        total = 0.0
        for _ in range(count):
            for t in range(eta.shape[0]):
                total += slopes(eta[t], 1.0, fields[:, t], standard, slope[t])[0]
        return total

    repeat(1, eta, fields, standard, slope)
    return min(_seconds(lambda: repeat(CALLS, eta, fields, standard, slope)) for _ in range(REPEATS)) / CALLS * 1e6


def time_pymc(model: Any) -> tuple[float, float]:
    """Microseconds of the PyMC model's log density and gradient as nutpie compiles it, and seconds to compile it."""
    import nutpie

    began = time.perf_counter()
    compiled = nutpie.compile_pymc_model(model)
    seconds = time.perf_counter() - began
    return _calls(compiled, np.full(compiled.n_dim, 0.1)), seconds


def _calls(compiled: Any, point: np.ndarray) -> float:
    """Microseconds a call of a model that nutpie can sample; the fastest of some rounds."""
    function = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, *[ctypes.c_void_p] * 4)(
        compiled.compiled_logp_func.address
    )
    gradient, value = np.empty_like(point), np.empty(1)
    arguments = (point.size, *(each.ctypes.data for each in (point, gradient, value, compiled.user_data)))
    if function(*arguments) != 0:
        raise RuntimeError("the log density is not finite at the point it is timed at")

    def some() -> None:
        for _ in range(CALLS):
            function(*arguments)

    return min(_seconds(some) for _ in range(REPEATS)) / CALLS * 1e6


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
