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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from primum.fit.entries import WIDTH, entries, joint_entries, kernel_entry
from primum.model.kernel import ARRAYS
from primum.spec.families import FamilyName

JOINT = "joint"  # what puts outcomes together
_JOINED = "-joined"
_OPTIMISE = "_optimize_final_module"
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
        Where levels, paths, effects and, where there are any, weights end in what passes between outcomes.
    outcomes
        Address of each one's kernel, its own table, and lengths of its point and of its results.
    """
    rows = [[kernel, table.ctypes.data, points, results] for kernel, table, points, results in outcomes]
    ends = [*bounds, 0, 0][:WIDTH]
    return np.array([[prior.ctypes.data, len(rows), len(bounds), 0], ends, *rows], dtype=np.int64)


def compile_program(name: str) -> tuple[tuple[str, Any], ...]:
    """C functions of a program, each the name of its entry and its library as bytes.

    A kernel is one of them and the others call it by its address, so that it is optimised once.
    """
    import numba

    types = numba.types
    double, word, table = types.CPointer(types.float64), types.int64, types.CPointer(types.int64)
    kernel = types.float64(double, word, double, double, word, double, word, table)
    sampled = word(word, double, double, double, table), word(word, word, double, double, table)
    if name == JOINT:
        pieces = list(zip(sampled, joint_entries(), strict=True))
    elif name.endswith(_JOINED):
        pieces = [(kernel, kernel_entry(name.removesuffix(_JOINED), given=True))]
    else:
        pieces = [(kernel, kernel_entry(name, given=False)), *zip(sampled, entries(), strict=True)]
    with optimised_once({entry.__qualname__ for _, entry in pieces}):
        compiled = [numba.cfunc(kind)(entry) for kind, entry in pieces]
    return tuple((each.native_name, each._library.serialize_using_object_code()) for each in compiled)


@contextmanager
def optimised_once(entries: set[str]) -> Iterator[None]:
    """Leave functions as they are until they are in one of some entries, which is optimised whole.

    numba has LLVM optimise a function by itself, and again in each function that it becomes part of, five levels
    deep here. That is two fifths of all compilation, and the code is no faster for it.

    Parameters
    ----------
    entries
        Qualified names.
    """
    from numba.core.codegen import CPUCodeLibrary

    optimise = getattr(CPUCodeLibrary, _OPTIMISE, None)  # not public: where numba has none, it takes its time

    def only_entries(library: Any) -> None:
        if library.name in entries:
            optimise(library)  # type: ignore[misc]

    if optimise is not None:
        setattr(CPUCodeLibrary, _OPTIMISE, only_entries)
    try:
        yield
    finally:
        if optimise is not None:
            setattr(CPUCodeLibrary, _OPTIMISE, optimise)


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


@cache
def fingerprint() -> str:
    """Digest of everything that machine code depends on."""
    import llvmlite.binding as llvm

    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for source in (*sorted((package / "model").rglob("*.py")), Path(__file__), Path(__file__).with_name("entries.py")):
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
