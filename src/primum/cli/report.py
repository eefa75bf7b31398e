"""primum report: the report of a fit that was saved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.run import FROZEN, say


def report(
    fit: Annotated[Path, typer.Argument(help="A fit that primum saved, such as out/england/fit.nc.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the report; by default the fit's own.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a report that is there.")] = False,
) -> None:
    """Write the report of a saved fit again, without fitting.

    Example:  primum report out/england/fit.nc --force
    """
    import primum as pr
    from primum.fit.imputed import load_fit
    from primum.sources import truth_of

    loaded = load_fit(fit)
    effects = pr.effects(loaded)
    harm = pr.harm(effects)
    truth = truth_of(loaded.spec, loaded.panel)
    kept = fit.parent / FROZEN
    frozen = pr.Frozen.read(kept) if kept.exists() else None
    page = pr.write_report(loaded, effects, harm, out or fit.parent, truth=truth, frozen=frozen, force=force)
    say(loaded, harm, page)
