"""One real fit for the whole session, of two outcomes of one family."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from primum.fit import fit
from primum.fit import progress as reporting
from tests.fit.evaluations import RealFit, tiny_evaluation


@pytest.fixture(scope="session")
def real_fit() -> RealFit:
    """Sampled once; tests read it and leave it alone."""
    spec, panel = tiny_evaluation("first", "first_again")
    terminal = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reporting, "Console", lambda **_: Console(file=terminal, force_terminal=True, width=120))
        found = fit(spec, panel)
    return RealFit(spec, panel, found, terminal.getvalue())
