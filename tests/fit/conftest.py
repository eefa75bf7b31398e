"""One real fit for the whole session, of two outcomes of one structure, with its compilations counted."""

from __future__ import annotations

import io
from typing import Any

import nutpie
import pytest
from rich.console import Console

from primum.fit import compile as compiling
from primum.fit import fit
from primum.fit import progress as reporting
from tests.fit.evaluations import RealFit, tiny_evaluation


@pytest.fixture(scope="session")
def real_fit() -> RealFit:
    """Sampled once; tests read it and leave it alone."""
    spec, panel = tiny_evaluation("first", "first_again")
    compilations = []
    compile_pymc_model = nutpie.compile_pymc_model

    def counted(*args: Any, **kwargs: Any) -> Any:
        compilations.append(args)
        return compile_pymc_model(*args, **kwargs)

    terminal = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiling, "_compiled", {})
        patch.setattr(nutpie, "compile_pymc_model", counted)
        patch.setattr(reporting, "Console", lambda **_: Console(file=terminal, force_terminal=True, width=120))
        found = fit(spec, panel)
        programs = dict(compiling._compiled)
    # later tests of the same structure need not compile again
    compiling._compiled.update(programs)
    return RealFit(spec, panel, found, len(compilations), terminal.getvalue())
