"""primum data: what lies between files and a panel."""

from __future__ import annotations

import typer

from primum.cli.data_match import match

data = typer.Typer(
    help="Prepare data: each command writes tables that the other commands read.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
data.command("match")(match)


@data.callback()
def _group() -> None:
    """Keep the name of a single command: without a callback typer would drop it."""
