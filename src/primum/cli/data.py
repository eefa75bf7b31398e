"""primum data: from what is on disk to a table that a panel can be read from."""

from __future__ import annotations

import typer

from primum.cli.data_dfe import dfe
from primum.cli.data_inspect import inspect

data = typer.Typer(
    help="From official statistics to tables, each with a record of what it was made from.", no_args_is_help=True
)
for command in (inspect, dfe):
    data.command()(command)
