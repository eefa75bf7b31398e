"""primum describe: what would be fitted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.run import panels_for
from primum.spec import Spec


def describe(
    spec: Annotated[Path, typer.Argument(help="The specification, a TOML file.")],
    data: Annotated[Path | None, typer.Option(help="The table, .csv or .parquet.")] = None,
    base_weights: Annotated[
        Path | None, typer.Option(help="Base weights of comparators, .csv or .parquet: pilot, comparator, weight.")
    ] = None,
) -> None:
    """Print the panel, the model and its priors, without fitting anything.

    Example:  primum describe models/signs-of-safety.toml
    """
    import primum as pr

    read = Spec.read(spec)
    typer.echo(pr.describe(read, panels_for(read, spec, data, base_weights)))
