"""primum data inspect: what is in a file of official statistics."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.write import DPI, check_figure

if TYPE_CHECKING:
    import pandas as pd

    from primum.sources.dfe import Release


def inspect(
    file: Annotated[Path, typer.Argument(help="A release as published, .csv.")],
    vintage: Annotated[str | None, typer.Option(help="2010-2018, 2019-2021 or 2022-: when published.")] = None,
    period: Annotated[int | None, typer.Option(help="The year of a file that does not say it.")] = None,
    filter_: Annotated[list[str] | None, typer.Option("--filter", help="A column that labels rows.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw what is missing to this file, such as gaps.png.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a figure that is there.")] = False,
) -> None:
    """Print what is in a file: years, places, measures, what is missing and why, and LAs that break.

    Example:  primum data inspect c1_children_in_need_referrals_and_rereferrals_2013_to_2025.csv
    """
    from primum.sources.dfe import read_dfe

    if plot is not None:
        check_figure(plot, force=force)
    release = read_dfe(file, vintage=vintage, period=period, filters=filter_ or ())
    typer.echo(inspection(release))
    if plot is not None:
        from primum.plots import plot_missing

        plot_missing(release.cells).savefig(plot, dpi=DPI)
        typer.echo(f"\nFigure: {plot}")


def inspection(release: Release) -> str:
    """What is in a release, in words and tables."""
    from primum.sources.dfe.overview import by_measure, years_covered

    cells = release.cells
    places = cells.drop_duplicates(["geographic_level", "region_name", "old_la_code", "la_name"])
    levels = places["geographic_level"].value_counts()
    blocks = [
        f"{release.subject}\n  sha256 {release.sha256}",
        f"Years: {years_covered(cells)}",
        "Places: " + ", ".join(f"{count:,} {level}" for level, count in levels.items()),
        f"Vintage: {release.vintage}",
        *_labels(release),
        "What is missing, and why (cells of all levels)\n" + _indented(by_measure(cells).reset_index()),
        "Local authorities that break\n" + _breaks(cells),
        "Notices\n" + "\n".join(_bullet(notice) for notice in release.notices),
    ]
    return "\n\n".join(blocks)


def _labels(release: Release) -> list[str]:
    filters = release.columns.loc[release.columns["role"] == "filter", "name"]
    lines = []
    for name in filters:
        values = list(dict.fromkeys(release.cells[name]))
        shown = ", ".join(values[:4]) + (f" and {len(values) - 4} more" if len(values) > 4 else "")
        lines.append(f"  {name}: {shown}")
    marks = release.columns.loc[release.columns["role"] == "mark", "name"]
    found = ["Rows are labelled by\n" + "\n".join(lines)] if lines else []
    return found + ([f"Data-confidence marks: {len(marks)} columns, kept apart from the numbers"] if len(marks) else [])


def _breaks(cells: pd.DataFrame) -> str:
    from primum.sources.dfe.overview import incomplete
    from primum.sources.geography import breaks

    found = breaks(cells)
    lines = [
        _bullet(
            f"{each.date:%-d %B %Y}: {', '.join(f'{part.name} ({part.code})' for part in each.before)} became "
            f"{', '.join(f'{part.name} ({part.code})' for part in each.after)}; only the sum can be followed (--stable)"
        )
        for each in found
    ]
    tied = {part.code for each in found for part in (*each.before, *each.after)}
    gaps = incomplete(cells)
    gaps = gaps[~gaps["code"].isin(list(tied))]
    lines += [_bullet(f"{row[1]} ({row[0]}) has no row in {row[4]}") for row in gaps.itertuples(index=False)]
    return "\n".join(lines) or "  none"


def _indented(table: pd.DataFrame) -> str:
    return textwrap.indent(table.to_string(index=False, max_colwidth=48), "  ")


def _bullet(text: str) -> str:
    return textwrap.fill(text, 110, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False)
