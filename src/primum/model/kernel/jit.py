"""How the kernel's functions are given to numba."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from primum.model.families import intervals, stirling, tails
from primum.model.kernel.between import views
from primum.model.kernel.scalars import normal_or_mixture
from primum.model.kernel.terms import pull_of
from primum.model.kernel.told import told_back, told_forth


@cache
def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function for numba to compile, once for all families."""
    import numba

    _know_helpers()
    return numba.njit(  # type: ignore[no-any-return]
        error_model="numpy",
        nogil=True,
        # sums in another order, and products fused with sums: nothing that depends on what is infinite or not a number
        fastmath={"reassoc", "contract"},
        # only compiled code calls these, and ways to call them from elsewhere would be a fifth of all compilation
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
    )(function)


@cache
def _know_helpers() -> None:
    """Let compiled code call the functions that others share."""
    from numba.extending import register_jitable

    for helper in (
        *stirling.HELPERS,
        *intervals.HELPERS,
        *tails.HELPERS,
        normal_or_mixture,
        pull_of,
        told_forth,
        told_back,
        views,
    ):
        register_jitable(error_model="numpy")(helper)
