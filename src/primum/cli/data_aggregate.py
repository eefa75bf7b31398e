"""primum data aggregate: from records to a table of areas by period."""

from __future__ import annotations

import textwrap
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from primum.cli.write import DPI, check_figure


def aggregate(
    files: Annotated[list[Path], typer.Argument(help="Records, one row a child or episode: .parquet or .csv.")],
    with_: Annotated[Path, typer.Option("--with", help="What becomes of them, a TOML file.")],
    out: Annotated[Path, typer.Option(help="The table, .parquet or .csv.")],
    programme: Annotated[
        Path | None, typer.Option(help="When each unit started, .csv or .parquet: unit, start, embedded.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw records used and not to this file, such as used.png.")] = None,
    memory: Annotated[float, typer.Option(help="Bound of memory, in GiB; some 0.3 more is used beside it.")] = 2.0,
    threads: Annotated[int | None, typer.Option(help="Number of threads; by default one a core.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a table that is there.")] = False,
) -> None:
    """Aggregate child- or episode-level records to a table of areas by period.

    Example:  primum data aggregate referrals.parquet --with models/records/children.toml --out cells.parquet

    models/records/children.toml explains every key: the column of the area, the date that places a record in
    a month, quarter or year, and outcomes: a yes or no, an event within so many days, or a duration that may
    still be open. Records that cannot be used are an error that counts them by reason, unless leave_out
    names the reason. With --programme, the table also says how exposed each area was in each period.

    Beside the table, a JSON file says what it was made from. Counts of 1 to 4 are warned about: do not publish them.
    """
    import primum as pr
    from primum.sources.provenance import Provenance, check_target, write_table

    check_target(out, force=force)
    if plot is not None:
        check_figure(plot, force=force)
    aggregation = pr.Aggregation.read(with_)
    started = None if programme is None else pr.read_table(programme, ("unit", "start", "embedded"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what it says is among the notices, which are printed
        cells = pr.aggregate(files, aggregation, started, memory=memory, threads=threads)
    sources = [*files, with_, *([] if programme is None else [programme])]
    made = Provenance("primum data aggregate", sources, asdict(aggregation), cells.notices)
    record = write_table(cells.table, out, made, force=force)
    for line in repr(cells).splitlines():
        typer.echo(textwrap.fill(line, 100, subsequent_indent="    "))
    typer.echo(f"\n{len(cells.table):,} rows in {out}; what it was made from is in {record}")
    if plot is not None:
        from primum.plots import plot_records

        plot_records(cells).savefig(plot, dpi=DPI)
        typer.echo(f"Figure: {plot}")
