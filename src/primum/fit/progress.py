"""Progress of sampling: a bar a chain with divergences and time left; silent when piped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Settings = dict[str, Any]


def in_notebook() -> bool:
    """Whether the code runs in a Jupyter kernel."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and shell.__class__.__name__ == "ZMQInteractiveShell"


@contextmanager
def progress(label: str, chains: int, show: bool) -> Iterator[Settings]:
    """Settings that make nutpie report its progress.

    Parameters
    ----------
    label
        What is being fitted.
    chains
        Number of chains.
    show
        Whether to show anything at all.

    Yields
    ------
    dict
        Keyword arguments for `nutpie.sample`: its own table in a notebook, bars on a
        terminal, nothing elsewhere.
    """
    console = Console(stderr=True)
    if show and in_notebook():
        yield {"progress_bar": True}
    elif show and console.is_terminal:
        with _bars(console) as bars:
            yield {"progress_bar": False, "progress_callback": _callback(bars, label, chains)}
    else:
        yield {"progress_bar": False}


@contextmanager
def bar_of(label: str, total: int, show: bool) -> Iterator[Callable[[int], None]]:
    """A bar of work that is done piece by piece, with the time left; nothing where it is piped.

    Parameters
    ----------
    label
        What is being done.
    total
        How many pieces.
    show
        Whether to show anything at all.

    Yields
    ------
    callable
        Takes the number of pieces that are done since it was called last.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    hidden = not (show and (console.is_terminal or console.is_jupyter))
    with Progress(*columns, console=console, transient=True, disable=hidden) as bars:
        task = bars.add_task(label, total=total)
        yield lambda done: bars.advance(task, done)


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("draws"),
        TextColumn("{task.fields[divergences]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def _callback(bars: Progress, label: str, chains: int) -> Callable[[Any], None]:
    tasks = [bars.add_task(f"{label}, chain {chain + 1}", total=None, divergences="") for chain in range(chains)]

    def update(states: Any) -> None:
        for task, state in zip(tasks, states, strict=False):
            count = state.divergences
            words = "no divergences" if count == 0 else f"[red]{count} divergences[/red]"
            bars.update(task, total=state.total_draws, completed=state.finished_draws, divergences=words)

    return update
