"""primum design: how often the rules would be right, before the pilots' outcomes are looked at."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from primum.cli.run import panel_for
from primum.cli.write import open_folder
from primum.errors import SpecError
from primum.spec import Spec


def design(
    spec: Annotated[Path, typer.Argument(help="The specification, a TOML file.")],
    data: Annotated[Path | None, typer.Option(help="The table, .csv or .parquet.")] = None,
    base_weights: Annotated[
        Path | None, typer.Option(help="Base weights of comparators, .csv or .parquet: pilot, comparator, weight.")
    ] = None,
    outcome: Annotated[list[str] | None, typer.Option(help="An outcome; may be repeated; by default all.")] = None,
    effect: Annotated[
        list[float] | None,
        typer.Option(help="A true effect, in the outcome's unit; may be repeated; by default -2 to 2 SESOIs."),
    ] = None,
    simulations: Annotated[int, typer.Option(min=2, help="Simulated evaluations for each effect.")] = 50,
    out: Annotated[Path | None, typer.Option(help="Folder for the results; by default out/NAME-design.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over results that are there.")] = False,
) -> None:
    """Simulate evaluations with known effects, and count what the specification's rules would advise.

    Example:  primum design models/signs-of-safety.toml --outcome kinship --simulations 100

    How often would the rules cry harm where there is none, or miss harm that is there? Areas are simulated from what
    comparators and the years before the programme say; what happened to the pilots since is not looked at. The folder
    gets a table and a figure an outcome. A run that is killed goes on where it was.
    """
    import primum as pr
    from primum.plots import plot_operating

    read = Spec.read(spec)
    panel = panel_for(read, spec, data, base_weights)
    folder = out or Path("out") / f"{spec.stem}-design"
    known = [each.name for each in read.outcomes]
    names = list(dict.fromkeys(outcome or known))
    problems = [f"outcome must be one of {', '.join(known)}, not {name}" for name in names if name not in known]
    problems += [f"effect must be a finite number, not {each}" for each in effect or [] if not math.isfinite(each)]
    if problems:
        raise SpecError("the simulations", problems)
    open_folder(folder, [f"{names[-1]}.csv"], force=force)  # the last to be written: without it, a run was killed
    done = []
    for name in names:
        kept = folder / f"{name}-simulations.csv"
        if force:
            kept.unlink(missing_ok=True)
        found = pr.operating(read, panel, name, effects=effect, simulations=simulations, checkpoints=kept)
        found.table.to_csv(folder / f"{name}.csv")
        plot_operating(found).savefig(folder / f"{name}.svg", metadata={"Date": None})
        typer.echo(f"{found}\n")
        done.append(found)
    counted = sum(each.outcome.important for each in done)
    if counted > 1 and read.decisions.rule == "thresholds" and 0 in (effect or [0]):
        alarms = pr.false_alarms(done)
        typer.echo(
            f"No effect on any of the {counted} outcomes that count: stop or rework {alarms['stop or rework']:.0%}, "
            f"pause {alarms['pause for thought']:.0%}, adopt {alarms['grounds to adopt']:.0%} "
            f"of {alarms['simulations']:.0f} (errors of outcomes taken as independent)\n"
        )
    typer.echo(f"Tables, figures and simulations: {folder}")
