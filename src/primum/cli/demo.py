"""primum demo: the embedded simulated evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.run import evaluate


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out/signs-of-safety"),
    force: Annotated[bool, typer.Option("--force", help="Write over results that are there.")] = False,
) -> None:
    """Run the embedded simulated evaluation, whose truth is known.

    Example:  primum demo --out out/demo
    """
    from primum.sources.demo import DEMO

    evaluate(DEMO, None, out, force=force)
