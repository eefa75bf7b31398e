"""Machine code for a family's log density: compiled once, kept on disk, and used for every panel.

Sizes, data, masks, exposure and priors' settings are read when the code runs, from a table of
addresses and lengths, so nothing but the family is compiled in. Outcomes that are fitted jointly have
one piece of code a family, given the outcomes before it, and one that puts them together and knows each
by its address, so that no combination of families is compiled. The code is kept under a name
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
from collections.abc import Iterable, Sequence
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

from primum.model.kernel import ARRAYS, joint_of, kernel_of
from primum.model.kernel.joint import KINDS
from primum.model.kernel.places import OMEGA as VARIED
from primum.model.layout import SCALARS
from primum.spec.families import FamilyName

WIDTH = 4  # a row of the table: an address, and at most three lengths
JOINT = "joint"  # what puts outcomes together
_JOINED = "-joined"
compilations: list[str] = []
_programs: dict[str, Program] = {}
_elsewhere: dict[str, subprocess.Popen[bytes]] = {}
_lock = Lock()


@dataclass(frozen=True)
class Program:
    """Machine code in memory, in the form that nutpie calls.

    Attributes
    ----------
    addresses
        Of its functions: of a family, its kernel, which the others call, the log density with its gradient, and the
        reported variables; of a family given other outcomes, its kernel alone; of what puts outcomes together, the
        latter two.
    libraries
        What keeps the code in memory.
    """

    addresses: tuple[int, ...]
    libraries: tuple[Any, ...]

    @property
    def evaluate(self) -> int:
        """Address of the kernel."""
        return self.addresses[0]

    @property
    def density(self) -> int:
        """Address of the log density with its gradient."""
        return self.addresses[-2]

    @property
    def expand(self) -> int:
        """Address of the reported variables."""
        return self.addresses[-1]


def joined(family: FamilyName) -> str:
    """Name of a family's program given other outcomes."""
    return family + _JOINED


def joint_programs(families: Iterable[FamilyName]) -> list[str]:
    """Names of the programs that outcomes of some families need to be fitted jointly."""
    return [*dict.fromkeys(map(joined, families)), JOINT]


def program_of(name: str) -> Program:
    """A program: from memory, from disk, or compiled now.

    Parameters
    ----------
    name
        Of a family, of one given other outcomes (`joined`), or `JOINT`. Those compiled by this process are listed in
        `compilations`.
    """
    with _lock:
        if name not in _programs:
            if name in _elsewhere:
                _elsewhere.pop(name).wait()
            path = _path(name)
            code = _read(path)
            if code is None:
                code = compile_program(name)
                compilations.append(name)
                _keep(path, code)
            _programs[name] = load(code)
        return _programs[name]


def compile_ahead(names: Iterable[str]) -> None:
    """Start to compile what is neither in memory nor on disk, each program in a process of its own.

    The first of them is left to this process, whose own compilation would keep the others waiting: LLVM is called
    with Python's global lock held. Where such a process fails, `program_of` compiles by itself.

    Parameters
    ----------
    names
        As `program_of` takes them, in the order in which they will be wanted.
    """
    with _lock:
        missing = [each for each in dict.fromkeys(names) if each not in _programs and not _path(each).exists()]
        for name in missing[1 : os.cpu_count() or 1]:
            if name not in _elsewhere:
                command = f"from primum.fit.compile import program_of; program_of({name!r})"
                _elsewhere[name] = subprocess.Popen(
                    [sys.executable, "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )


def folder() -> Path:
    """Where machine code is kept: PRIMUM_CACHE, or else the user's cache folder."""
    given = os.environ.get("PRIMUM_CACHE")
    return Path(given) if given else user_cache_path("primum")


def _path(name: str) -> Path:
    return folder() / f"{name}-{fingerprint()}.bin"


def table_of(arrays: dict[str, NDArray[Any]], evaluate: int) -> NDArray[np.int64]:
    """Addresses and shapes of the kernel's arrays, which must stay where they are, and its own address."""
    rows = [[arrays[name].ctypes.data, *arrays[name].shape] for name in ARRAYS] + [[evaluate]]
    return np.array([[*row, 0, 0, 0][:WIDTH] for row in rows], dtype=np.int64)


def joint_table_of(
    prior: NDArray[np.float64], bounds: tuple[int, ...], outcomes: Sequence[tuple[int, NDArray[np.int64], int, int]]
) -> NDArray[np.int64]:
    """What puts outcomes together needs to know of them.

    Parameters
    ----------
    prior
        Parameter of the correlations' prior, an array of one, which must stay where it is.
    bounds
        Of levels, paths and effects in what passes between outcomes.
    outcomes
        Address of each one's kernel, its own table, and lengths of its point and of its results.
    """
    rows = [[kernel, table.ctypes.data, points, results] for kernel, table, points, results in outcomes]
    return np.array([[prior.ctypes.data, len(rows), 0, 0], list(bounds), *rows], dtype=np.int64)


def compile_program(name: str) -> tuple[tuple[str, Any], ...]:
    """C functions of a program, each the name of its entry and its library as bytes.

    A kernel is one of them and the others call it by its address: LLVM optimises a function again with
    every one that it is linked into.
    """
    import numba

    types = numba.types
    double, word, table = types.CPointer(types.float64), types.int64, types.CPointer(types.int64)
    kernel = types.float64(double, word, double, double, word, double, word, table)
    sampled = word(word, double, double, double, table), word(word, word, double, double, table)
    if name == JOINT:
        pieces = list(zip(sampled, _joint_entries(), strict=True))
    elif name.endswith(_JOINED):
        pieces = [(kernel, _kernel_entry(name.removesuffix(_JOINED), given=True))]
    else:
        pieces = [(kernel, _kernel_entry(name, given=False)), *zip(sampled, _entries(), strict=True)]
    compiled = [numba.cfunc(kind)(entry) for kind, entry in pieces]
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
    addresses = (library.get_pointer_to_function(entry) for (entry, _), library in zip(code, libraries, strict=True))
    return Program(tuple(addresses), libraries)


def _kernel_entry(family: Any, *, given: bool) -> Any:
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
        )  # fmt: skip

    return evaluate


def _entries() -> tuple[Any, Any]:
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


def _joint_entries() -> tuple[Any, Any]:
    """What nutpie calls for several outcomes: functions of a point and the table that `joint_table_of` makes."""
    import numba
    from numba import carray

    call, lengths, pack = _caller(), _lengths(), _pack()
    float64, int64 = _pointer_to(numba.types.float64), _pointer_to(numba.types.int64)

    @numba.njit  # type: ignore[untyped-decorator]
    def of_outcome(outcome: int, point: Any, gradient: Any, reported: Any, between: Any, table: Any) -> Any:
        row = carray(table, (3 + outcome, WIDTH))[2 + outcome]
        return call(row[0], point, gradient, reported, between, int64(row[1]))

    joint = joint_of(of_outcome)

    @numba.njit  # type: ignore[untyped-decorator]
    def evaluate(point: Any, gradient: Any, table: Any) -> Any:
        head = carray(table, (2, WIDTH))
        t = carray(table, (2 + head[0, 1], WIDTH))
        points, results = t[2:, 2].copy(), t[2:, 3].copy()
        pairs = KINDS * points.size * (points.size - 1) // 2
        reported = np.empty(pairs + results.sum())
        prior = carray(float64(head[0, 0]), (1,))[0]
        return joint(point, gradient, reported, prior, head[1], points, results, table), reported

    def density(n: int, x: Any, out: Any, value: Any, table: Any) -> int:
        gradient = carray(out, (n,))
        found, _ = evaluate(carray(x, (n,)), gradient, table)
        carray(value, (1,))[0] = found
        return 0 if np.isfinite(found) and np.isfinite(gradient.sum()) else 1

    def expand(n: int, m: int, x: Any, out: Any, table: Any) -> int:
        _, reported = evaluate(carray(x, (n,)), np.empty(n), table)
        kept, count = carray(out, (m,)), carray(table, (1, WIDTH))[0, 1]
        t = carray(table, (2 + count, WIDTH))
        at = KINDS * count * (count - 1) // 2
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

    head, rows, int64 = len(SCALARS), len(ARRAYS), _pointer_to(numba.types.int64)

    @numba.njit  # type: ignore[untyped-decorator]
    def lengths(table: Any) -> tuple[int, int]:
        t = carray(table, (rows, WIDTH))
        (periods, units), pilots, pairs, terms, regions = t[5, 1:3], t[9, 1], t[16, 1], t[18, 1], t[28, 1]
        varied = carray(int64(t[0, 0]), (t[0, 1],))[VARIED] >= 0
        return head + periods + pilots + terms + regions * periods, periods * units + pairs + (units if varied else 0)

    return lengths


def _pack() -> Any:
    """A numba function that keeps what was reported: seven digits are plenty for a latent, and two share a place."""
    import numba

    @numba.njit  # type: ignore[untyped-decorator]
    def pack(reported: Any, before: int, kept: Any) -> None:
        kept[:before] = reported[:before]
        halves = kept[before:].view(np.float32)
        for place in range(reported.size - before):
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
