"""Compiling a model once and giving it other data.

nutpie compiles the log density to machine code through PyTensor and numba. PyTensor keeps what
numba compiled in a cache on disk, but nutpie's own wrapper around it, which unpacks shared data,
is compiled again in every process, and takes longer than all the rest (25 of 31 seconds on two
cores). Here the wrapper is made of a few machine instructions instead: it writes the data's
addresses into array headers and calls the cached function by its address.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pymc as pm

Structure = tuple[object, ...]
_compiled: dict[Structure, Any] = {}
_lock = Lock()


def compiled(model: pm.Model, family: str, variables: tuple[str, ...]) -> Any:
    """The model compiled for nutpie, holding the model's own data.

    Models of one structure (family, shapes and presence of missing cells) share the compiled
    code, within a process by this function and between processes by PyTensor's cache.

    Parameters
    ----------
    model
        From `primum.model.build`.
    family
        Name of the outcome's family.
    variables
        Names of the variables to keep.

    Returns
    -------
    nutpie.compile_pymc.CompiledPyMCModel
    """
    import nutpie
    import pandas as pd

    structure = structure_of(model, family, variables)
    with _lock:
        if structure not in _compiled:
            with _light_wrapper():
                _compiled[structure] = nutpie.compile_pymc_model(model, var_names=variables)
    found = _compiled[structure]
    used = {variable.name for variable in found.shared_var_keys}
    data = {variable.name: variable.get_value() for variable in model.data_vars if variable.name in used}
    # nutpie reads text from an index alone
    fresh = {name: pd.Index(np.asarray(values)) for name, values in model.coords.items() if values is not None}
    return dataclasses.replace(found.with_data(**data), _coords={**found.coords, **fresh})


def structure_of(model: pm.Model, family: str, variables: tuple[str, ...]) -> Structure:
    """What two models must have in common to share compiled code."""
    shapes = tuple((variable.name, variable.get_value().shape) for variable in model.data_vars)
    return (family, variables, shapes, tuple(variable.name for variable in model.free_RVs))


@contextmanager
def _light_wrapper() -> Iterator[None]:
    """Have nutpie call compiled functions by address while it compiles a model."""
    from nutpie import compile_pymc

    original = compile_pymc.make_extraction_fn
    compile_pymc.make_extraction_fn = _call_by_address
    try:
        yield
    finally:
        compile_pymc.make_extraction_fn = original


def _call_by_address(
    inner: Any, shared_data: dict[str, np.ndarray], shared_keys: list[str], record: np.dtype
) -> Callable[..., Any]:
    """A numba function of a point and nutpie's data record that calls `inner` by its address.

    Parameters
    ----------
    inner
        Compiled function of the point and the shared arrays.
    shared_data, shared_keys
        Arrays by key, and the keys in the order of `inner`'s arguments; shapes are fixed
        by the model's structure.
    record
        Layout of the record, which holds the arrays' addresses.
    """
    import numba
    from llvmlite import ir
    from numba.core import cgutils
    from numba.core.types import StarArgTuple  # type: ignore[attr-defined]
    from numba.extending import intrinsic
    from numba.np.arrayobj import make_array, populate_array

    offsets = [_offset(record, "shared", "data", key) for key in shared_keys]
    kinds = [numba.typeof(shared_data[key]) for key in shared_keys]
    word = ir.IntType(64)

    def array(context: Any, builder: Any, user_data: Any, key: str, offset: int, kind: Any) -> Any:
        slot = builder.add(builder.ptrtoint(user_data, word), word(offset))
        address = builder.load(builder.inttoptr(slot, word.as_pointer()))
        header = make_array(kind)(context, builder)
        values = shared_data[key]
        populate_array(
            header,
            data=builder.inttoptr(address, context.get_data_type(kind.dtype).as_pointer()),
            shape=[word(length) for length in values.shape],
            strides=[word(stride) for stride in values.strides],
            itemsize=word(values.itemsize),
            meminfo=None,
        )
        return header._getvalue()

    @intrinsic  # type: ignore[untyped-decorator]
    def call(typing_context: Any, x: Any, user_data: Any) -> Any:
        packed = StarArgTuple.from_types((x, *kinds))
        inner.compile((packed,))
        target = inner.overloads[(packed,)]
        address = target.library.get_pointer_to_function(target.fndesc.llvm_func_name)

        def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            pieces = zip(shared_keys, offsets, kinds, strict=True)
            arrays = [array(context, builder, values[1], *piece) for piece in pieces]
            arguments = context.make_tuple(builder, packed, [values[0], *arrays])
            restype, argtypes = target.fndesc.restype, target.fndesc.argtypes
            kind = context.call_conv.get_function_type(restype, argtypes)
            pointer = builder.inttoptr(word(address), kind.as_pointer())
            status, value = context.call_conv.call_function(builder, pointer, restype, argtypes, [arguments])
            with cgutils.if_unlikely(builder, status.is_error):
                context.call_conv.return_status_propagate(builder, status)
            return value

        return target.signature.return_type(x, user_data), codegen

    @numba.njit  # type: ignore[untyped-decorator]
    def extract(x: Any, user_data: Any) -> Any:
        return call(x, user_data)

    extract.keeps_alive = inner
    return extract  # type: ignore[no-any-return]


def _offset(record: np.dtype, *path: str) -> int:
    """Bytes from the start of a nested record to a field."""
    offset = 0
    for name in path:
        fields: Any = record.fields
        record, step = fields[name][:2]
        offset += step
    return offset
