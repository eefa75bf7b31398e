"""primum data match: comparators for pilots, as base weights, with their balance."""

from __future__ import annotations

import json
import textwrap
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from primum.cli.run import has_text_units, table_for
from primum.cli.write import Format, open_folder
from primum.errors import InputError
from primum.spec import Spec
from primum.spec.matching import Method, Metric, Unmatched

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from primum.match import Covariates, Matches
    from primum.panel import Panel
    from primum.sources.provenance import Provenance


def match(
    spec: Annotated[Path, typer.Argument(help="The specification, a TOML file.")],
    data: Annotated[Path | None, typer.Option(help="The table, .csv or .parquet.")] = None,
    covariates: Annotated[
        list[Path] | None, typer.Option(help="A table of covariates by unit, or by unit and period; repeatable.")
    ] = None,
    use: Annotated[
        list[str] | None, typer.Option(help="A column of these tables to use; repeatable; all by default.")
    ] = None,
    measured: Annotated[
        list[str] | None, typer.Option(help="NAME=PERIOD in which a covariate was measured; repeatable.")
    ] = None,
    exact: Annotated[list[str] | None, typer.Option(help="A column that must be equal; repeatable.")] = None,
    sets: Annotated[Path | None, typer.Option(help="Your own sets in place of matching: pilot, comparator.")] = None,
    outcome: Annotated[
        list[str] | None, typer.Option(help="An outcome to match on; repeatable; all by default.")
    ] = None,
    per_outcome: Annotated[bool, typer.Option("--per-outcome", help="Match each outcome apart.")] = False,
    method: Annotated[Method, typer.Option(help="Nearest comparators, or a smooth kernel.")] = "nearest",
    distance: Annotated[Metric, typer.Option(help="How distances are measured.")] = "mahalanobis",
    neighbours: Annotated[int, typer.Option(help="Comparators a pilot; for a kernel, effectively.")] = 5,
    reuse: Annotated[bool, typer.Option(help="Whether a comparator may serve several pilots.")] = True,
    caliper: Annotated[float | None, typer.Option(help="Largest distance.")] = None,
    calipers: Annotated[
        list[str] | None, typer.Option(help="NAME=SIZE, the largest difference in a variable, in SDs; repeatable.")
    ] = None,
    bandwidth: Annotated[float | None, typer.Option(help="Bandwidth of the kernel.")] = None,
    shrink: Annotated[bool, typer.Option(help="Whether noisy levels and trends count for less.")] = True,
    unmatched: Annotated[Unmatched, typer.Option(help="What becomes of pilots without a comparator.")] = "error",
    out: Annotated[Path | None, typer.Option(help="Folder for the results; by default out/NAME-match.")] = None,
    format_: Annotated[Format, typer.Option("--format", help="Of the tables.")] = "csv",
    force: Annotated[bool, typer.Option("--force", help="Write over results that are there.")] = False,
) -> None:
    """Find comparators that were like each pilot before its exposure, and say how alike they are.

    Example:  primum data match models/rereferral-england.toml --data la_year_panel.csv --out out/match

    The folder gets base_weights, matched_sets, balance, pilots, comparators and scaling, matching.json
    with settings and notes, and figures. Then, with weights.base = "panel" in the specification:

    primum run SPEC --data TABLE --base-weights out/match/base_weights.csv
    """
    import primum as pr
    from primum.sources.provenance import Provenance

    matching = pr.Matching(
        method=method, distance=distance, neighbours=neighbours, reuse=reuse, caliper=caliper, exact=tuple(exact or ()),
        calipers=_pairs("--calipers", calipers, float), outcomes=tuple(outcome) if outcome else None,
        per_outcome=per_outcome, bandwidth=bandwidth, shrink=shrink, unmatched=unmatched,
    )  # fmt: skip
    read = Spec.read(spec)
    panel = pr.Panel.from_frame(table_for(read, spec, data), read.data)
    given = _covariates(panel, covariates or [], use, _pairs("--measured", measured, int))
    if sets is None:
        matches = pr.match(read, panel, matching, given)
    else:
        names = ("pilot", "comparator") if has_text_units(panel) else ()
        matches = pr.match_sets(read, panel, pr.read_table(sets, names), given, matching)
    folder = out or Path("out") / f"{spec.stem}-match"
    files = [each for each in (spec, data, sets, *(covariates or [])) if each is not None]
    record = Provenance("primum data match", files, asdict(matching), matches.notes)
    _write(matches, read, panel, folder, format_, record, force=force)
    typer.echo(f"{panel!r}\n")
    for line in repr(matches).splitlines():
        typer.echo(textwrap.fill(line, 100, subsequent_indent="    "))
    typer.echo(f"\nWritten to {folder}")


def _pairs[Number: (int, float)](option: str, items: list[str] | None, number: type[Number]) -> dict[str, Number]:
    """Read NAME=NUMBER options, and name all that are not so."""
    found, problems = {}, []
    for item in items or []:
        name, _, value = item.rpartition("=")
        try:
            found[name] = number(value)
        except ValueError:
            name = ""
        if not name:
            kind = "a whole number" if number is int else "a number"
            problems.append(f"{option} {item}: give NAME=VALUE, such as {option} idaci=2010, where VALUE is {kind}")
    if problems:
        raise InputError("the command", problems)
    return found


def _covariates(panel: Panel, paths: list[Path], use: list[str] | None, measured: dict[str, int]) -> Covariates | None:
    import primum as pr

    if not paths:
        if use or measured:
            raise InputError("the command", ["--use and --measured speak of covariates; give a table of --covariates"])
        return None
    codes = (panel.layout.columns.unit,) if has_text_units(panel) else ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what it says is among the notes, which are printed
        return pr.covariates(
            panel, {str(path): pr.read_table(path, codes) for path in paths}, use=use, measured=measured
        )


def _write(
    matches: Matches, spec: Spec, panel: Panel, folder: Path, kind: Format, record: Provenance, *, force: bool
) -> None:
    """Write tables, settings and figures, once nothing stands in their way."""
    from primum.sources.provenance import write_table

    columns = [name for name in ("outcome", "pilot", "comparator", "weight") if name in matches.sets]
    tables = {
        "base_weights": matches.sets[columns],
        "matched_sets": matches.sets,
        "balance": matches.balance.variables,
        "pilots": matches.balance.pilots,
        "comparators": matches.balance.comparators,
        "scaling": matches.scaling,
    }
    files = {f"{name}.{kind}": table for name, table in tables.items()}
    figures = {f"figures/{name}.svg": figure for name, figure in _figures(matches, spec, panel).items()}
    beside = [f"{name}.provenance.json" for name in tables]
    open_folder(folder, [*files, *beside, *figures, "matching.json"], force=force)
    (folder / "figures").mkdir(exist_ok=True)
    for name, table in files.items():
        write_table(table, folder / name, record, force=force)
    for name, figure in figures.items():
        figure.savefig(folder / name, metadata={"Date": None})
    content: dict[str, Any] = {"matching": asdict(matches.matching)}
    content |= {"unmatched": matches.unmatched, "notes": matches.notes}
    (folder / "matching.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _figures(matches: Matches, spec: Spec, panel: Panel) -> dict[str, Figure]:
    from primum.plots import plot_balance, plot_distances, plot_matched

    outcomes = list(matches.matching.outcomes or [outcome.name for outcome in spec.outcomes])
    figures = {"balance": plot_balance(matches)}
    if "outcome" in matches.weights.dims:
        figures |= {f"distances-{name}": plot_distances(matches, name) for name in outcomes}
    else:
        figures["distances"] = plot_distances(matches)
    return figures | {f"trends-{name}": plot_matched(matches, panel, spec.outcome(name)) for name in outcomes}
