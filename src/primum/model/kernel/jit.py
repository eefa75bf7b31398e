"""How the kernel's functions are given to numba."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from primum.model.families.stirling import HELPERS
from primum.model.kernel.between import views
from primum.model.kernel.scalars import normal_or_mixture


@cache
def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function for numba to compile, once for all families."""
    import numba

    _know_helpers()
    # sums in another order, and products fused with sums: nothing that depends on what is infinite or not a number
    return numba.njit(error_model="numpy", nogil=True, fastmath={"reassoc", "contract"})(function)  # type: ignore[no-any-return]


@cache
def _know_helpers() -> None:
    """Let compiled code call the functions that others share."""
    from numba.extending import register_jitable

    for helper in (*HELPERS, normal_or_mixture, views):
        register_jitable(error_model="numpy")(helper)
