"""Machine code for a family's log density: compiled once, kept on disk, and used for every panel.

Sizes, data, masks, exposure and priors' settings are read when the code runs, from a table of
addresses and lengths, so nothing but the family is compiled in. The code is kept under a name
that holds everything it depends on (this package's model, the libraries, the processor); later
processes load it in milliseconds and need neither PyMC nor PyTensor. numba's own cache is not
used because it does not notice when a function changes that another one calls.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from primum.model.kernel import ARRAYS, kernel_of
from primum.model.kernel.places import OMEGA as VARIED
from primum.model.layout import SCALARS
from primum.spec.families import FamilyName

WIDTH = 4  # a row of the table: an address, and at most three lengths
compilations: list[FamilyName] = []
_programs: dict[FamilyName, Program] = {}
_elsewhere: dict[FamilyName, subprocess.Popen[bytes]] = {}
_lock = Lock()


@dataclass(frozen=True)
class Program:
    """Machine code in memory, in the form that nutpie calls.

    Attributes
    ----------
    evaluate, density, expand
        Addresses of the kernel, which the other two call, of the log density with its gradient, and of the
        reported variables.
    libraries
        What keeps the code in memory.
    """

    evaluate: int
    density: int
    expand: int
    libraries: tuple[Any, ...]


def program_of(family: FamilyName) -> Program:
    """The program of a family: from memory, from disk, or compiled now.

    Parameters
    ----------
    family
        Name of the family. Those compiled by this process are listed in `compilations`.
    """
    with _lock:
        if family not in _programs:
            if family in _elsewhere:
                _elsewhere.pop(family).wait()
            path = _path(family)
            code = _read(path)
            if code is None:
                code = compile_family(family)
                compilations.append(family)
                _keep(path, code)
            _programs[family] = load(code)
        return _programs[family]


def compile_ahead(families: Iterable[FamilyName]) -> None:
    """Start to compile what is neither in memory nor on disk, each family in a process of its own.

    The first of them is left to this process, whose own compilation would keep the others waiting: LLVM is called
    with Python's global lock held. Where such a process fails, `program_of` compiles by itself.

    Parameters
    ----------
    families
        Names of families, in the order in which they will be wanted.
    """
    with _lock:
        missing = [each for each in dict.fromkeys(families) if each not in _programs and not _path(each).exists()]
        for family in missing[1 : os.cpu_count() or 1]:
            if family not in _elsewhere:
                command = f"from primum.fit.compile import program_of; program_of({family!r})"
                _elsewhere[family] = subprocess.Popen(
                    [sys.executable, "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )


def folder() -> Path:
    """Where machine code is kept: PRIMUM_CACHE, or else the user's cache folder."""
    given = os.environ.get("PRIMUM_CACHE")
    return Path(given) if given else user_cache_path("primum")


def _path(family: FamilyName) -> Path:
    return folder() / f"{family}-{fingerprint()}.bin"


def table_of(arrays: dict[str, NDArray[Any]], evaluate: int) -> NDArray[np.int64]:
    """Addresses and shapes of the kernel's arrays, which must stay where they are, and its own address."""
    rows = [[arrays[name].ctypes.data, *arrays[name].shape] for name in ARRAYS] + [[evaluate]]
    return np.array([[*row, 0, 0, 0][:WIDTH] for row in rows], dtype=np.int64)


def compile_family(family: FamilyName) -> tuple[tuple[str, Any], ...]:
    """Three C functions of a family, each the name of its entry and its library as bytes.

    The kernel is one of them and the others call it by its address: LLVM optimises a function again with
    every one that it is linked into.
    """
    import numba

    types = numba.types
    double, word = types.CPointer(types.float64), types.int64
    signatures = (
        types.float64(double, word, double, double, word, types.CPointer(word)),
        word(word, double, double, double, types.CPointer(word)),
        word(word, word, double, double, types.CPointer(word)),
    )
    entries = (_kernel_entry(family), *_entries())
    compiled = [numba.cfunc(kind)(entry) for kind, entry in zip(signatures, entries, strict=True)]
    return tuple((each.native_name, each._library.serialize_using_object_code()) for each in compiled)


def load(code: tuple[tuple[str, Any], ...]) -> Program:
    """Load machine code into memory.

    Each piece gets an engine to itself: numba numbers its symbols from 1 in every process, so code
    of two families from two processes may bear the same names, and one engine would mix them up.
    """
    from numba.core.codegen import JITCPUCodegen
    from numba.core.registry import cpu_target
    from numba.core.runtime import rtsys

    rtsys.initialize(cpu_target.target_context)
    libraries = tuple(JITCPUCodegen("primum").unserialize_library(content) for _, content in code)
    evaluate, density, expand = (
        library.get_pointer_to_function(entry) for (entry, _), library in zip(code, libraries, strict=True)
    )
    return Program(evaluate, density, expand, libraries)


def _kernel_entry(family: FamilyName) -> Any:
    """A family's kernel as a function of a point and the table."""
    import numba
    from numba import carray

    kernel, rows = kernel_of(family), len(ARRAYS)
    kinds = numba.types.float64, numba.types.float32, numba.types.int64, numba.types.int32
    float64, float32, int64, int32 = (_pointer_to(kind) for kind in kinds)

    def evaluate(point: Any, points: int, gradient: Any, reported: Any, results: int, table: Any) -> float:
        t = carray(table, (rows, WIDTH))
        return kernel(
            carray(point, (points,)), carray(gradient, (points,)), carray(reported, (results,)),
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
        )  # fmt: skip

    return evaluate


def _entries() -> tuple[Any, Any]:
    """What nutpie calls: functions of a point and the table."""
    import numba
    from numba import carray

    head, rows = len(SCALARS), len(ARRAYS)
    int64, call = _pointer_to(numba.types.int64), _caller()

    @numba.njit  # type: ignore[untyped-decorator]
    def evaluate(point: Any, gradient: Any, reported: Any, table: Any) -> Any:
        return call(carray(table, (rows + 1, WIDTH))[rows, 0], point, gradient, reported, table)

    @numba.njit  # type: ignore[untyped-decorator]
    def lengths(table: Any) -> tuple[int, int]:
        """Of the vector of results before its latents, and of these."""
        t = carray(table, (rows, WIDTH))
        (periods, units), pilots, pairs, terms, regions = t[5, 1:3], t[9, 1], t[16, 1], t[18, 1], t[28, 1]
        varied = carray(int64(t[0, 0]), (t[0, 1],))[VARIED] >= 0
        return head + periods + pilots + terms + regions * periods, periods * units + pairs + (units if varied else 0)

    def density(n: int, x: Any, out: Any, value: Any, table: Any) -> int:
        before, latents = lengths(table)
        gradient = carray(out, (n,))
        found = evaluate(carray(x, (n,)), gradient, np.empty(before + latents), table)
        carray(value, (1,))[0] = found
        return 0 if np.isfinite(found) and np.isfinite(gradient.sum()) else 1

    def expand(n: int, m: int, x: Any, out: Any, table: Any) -> int:
        before, latents = lengths(table)
        reported, results = np.empty(before + latents), carray(out, (m,))
        evaluate(carray(x, (n,)), np.empty(n), reported, table)
        for place in range(before):
            results[place] = reported[place]
        # seven digits are plenty for a latent: two of them share a place
        halves = results[before:].view(np.float32)
        for place in range(latents):
            halves[place] = reported[before + place]
        return 0

    return density, expand


def _caller() -> Any:
    """A numba function that calls a kernel's entry by its address."""
    import numba
    from llvmlite import ir
    from numba.extending import intrinsic

    @intrinsic  # type: ignore[untyped-decorator]
    def call(_: Any, address: Any, point: Any, gradient: Any, reported: Any, table: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kinds = zip(signature.args[1:4], arguments[1:4], strict=True)
            x, slopes, results = (context.make_array(kind)(context, builder, value) for kind, value in kinds)
            passed = [x.data, x.nitems, slopes.data, results.data, results.nitems, arguments[4]]
            function = ir.FunctionType(ir.DoubleType(), [each.type for each in passed])
            return builder.call(builder.inttoptr(arguments[0], function.as_pointer()), passed)

        return numba.types.float64(address, point, gradient, reported, table), codegen

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


@cache
def fingerprint() -> str:
    """Digest of everything that machine code depends on."""
    import llvmlite.binding as llvm

    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for source in (*sorted((package / "model").rglob("*.py")), Path(__file__)):
        digest.update(source.read_bytes())
    libraries = [f"{name} {version(name)}" for name in ("numba", "llvmlite", "numpy")]
    libraries.append(f"python {platform.python_version()}")
    processor = [llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()]
    digest.update("\n".join([*libraries, *processor]).encode())
    return digest.hexdigest()[:16]


def _read(path: Path) -> Any:
    """Code that was kept, or None where there is none or it is not what was written."""
    try:
        digest, content = path.read_bytes().split(b"\n", 1)
    except (OSError, ValueError):
        return None
    return pickle.loads(content) if digest == _digest(content) else None


def _keep(path: Path, code: Any) -> None:
    """Keep code; the file appears only when it is whole. Where the folder cannot be written, it is not kept."""
    content = pickle.dumps(code)
    part = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(_digest(content) + b"\n" + content)
        part.replace(path)
    with suppress(OSError):
        part.unlink(missing_ok=True)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
