"""primum run: from a specification and a table to a fit, a report and a summary."""

from __future__ import annotations

import json
import shutil
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.write import open_folder
from primum.errors import SpecError
from primum.spec import Frozen, Spec
from primum.spec.frozen import frozen_beside

if TYPE_CHECKING:
    from primum.fit import Fit, Imputed
    from primum.harm import Harm
    from primum.panel import Name, Panel

FAILED = 1
FROZEN = "frozen.json"


def run(
    spec: Annotated[Path, typer.Argument(help="The specification, a TOML file.")],
    data: Annotated[Path | None, typer.Option(help="The table, .csv or .parquet.")] = None,
    base_weights: Annotated[
        Path | None, typer.Option(help="Base weights of comparators, .csv or .parquet: pilot, comparator, weight.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results; by default out/NAME.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over results that are there.")] = False,
) -> None:
    """Fit an evaluation and write its report.

    Example:  primum run models/rereferral-england.toml --data la_year_panel.csv --out out/england

    The folder gets fit.nc, report.html, summary.json and figures. Where primum freeze has kept a copy of the
    specification, the report says whether it is still the same. A run that is killed resumes
    with the outcomes it had finished when it is started again. Outcomes whose weights have
    base = "panel" need --base-weights, such as those that primum data match writes.
    """
    evaluate(spec, data, out or Path("out") / spec.stem, base_weights=base_weights, force=force)


def evaluate(path: Path, data: Path | None, out: Path, *, base_weights: Path | None = None, force: bool) -> None:
    """Run a specification file and leave with exit code 1 if the gate failed."""
    started = time.perf_counter()
    import primum as pr
    from primum.report import summary, write_report
    from primum.sources import truth_of

    spec, beside = Spec.read(path), frozen_beside(path)
    frozen = Frozen.read(beside) if beside.exists() else None
    panel = panels_for(spec, path, data, base_weights)
    checkpoints = out / ".checkpoints"
    force = force or checkpoints.is_dir()  # what is there is of a run that was killed
    open_folder(out, ("fit.nc", "report.html", "summary.json"), force=force)
    typer.echo(f"{spec.title}\n{in_words(panel)}")
    (out / FROZEN).unlink(missing_ok=True)  # of an earlier run
    if frozen is not None:
        typer.echo(textwrap.fill(frozen.statement(spec), 100))
        frozen.write(out / FROZEN)
    fit = pr.fit(spec, panel, checkpoints=checkpoints)
    effects = pr.effects(fit)
    harm = pr.harm(effects)
    truth = truth_of(spec, fit.panel)
    fit.save(out / "fit.nc", force=force)
    page = write_report(fit, effects, harm, out, truth=truth, frozen=frozen, force=force)
    seconds = time.perf_counter() - started
    content = summary(fit, effects, harm, total_seconds=seconds, truth=truth, frozen=frozen)
    (out / "summary.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(checkpoints, ignore_errors=True)
    say(fit, harm, page)


def panel_for(spec: Spec, path: Path, data: Path | None, base_weights: Path | None) -> Panel:
    """The panel that is fitted, with base weights where its specification asks for them.

    Raises
    ------
    SpecError
        If base weights are asked for and not given, or given and not asked for.
    """
    import primum as pr

    return _weighted(spec, path, pr.Panel.from_frame(table_for(spec, path, data), spec.data), base_weights)


def panels_for(spec: Spec, path: Path, data: Path | None, base_weights: Path | None) -> Panel | dict[Name, Panel]:
    """The same, or a panel an imputation where the specification names their column."""
    import primum as pr

    if spec.columns.imputation is None:
        return panel_for(spec, path, data, base_weights)
    panels = pr.Panel.imputed(table_for(spec, path, data), spec.data)
    return {name: _weighted(spec, path, panel, base_weights) for name, panel in panels.items()}


def in_words(panel: Panel | Mapping[Name, Panel]) -> str:
    """What the panel is; of imputations, the first and how many there are."""
    if isinstance(panel, Mapping):
        return f"{len(panel)} imputations, the first of them:\n{next(iter(panel.values()))!r}"
    return repr(panel)


def _weighted(spec: Spec, path: Path, panel: Panel, base_weights: Path | None) -> Panel:
    import primum as pr

    if base_weights is not None:
        names = ("pilot", "comparator") if has_text_units(panel) else ()
        panel = panel.with_base_weights(pr.read_table(base_weights, names))
    problems = _weight_problems(spec, panel)
    if problems:
        raise SpecError(str(path), problems)
    return panel


def has_text_units(panel: Panel) -> bool:
    """Whether units are named by text, so that codes in other files must be read as text too."""
    return panel.dataset["unit"].dtype.kind not in "iu"


def _weight_problems(spec: Spec, panel: Panel) -> list[str]:
    """Base weights that are asked for and not given, or given and not asked for."""
    asking = [outcome.name for outcome in spec.outcomes if outcome.weights.base == "panel"]
    given = panel.dataset.get("base_weight")
    have: list[str] = []
    if given is not None:
        have = given["base_outcome"].values.tolist() if "base_outcome" in given.dims else asking
    problems = [
        f'outcomes.{name}.weights.base is "panel", but there are no base weights for it; '
        "give them with --base-weights FILE (primum data match makes them)"
        for name in asking
        if name not in have
    ]
    idle = ["NAME"] if given is not None and not have else [name for name in have if name not in asking]
    return problems + [
        f'base weights are given that are not used; set base = "panel" in [outcomes.{name}.weights], or leave them out'
        for name in idle
    ]


def table_for(spec: Spec, path: Path, data: Path | None) -> object:
    """The table that the command line or the specification names.

    Raises
    ------
    SpecError
        If neither names one.
    """
    from primum.sources import read_table, simulated

    if data is not None:
        return read_table(data)
    if spec.source.simulate is not None:
        return simulated(spec).table
    if spec.source.file is not None:
        beside = path.parent / spec.source.file
        return read_table(beside if beside.is_file() else spec.source.file)
    raise SpecError(str(path), ["it names no table; give one with --data FILE, or set file in [source]"])


def say(fit: Fit | Imputed, harm: Harm, page: Path) -> None:
    """Print verdict, findings, decisions and the path of the report; leave with 1 on FAIL."""
    import primum as pr

    typer.echo(f"\nComputation: {harm.gate.verdict}")
    typer.echo(f"Fit to the data: {'in doubt for ' + ', '.join(harm.doubted) if harm.doubted else 'no doubts'}\n")
    for name, each in harm.outcomes.items():
        lines = [f"{each.gate.verdict} {name}: {reason}" for reason in each.gate.reasons]
        lines += [f"DOUBT {name}: {doubt}" for doubt in each.doubts]
        if each.outcome.shocks == "heavy-tailed" and each.gate.verdict != "FAIL":
            lines.append(f"RECORDS {name}: {pr.outliers(fit, name).sentence}")
        if each.outcome.shock_sizes == "by period" and each.gate.verdict != "FAIL":
            lines.append(f"SHOCKS {name}: {pr.shock_sizes(fit, name).sentence}")
        if each.outcome.variances != "equal" and each.gate.verdict != "FAIL":
            lines.append(f"AREAS {name}: {pr.unit_sizes(fit, name).sentence}")
        for line in lines:
            typer.echo(textwrap.fill(line, 100, subsequent_indent="  ") + "\n")
    for sentence in harm.sentences:
        typer.echo(textwrap.fill(sentence, 100, initial_indent="- ", subsequent_indent="  ") + "\n")
    typer.echo(f"Places that use it already: {harm.decision.using}")
    typer.echo(f"Places that consider it:    {harm.decision.considering}\n")
    typer.echo(f"Report: {page}")
    if harm.gate.verdict == "FAIL":
        raise typer.Exit(FAILED)
