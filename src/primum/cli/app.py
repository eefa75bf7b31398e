"""The `primum` command: its commands, and what its exit codes mean."""

from __future__ import annotations

import sys

import typer

from primum.cli.data import data
from primum.cli.demo import demo
from primum.cli.describe import describe
from primum.cli.design import design
from primum.cli.freeze import freeze
from primum.cli.report import report
from primum.cli.run import run
from primum.errors import PrimumError

BAD_INPUT = 2

app = typer.Typer(
    help="""Bayesian evaluation of policies rolled out area by area: what is the probability of harm?

    A specification (TOML) and a table of areas by period go in; effects, diagnostics and
    probability-of-harm statements come out, here and in a report.

    Try it:  primum demo --out out/demo

    Your own:  primum run models/rereferral-england.toml --data la_year_panel.csv --out out/england

    Exit codes: 0 the computation passed its checks (PASS or REVIEW), 1 it failed them (FAIL), 2 bad input.""",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (run, describe, design, demo, report, freeze):
    app.command()(command)
app.add_typer(data, name="data")


def main() -> None:
    """Run the command line; mistakes in the input end in a message and exit code 2."""
    try:
        app()
    except PrimumError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(BAD_INPUT)
