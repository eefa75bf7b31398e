"""Machine code against the PyMC model, how often it is made, and how it is kept.

Both evaluate one density in double precision, in another order of operations: they were seen to
agree to 1e-14, and 1e-10 leaves room for points where large terms cancel. Eta is kept in single
precision, which rounds at 6e-8 of its size.
"""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any, ClassVar

import numba
import numpy as np
import pytest
from numba.core.codegen import CPUCodeLibrary
from numpy.typing import NDArray

from primum.fit import compile as module
from primum.fit.compile import Program, compile_ahead, load, optimised_once, program_of, table_of
from primum.fit.draws import for_nutpie, kept_length
from primum.fit.entries import WIDTH
from primum.model.kernel import ARRAYS
from primum.spec.families import FACTS, FamilyName
from tests.model.cases import CASES, Model, model_case
from tests.model.panels import Array

TOLERANCE = 1e-10
ROOT = Path(__file__).parents[2]
_WORD, _ADDRESS = ctypes.c_int64, ctypes.c_void_p
DENSITY = ctypes.CFUNCTYPE(_WORD, _WORD, _ADDRESS, _ADDRESS, _ADDRESS, _ADDRESS)
EXPAND = ctypes.CFUNCTYPE(_WORD, _WORD, _WORD, _ADDRESS, _ADDRESS, _ADDRESS)


@pytest.fixture(params=list(CASES))
def built(request: pytest.FixtureRequest) -> Model:
    return model_case(request.param)


def evaluate(program: Program, built: Model, point: Array) -> tuple[int, float, Array]:
    """Status, log density and gradient by the function that the sampler calls."""
    held = for_nutpie(program, built.arrays, built.layout)
    gradient, density = np.full(point.size, np.nan), np.full(1, np.nan)
    addresses = [array.ctypes.data for array in (point, gradient, density, held.user_data)]
    status = DENSITY(program.density)(point.size, *addresses)
    return int(status), float(density[0]), gradient


def expand(program: Program, built: Model, point: Array) -> tuple[Array, NDArray[np.float32]]:
    """What the sampler keeps of a point: scalars, common path and effects, and eta."""
    held = for_nutpie(program, built.arrays, built.layout)
    length = kept_length(built.layout)
    # a guard behind the end, which must not be written
    values = np.full(length + 1, np.pi)
    addresses = [array.ctypes.data for array in (point, values, held.user_data)]
    assert EXPAND(program.expand)(point.size, length, *addresses) == 0
    assert values[-1] == np.pi
    head = built.layout.head
    return values[:head], values[head:-1].view(np.float32)[: built.layout.results - head]


def test_machine_code_is_the_model(built: Model) -> None:
    program = program_of(built.outcome.family)
    gaps, sizes = [], []
    for point in built.points(4, seed=31):
        at, vector = built(point), built.flat(point)
        status, density, gradient = evaluate(program, built, vector)
        assert status == 0
        gaps.append(density - float(at["logp"]))
        sizes.append(abs(float(at["logp"])))
        expected = built.flat(built.split(at["gradient"]))
        np.testing.assert_allclose(gradient, expected, rtol=TOLERANCE, atol=1e-12 * np.abs(expected).max())
        wanted, (head, eta) = built.reported(at), expand(program, built, vector)
        there = np.isfinite(wanted[: head.size])
        np.testing.assert_allclose(head[there], wanted[: head.size][there], rtol=TOLERANCE, atol=1e-13)
        np.testing.assert_allclose(eta, wanted[head.size :], rtol=1e-7, atol=1e-12)
    assert np.ptp(sizes) > 5, "the points must differ, or the comparison means nothing"
    assert np.ptp(gaps) < TOLERANCE * max(sizes)


def test_table_has_the_address_and_shape_of_every_array(built: Model) -> None:
    arrays = {**built.arrays, "places": built.layout.places}
    arrays = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    table = table_of(arrays, evaluate=12345)
    assert table.shape == (len(ARRAYS) + 1, WIDTH)
    assert table.dtype == np.int64
    assert list(table[-1]) == [12345, 0, 0, 0]
    for row, name in zip(table[:-1], ARRAYS, strict=True):
        shape = arrays[name].shape
        assert list(row) == [arrays[name].ctypes.data, *shape, *[0] * (3 - len(shape))]


def test_arrays_are_kept_where_the_table_says() -> None:
    """In one piece, also where one of them is a view backwards."""
    built = model_case("normal")
    arrays = {**built.arrays, "drift_variance": built.arrays["drift_variance"][::-1].copy()[::-1]}
    assert not arrays["drift_variance"].flags.c_contiguous
    held = for_nutpie(program_of("normal"), arrays, built.layout)
    for row, name in zip(held.user_data[:-1], ARRAYS, strict=True):
        kept = held.shared_data[name]
        assert kept.flags.c_contiguous
        assert kept.ctypes.data == row[0]


@pytest.mark.parametrize("family", list(FACTS))
def test_density_that_is_not_finite_says_so(family: FamilyName) -> None:
    built = next(model_case(case) for case in CASES if case.startswith(family))
    good = built.flat(built.points(1, seed=32)[0])
    program = program_of(family)
    assert evaluate(program, built, good)[0] == 0
    for value in (np.nan, np.inf, -np.inf, 1e200):
        for name in ("mu", "tau", "x"):
            point = good.copy()
            point[built.layout.free[name].start] = value
            status, density, gradient = evaluate(program, built, point)
            assert status != 0, (name, value)
            assert not (np.isfinite(density) and np.isfinite(gradient).all())
    if built.family.noise:
        # without overdispersion counts are those of chance; a scale of 0 has no density
        for value in (np.inf, np.nan, *([0.0] if built.family.scaled else [])):
            point = good.copy()
            point[built.layout.free["sigma"].start] = value
            assert evaluate(program, built, point)[0] != 0


FRESH = """
import hashlib, json, sys
from primum.fit import compile as compiling
from primum.fit.draws import draw
from primum.model import cells_of
from primum.model.families import family_of
from primum.spec.spec import Sampler
from tests.model.panels import evaluation

spec, panel = evaluation("binomial", missing=9)
outcome = spec.outcomes[0]
cells = cells_of(panel.dataset, outcome)
settings = Sampler(chains=2, draws=50, tune=50)
drawn = draw(family_of("binomial"), cells, outcome.all_priors(), settings, 5, cores=2)
digest = hashlib.sha256(b"".join(drawn.values[name].tobytes() for name in sorted(drawn.values))).hexdigest()
heavy = [name for name in ("pymc", "pytensor", "arviz_base", "arviz_stats", "arviz_plots") if name in sys.modules]
print(json.dumps({"heavy": heavy, "compilations": compiling.compilations, "digest": digest}))
"""


@pytest.fixture(scope="module")
def fresh_processes() -> list[dict[str, Any]]:
    """What two processes, one after the other, say of themselves."""
    program_of("binomial")
    command = [sys.executable, "-W", "error", "-c", FRESH]
    reports = []
    for _ in range(2):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        reports.append(json.loads(done.stdout.splitlines()[-1]))
    return reports


def test_a_fresh_process_samples_without_compiling_or_importing_pymc(fresh_processes: list[dict[str, Any]]) -> None:
    for report in fresh_processes:
        assert report["compilations"] == []
        assert not {"pymc", "pytensor"} & set(report["heavy"])


def test_a_seed_gives_the_same_draws_in_another_process(fresh_processes: list[dict[str, Any]]) -> None:
    first, second = fresh_processes
    assert first["digest"] == second["digest"]


def test_a_fresh_process_does_not_import_arviz(fresh_processes: list[dict[str, Any]]) -> None:
    assert fresh_processes[0]["heavy"] == []


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[FamilyName], Path]:
    """An empty folder, no program in memory, and compilations that take no time: names the file of a family."""
    codes = {family: code_of(family) for family in ("binomial", "normal")}
    monkeypatch.setenv("PRIMUM_CACHE", str(tmp_path / "code"))
    monkeypatch.setattr(module, "_programs", {})
    monkeypatch.setattr(module, "compilations", [])
    monkeypatch.setattr(module, "compile_program", codes.__getitem__)

    def path_of(family: FamilyName) -> Path:
        return tmp_path / "code" / f"{family}-{module.fingerprint()}.bin"

    return path_of


def code_of(family: FamilyName) -> Any:
    """Code of a family as the run of the tests keeps it."""
    program_of(family)
    return module._read(module.folder() / f"{family}-{module.fingerprint()}.bin")


def works(program: Program, case: str) -> bool:
    built = model_case(case)
    vector = built.flat(built.points(1, seed=33)[0])
    status, density, _ = evaluate(program, built, vector)
    return status == 0 and density == pytest.approx(built.kernel(vector)[0], rel=TOLERANCE)


def test_only_entries_are_optimised_and_numba_is_left_as_it_was() -> None:
    before, optimised = CPUCodeLibrary._optimize_final_module, []

    @numba.njit  # type: ignore[untyped-decorator]
    def part(x: float) -> float:
        return 2.0 * x

    def entry(x: float) -> float:
        return float(part(x))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CPUCodeLibrary, "_optimize_final_module", lambda library: optimised.append(library.name))
        with optimised_once({entry.__qualname__}):
            compiled = numba.cfunc(numba.types.float64(numba.types.float64))(entry)
    assert optimised == [entry.__qualname__]
    assert compiled.ctypes(2.5) == 5.0
    assert CPUCodeLibrary._optimize_final_module is before


def test_without_what_numba_does_not_promise_code_is_compiled_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(CPUCodeLibrary, "_optimize_final_module")
    with optimised_once(set()):
        assert not hasattr(CPUCodeLibrary, "_optimize_final_module")


def test_code_is_compiled_once_and_then_read(
    elsewhere: Callable[[FamilyName], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = program_of("binomial")
    assert module.compilations == ["binomial"]
    assert elsewhere("binomial").exists()
    assert program_of("binomial") is first
    monkeypatch.setattr(module, "_programs", {})  # as a later process begins
    again = program_of("binomial")
    assert again is not first
    assert works(again, "binomial with gaps")
    assert works(program_of("normal"), "normal"), "each family must have its own code"
    assert module.compilations == ["binomial", "normal"]
    assert {path.name for path in elsewhere("binomial").parent.iterdir()} == {
        elsewhere("binomial").name,
        elsewhere("normal").name,
    }, "parts must not be left behind"


class Helper:
    """A process that compiles a family in no time, or fails to."""

    made: ClassVar[list[str]] = []
    works = True

    def __init__(self, command: list[str], **_: Any) -> None:
        self.command = command[-1]
        self.made.append(self.command)

    def wait(self) -> None:
        family: FamilyName = "normal" if "'normal'" in self.command else "binomial"
        if self.works:
            module._keep(module._path(family), module.compile_program(family))


@pytest.mark.parametrize("works_elsewhere", [True, False])
def test_families_after_the_first_are_compiled_in_other_processes(
    elsewhere: Callable[[FamilyName], Path], monkeypatch: pytest.MonkeyPatch, works_elsewhere: bool
) -> None:
    monkeypatch.setattr(Helper, "made", [])
    monkeypatch.setattr(Helper, "works", works_elsewhere)
    # its own alone: PyTensor starts processes too, the first time that it compiles something
    monkeypatch.setattr(module, "subprocess", SimpleNamespace(Popen=Helper, DEVNULL=subprocess.DEVNULL))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    for _ in range(2):  # and no family twice
        compile_ahead(["binomial", "normal", "binomial"])
    assert Helper.made == ["from primum.fit.compile import program_of; program_of('normal')"]
    assert works(program_of("normal"), "normal")
    assert module.compilations == ([] if works_elsewhere else ["normal"])
    compile_ahead(["binomial", "normal"])
    assert len(Helper.made) == 1, "one that is missing is left to this process"
    assert works(program_of("binomial"), "binomial with gaps")
    compile_ahead(["binomial", "normal"])
    assert len(Helper.made) == 1


CONSTANT = """
import pickle, sys
import numba

number = int(sys.argv[1])


@numba.njit
def inner(x):
    return x + number


def entry(x):
    return inner(x)


code = numba.cfunc(numba.types.int64(numba.types.int64))(entry)
print(pickle.dumps((code.native_name, code._library.serialize_using_object_code())).hex())
"""


def test_code_of_two_processes_is_kept_apart() -> None:
    """Symbols bear the same names in both; the second must not be answered with the first's code."""
    pieces = []
    for number in (1, 2):
        command = [sys.executable, "-c", CONSTANT, str(number)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        pieces.append(pickle.loads(bytes.fromhex(done.stdout)))
    assert pieces[0][0] == pieces[1][0], "or this shows nothing"
    program = load((pieces[0], *pieces))
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
    assert [kind(address)(40) for address in (program.density, program.expand)] == [41, 42]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut short": lambda content: content[: len(content) // 2],
    "one byte short": lambda content: content[:-1],
    "not a pickle": lambda content: b"damaged",
    "of nothing": lambda content: pickle.dumps(None),
    "one byte changed": lambda content: _changed(content, len(content) // 2),
    "first byte changed": lambda content: _changed(content, 0),
    "of something else": lambda content: pickle.dumps("something else"),
    "zeroes": lambda content: bytes(len(content)),
    "of a module that is gone": lambda content: b"cno_such_module\nname\n.",
    "of a number that is none": lambda content: b"Inone\n.",
}


def _changed(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


@pytest.mark.parametrize("damage", list(DAMAGE))
def test_a_damaged_file_is_compiled_again(
    damage: str, elsewhere: Callable[[FamilyName], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    program_of("binomial")
    path = elsewhere("binomial")
    whole = path.read_bytes()
    path.write_bytes(DAMAGE[damage](whole))
    monkeypatch.setattr(module, "_programs", {})
    # code that is damaged must not get as far as the processor, nor bring the tests down with it
    intact, load = pickle.dumps(module.compile_program("binomial")), module.load

    def guarded(code: Any) -> Program:
        assert pickle.dumps(code) == intact, "damaged code is loaded"
        return load(code)

    monkeypatch.setattr(module, "load", guarded)
    assert works(program_of("binomial"), "binomial with gaps")
    assert module.compilations == ["binomial", "binomial"]
    assert path.read_bytes() == whole, "the file must be whole again"


def test_a_folder_that_cannot_be_written_does_no_harm(
    elsewhere: Callable[[FamilyName], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("PRIMUM_CACHE", str(tmp_path / "file" / "below"))
    assert works(program_of("binomial"), "binomial with gaps")
    assert module.compilations == ["binomial"]


def test_a_full_disk_leaves_nothing_behind(
    elsewhere: Callable[[FamilyName], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, target: Path) -> Path:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert works(program_of("binomial"), "binomial with gaps")
    assert list(elsewhere("binomial").parent.iterdir()) == []


def test_threads_that_need_one_family_compile_it_once(
    elsewhere: Callable[[FamilyName], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_program = module.compile_program

    def slow(family: FamilyName) -> Any:
        time.sleep(0.2)  # long enough for the others to arrive
        return compile_program(family)

    monkeypatch.setattr(module, "compile_program", slow)
    found: list[Program] = []
    threads = [Thread(target=lambda: found.append(program_of("binomial"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert module.compilations == ["binomial"]
    assert len(found) == 4
    assert all(program is found[0] for program in found)


def test_code_is_kept_in_the_user_s_folder_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIMUM_CACHE", "/somewhere/else")
    assert module.folder() == Path("/somewhere/else")
    monkeypatch.delenv("PRIMUM_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/somebody/.cache")
    assert module.folder().name == "primum"


def test_name_of_the_code_changes_with_what_it_depends_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh: Callable[[], str] = module.fingerprint.__wrapped__
    package = Path(module.__file__).parent.parent
    copy = tmp_path / "primum"
    shutil.copytree(package / "model", copy / "model", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "fit").mkdir()
    for name in ("compile.py", "entries.py"):
        shutil.copy(package / "fit" / name, copy / "fit")
    monkeypatch.setattr(module, "__file__", str(copy / "fit" / "compile.py"))
    same = fresh()
    assert same == module.fingerprint(), "a copy of the package elsewhere has the same code"
    seen = {same}
    sources = (
        "model/kernel/kernel.py",
        "model/layout.py",
        "model/families/binomial.py",
        "fit/compile.py",
        "fit/entries.py",
    )
    for name in sources:
        source = copy / name
        before = source.read_text()
        source.write_text(before + "# changed\n")
        seen.add(fresh())
        source.write_text(before)
    assert fresh() == same
    for library in ("numba", "llvmlite", "numpy"):
        with monkeypatch.context() as patch:
            patch.setattr(module, "version", lambda name, of=library: "0" if name == of else version(name))
            seen.add(fresh())
    import llvmlite.binding as llvm

    with monkeypatch.context() as patch:
        patch.setattr(llvm, "get_host_cpu_name", lambda: "another processor")
        seen.add(fresh())
    assert len(seen) == 1 + len(sources) + 3 + 1
