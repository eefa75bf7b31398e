"""Whether stated probabilities come true: evaluations of the original size, their effects drawn from the prior.

    python benchmarks/calibration/run.py --evaluations 1000

Each evaluation has 9 pilots and 18 comparators over 10 years, as the original one had: a share of some 200 records an
area and year, exposed from the sixth year on. Everything is drawn from the default priors, level, drift, shocks and
effects included, so that the model is right and its statements must be calibrated: of those with a probability
around 0.9, some nine in ten must be true. One outcome, fitted exactly by `primum.refits`. ``results.csv`` beside this
script has a row an evaluation: the true SATT, the probabilities of harm, of harm beyond the SESOI of 3 points, of a
negligible effect and of benefit beyond it, for the average effect in the pilots, and the rank of the truth among 99
draws. ``table.csv`` has, for the statements in each class of probability, how many there are, the mean of what was
stated, the share that was true, and its binomial error; ``calibration.png`` shows it. An evaluation whose gate
says FAIL makes no statement, and is counted. A run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import chisquare

import primum as pr
from primum.effects.averages import over_cells
from primum.fit.replicate import new_units
from primum.harm.probabilities import probabilities
from primum.model import Cells
from primum.model.families import Standard, family_of
from primum.spec import Outcome

HERE = Path(__file__).parent
PILOTS, COMPARATORS, PERIODS, START, RECORDS, SESOI = 9, 18, 10, 5, 200, 3.0
CENTRE, BATCH, RANKS = -0.85, 20, 99
STATEMENTS = {
    "harm": "harm",
    "beyond": "harm_beyond_sesoi",
    "negligible": "negligible",
    "benefit": "benefit_beyond_sesoi",
}
CLASSES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0)


def specification(seed: int) -> pr.Spec:
    """The specification, all defaults."""
    outcome = {
        "label": "Share", "family": "binomial", "value": "count", "denominator": "records",
        "unit": "percentage points", "harm": "up", "sesoi": SESOI,
    }  # fmt: skip
    about = {"title": "Calibration", "programme": "it", "seed": seed}
    columns = {"unit": "area", "time": "year", "exposure": "exposure"}
    return pr.Spec.from_dict({**about, "columns": columns, "outcomes": {"outcome": outcome}})


def from_priors(outcome: Outcome, rng: np.random.Generator) -> xr.Dataset:
    """One draw of every hyperparameter from its prior, with the dims of a posterior."""
    found = {}
    for name, prior in outcome.priors_in_use():
        if name == "lambda_t":
            continue
        value = prior.location + prior.scale * rng.normal()
        found[name] = abs(value) if prior.distribution == "half-normal" else value
    path = outcome.all_priors().lambda_t.scale * rng.normal(size=PERIODS)
    variables = {name: (("chain", "draw"), np.array([[value]])) for name, value in found.items()}
    return xr.Dataset(variables | {"lambda": (("chain", "draw", "time"), (path - path.mean())[None, None])})


def simulate(seed: int) -> tuple[pr.Spec, pr.Panel, float]:
    """A specification, a panel drawn from its priors, and the true SATT in percentage points."""
    spec, rng = specification(seed), np.random.default_rng([seed, 20211])
    outcome = spec.outcomes[0]
    family, standard, units = family_of("binomial"), Standard(CENTRE, 1.0), PILOTS + COMPARATORS
    unit, year = np.indices((units, PERIODS))
    exposure = ((unit < PILOTS) & (year >= START)).astype(float)
    records = (rng.poisson(RECORDS * rng.lognormal(0, 0.6, (units, 1)), unit.shape) + 5).astype(float)
    seen = np.ones(unit.shape, dtype=bool)
    cells = Cells(np.zeros(unit.shape), records, seen, exposure, np.arange(PILOTS), np.arange(PERIODS), True)
    hyper = from_priors(outcome, rng)
    without, away = (values[0] for values in new_units(hyper, cells, rng))
    eta, ones = without + float(hyper["tau"].values[0, 0]) * exposure + away, np.ones(1)
    effect = family.mean(eta, ones, cells, standard) - family.mean(without, ones, cells, standard)
    truth = float(over_cells(outcome.factor * effect[:PILOTS], exposure[:PILOTS]))
    columns = {"area": unit, "year": year, "exposure": exposure, "records": records}
    table = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    table["count"] = family.draw(rng, eta, ones, cells, standard).ravel()
    return spec, pr.Panel.from_frame(table, spec.data), truth


def rows_of(seeds: list[int], cores: int | None) -> pd.DataFrame:
    """Fit some evaluations, and what each states beside the truth."""
    simulated = {seed: simulate(seed) for seed in seeds}
    cases = {str(seed): (spec, panel) for seed, (spec, panel, _) in simulated.items()}
    rows = []
    for seed, each in pr.refits(cases, cores=cores, show_progress=False).items():
        truth, draws = simulated[int(seed)][2], each.effects.draws["satt"].to_numpy()
        stated = probabilities(draws, 1, SESOI)
        some = draws.ravel()[np.linspace(0, draws.size - 1, RANKS).astype(int)]
        rows.append(
            {
                "evaluation": int(seed), "truth": round(truth, 4),
                **{name: round(getattr(stated, field).value, 5) for name, field in STATEMENTS.items()},
                "rank": int((some < truth).sum()), "gate": each.gate.verdict, "seconds": round(each.seconds, 1),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def statements(results: pd.DataFrame) -> pd.DataFrame:
    """Every statement that was made: its kind, the probability stated, and whether it is true."""
    made, truth = results[results["gate"] != "FAIL"], results.loc[results["gate"] != "FAIL", "truth"]
    true = {
        "harm": truth > 0, "beyond": truth > SESOI, "negligible": truth.abs() <= SESOI, "benefit": truth < -SESOI,
    }  # fmt: skip
    return pd.concat([pd.DataFrame({"kind": kind, "stated": made[kind], "true": true[kind]}) for kind in true])


def table_of(made: pd.DataFrame) -> pd.DataFrame:
    """Statements by class of probability, for all kinds together and for each.

    ``z`` is how many binomial standard errors, at what was stated, the share that was true lies from it.
    """
    rows = {}
    for kind in ("all", *STATEMENTS):
        chosen = made if kind == "all" else made[made["kind"] == kind]
        classes = pd.cut(chosen["stated"], CLASSES, include_lowest=True)
        for interval, group in chosen.groupby(classes, observed=True):
            mean, true = group["stated"].mean(), group["true"].mean()
            error = np.sqrt((group["stated"] * (1 - group["stated"])).sum()) / len(group)
            low, high = max(interval.left, 0.0), interval.right
            rows[kind, f"{low:g} to {high:g}"] = {
                "statements": len(group), "stated": mean, "true": true, "error": error,
                "z": (true - mean) / error if error > 0 else np.nan,
            }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["kind", "class"])


def draw(table: pd.DataFrame, path: Path) -> None:
    """What was stated against what came true, with twice the binomial error."""
    from primum.plots.style import HARM, INK, house_style, new_figure

    rows = table.loc["all"]
    with house_style():
        figure, (axes,) = new_figure(4.6)
        axes.plot([0, 1], [0, 1], color="#9AA5B1", lw=1, zorder=0)
        axes.errorbar(rows["stated"], rows["true"], 2 * rows["error"], fmt="o", color=HARM, ecolor=INK, ms=4, lw=1)
        axes.set_xlabel("mean probability stated")
        axes.set_ylabel("share that was true, and twice its error")
        axes.set_title("Probabilities stated, and how often they were true")
        axes.set_aspect("equal")
        figure.savefig(path, dpi=110)


def main() -> None:
    """Fit what is not there yet, then show what all of it says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evaluations", type=int, default=1000)
    parser.add_argument("--cores", type=int)
    asked = parser.parse_args()
    path = HERE / "results.csv"
    done = pd.read_csv(path) if path.exists() else pd.DataFrame({"evaluation": []})
    waiting = [seed for seed in range(1, asked.evaluations + 1) if seed not in set(done["evaluation"])]
    for first in range(0, len(waiting), BATCH):
        rows = rows_of(waiting[first : first + BATCH], asked.cores)
        done = rows if done.empty else pd.concat([done, rows], ignore_index=True)
        done.to_csv(path, index=False)
        print(f"{len(done)} of {asked.evaluations}", flush=True)
    table = table_of(statements(done))
    table.round(4).to_csv(HERE / "table.csv")
    draw(table, HERE / "calibration.png")
    made = done[done["gate"] != "FAIL"]
    counts = np.histogram(made["rank"], bins=10, range=(-0.5, RANKS + 0.5))[0]
    print(table.round(3).to_string())
    print(f"ranks of the truth in tenths: {counts.tolist()}, p = {chisquare(counts).pvalue:.3f}")
    print(f"gate: {done['gate'].value_counts().to_dict()}")


if __name__ == "__main__":
    main()
