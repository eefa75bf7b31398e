"""One folder of machine code for a whole run of the tests, so that no family is compiled twice.

A folder given as PRIMUM_CACHE is used instead, and keeps its code for later runs.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import IO

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Name the folder before workers and other processes start, which inherit it."""
    if "PRIMUM_CACHE" not in os.environ:
        made = tempfile.mkdtemp(prefix="primum-tests-")
        os.environ["PRIMUM_CACHE"] = made
        config.add_cleanup(lambda: shutil.rmtree(made, ignore_errors=True))


@pytest.fixture(scope="session", autouse=True)
def _compiled_by_one_worker() -> Iterator[None]:
    """A worker that needs a program which another one is compiling waits for its code."""
    from primum.fit import compile as compiling

    original = compiling.compile_program

    def wait_or_compile(name: str) -> tuple[tuple[str, object], ...]:
        folder = compiling.folder()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}-{compiling.fingerprint()}.bin"
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            code = compiling._read(path)
            if code is None:
                code = original(name)
                compiling._keep(path, code)
        return code  # type: ignore[no-any-return]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiling, "compile_program", wait_or_compile)
        yield


@pytest.fixture
def blank_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are made and not rendered, for tests of what else a report says: rendering takes most of its time."""
    from primum.plots.style import HouseFigure

    def savefig(_: HouseFigure, to: IO[str], **_given: object) -> None:
        to.write('<svg xmlns="http://www.w3.org/2000/svg" id="figure"></svg>')

    monkeypatch.setattr(HouseFigure, "savefig", savefig)
