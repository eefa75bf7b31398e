"""primum data dfe: from releases of the Department for Education to a tidy table."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.errors import SourceError

if TYPE_CHECKING:
    from primum.sources.dfe.kind import Kind


class Shape(StrEnum):
    """Shape of the table."""

    LONG = "long"
    WIDE = "wide"


def dfe(
    files: Annotated[list[Path], typer.Argument(help="Releases as published, .csv; the newest last.")],
    out: Annotated[Path, typer.Option(help="The table, .parquet or .csv.")],
    measure: Annotated[list[str] | None, typer.Option(help="A measure to keep; by default all.")] = None,
    first: Annotated[int | None, typer.Option(help="First year.")] = None,
    last: Annotated[int | None, typer.Option(help="Last year.")] = None,
    stable: Annotated[bool, typer.Option("--stable", help="Merge reorganised local authorities.")] = False,
    shape: Annotated[Shape, typer.Option(help="long: a row a number; wide: a row an LA and year.")] = Shape.LONG,
    vintage: Annotated[str | None, typer.Option(help="2010-2018, 2019-2021 or 2022-: when published.")] = None,
    period: Annotated[int | None, typer.Option(help="The year of a file that does not say it.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="Rows to keep, COLUMN=VALUE.")] = None,
    filter_: Annotated[list[str] | None, typer.Option("--filter", help="A column that labels rows.")] = None,
    count: Annotated[list[str] | None, typer.Option(help="A column that holds counts.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a table that is there.")] = False,
) -> None:
    """Read releases of the Department for Education into one tidy table.

    Example:  primum data dfe c1_2013_to_2025.csv --measure referral_count --stable --shape wide --out c1.parquet

    Every missing value has its reason and, for suppressed counts, its range. Where several files
    speak of one number, the last named file counts. Beside the table, a JSON file says what it was made from.
    """
    from primum.sources.dfe import combine, read_dfe, select, widen
    from primum.sources.geography import stable_units
    from primum.sources.provenance import Provenance, check_target, write_table

    check_target(out, force=force)
    kinds: dict[str, Kind] = dict.fromkeys(count or (), "count")
    releases = [read_dfe(file, vintage=vintage, period=period, filters=filter_ or (), kinds=kinds) for file in files]
    cells, notices = combine(releases)
    cells = select(cells, measure, first, last, _pairs(where or ()))
    if stable:
        merged = stable_units(cells)
        cells, notices = merged.cells, [*notices, *merged.notices]
    table = widen(cells) if shape is Shape.WIDE else cells
    told = [
        *(f"{Path(release.subject).name}: {notice}" for release in releases for notice in release.notices),
        *notices,
    ]
    options = {
        "measure": measure, "first": first, "last": last, "stable": stable, "shape": shape.value, "vintage": vintage,
        "vintages": [release.vintage for release in releases], "period": period, "where": where,
        "filter": filter_, "count": count,
    }  # fmt: skip
    record = write_table(table, out, Provenance("primum data dfe", files, options, told), force=force)
    typer.echo("\n".join(f"- {notice}" for notice in told))
    typer.echo(f"\n{len(table):,} rows in {out}; what it was made from is in {record}")


def _pairs(wishes: Sequence[str]) -> dict[str, str]:
    """Columns and their values, from COLUMN=VALUE.

    Raises
    ------
    SourceError
        If there is no = in one.
    """
    wrong = [wish for wish in wishes if "=" not in wish]
    if wrong:
        raise SourceError("--where", [f"{wish!r} must be COLUMN=VALUE" for wish in wrong])
    return {name: value for name, _, value in (wish.partition("=") for wish in wishes)}
