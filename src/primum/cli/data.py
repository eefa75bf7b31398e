"""primum data: from what is on disk to a table that a panel can be read from, and to comparators."""

from __future__ import annotations

import typer

from primum.cli.data_aggregate import aggregate
from primum.cli.data_dfe import dfe
from primum.cli.data_inspect import inspect
from primum.cli.data_match import match

data = typer.Typer(
    help="From official statistics and records to tables, and to comparators; each says what it was made from.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for command in (inspect, dfe, aggregate, match):
    data.command()(command)
