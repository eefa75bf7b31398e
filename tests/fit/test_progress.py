from __future__ import annotations

import io
import re
from types import SimpleNamespace

import IPython
import pytest
from rich.console import Console

from primum.fit import progress as module
from primum.fit.progress import in_notebook, progress
from tests.fit.evaluations import RealFit


def terminal(patch: pytest.MonkeyPatch, *, tty: bool) -> io.StringIO:
    output = io.StringIO()
    patch.setattr(module, "Console", lambda **_: Console(file=output, force_terminal=tty, width=120))
    return output


def plain(text: str) -> list[str]:
    """Lines without colours and movements of the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).splitlines()


def test_silent_when_piped_or_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for tty, show in ((False, True), (True, False), (False, False)):
        output = terminal(monkeypatch, tty=tty)
        with progress("Kinship care", 2, show) as settings:
            assert settings == {"progress_bar": False}
        assert output.getvalue() == ""


def test_terminal_has_a_bar_a_chain_with_its_divergences(monkeypatch: pytest.MonkeyPatch) -> None:
    output = terminal(monkeypatch, tty=True)
    with progress("Kinship care", 2, True) as settings:
        assert settings["progress_bar"] is False
        settings["progress_callback"](
            [
                SimpleNamespace(divergences=0, total_draws=1400, finished_draws=1400),
                SimpleNamespace(divergences=3, total_draws=1400, finished_draws=350),
            ]
        )
    first, second = (
        next(line for line in reversed(plain(output.getvalue())) if f"chain {chain}" in line) for chain in (1, 2)
    )
    assert "Kinship care, chain 1" in first
    assert "1400/1400 draws" in first
    assert "no divergences" in first
    assert "350/1400 draws" in second
    assert "3 divergences" in second


def test_a_real_run_reports_its_draws(real_fit: RealFit) -> None:
    """nutpie swallows what a callback raises, so that only its output shows that it works."""
    lines = plain(real_fit.shown)
    for label in ("The first outcome", "The first_again outcome"):
        assert any(line.startswith(f"{label}, chain 4") for line in lines)
    assert any("/1400 draws" in line and "divergences" in line for line in lines)


def test_notebooks_are_told_by_their_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    class TerminalInteractiveShell:
        pass

    class ZMQInteractiveShell:
        pass

    assert not in_notebook()
    monkeypatch.setattr(IPython, "get_ipython", TerminalInteractiveShell)
    assert not in_notebook()
    monkeypatch.setattr(IPython, "get_ipython", ZMQInteractiveShell)
    assert in_notebook()
    with progress("Kinship care", 2, True) as settings:
        assert settings == {"progress_bar": True}
    with progress("Kinship care", 2, False) as settings:
        assert settings == {"progress_bar": False}
