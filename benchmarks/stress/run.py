"""How often the interval holds a true effect of 0 where the world is not as the model has it.

    python benchmarks/stress/run.py --panels 60
    python benchmarks/stress/run.py --designs null --panels 400 --settings default

Shares of some 300 records in areas by year, with nine pilots. In the stresses (60 areas, five years before and five
after) departures from the common path are

    assumed      a random walk (SD 0.15 a year) and white shocks (0.12) on the log-odds scale, as in the model
    ar2          a stationary AR(2) instead, with coefficients 0.9 and -0.3 and the same SD of changes
    heavy        steps and shocks from Student's t with 3 degrees of freedom, scaled to the same SD
    outlier      as assumed, and one area, a pilot, records twice its share in the first two years of exposure
    tenfold      as assumed, with areas' variances log-uniform over a tenfold range
    trends       as assumed, and every area has a linear trend of its own (SD 0.06 a year)
    turbulent    as assumed, and shocks are three times as large in the first two years of exposure

and in the designs ``null`` (150 areas, five years after) shocks alone of SD 0.2, whose correlation from year to year
is 0 or 0.5, with 4, 6 or 10 years before. Effects are 0 in every area. Every setting of the model gets the same
panels, fitted by `primum.refits` with the demonstration's priors. ``results.csv`` beside this script has a row a
panel and setting: mean, SD and 95% interval of the SATT in percentage points, P(harm) where a rise is harm, gate.
The table that is printed, and written to ``table.csv``, has for each the share of intervals that hold 0, the mean of
the SDs beside the RMSE, and how often P(harm) is above 0.95. A run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd
from scipy.special import expit

import primum as pr

HERE = Path(__file__).parent
PILOTS, LEVEL, BETWEEN, SIZE = 9, -1.3, 0.25, 300
Q, S = 0.15, 0.12
BATCH = 20


@dataclass(frozen=True)
class Design:
    """A world: how many areas and years, and how areas depart from the common path."""

    kind: str
    units: int = 60
    before: int = 5
    after: int = 5
    correlation: float = 0.0


STRESSES = {kind: Design(kind) for kind in ("assumed", "ar2", "heavy", "outlier", "tenfold", "trends", "turbulent")}
NULLS = {
    f"null {before} years, correlation {correlation:g}": Design("null", 150, before, 5, correlation)
    for before in (4, 6, 10)
    for correlation in (0.0, 0.5)
}
DESIGNS = STRESSES | NULLS
SETTINGS: dict[str, dict[str, object]] = {
    "default": {},
    "by unit": {"outcomes.y.variances": "by unit"},
    "heavy-tailed variances": {"outcomes.y.variances": "heavy-tailed"},
    "heavy-tailed shocks": {"outcomes.y.shocks": "heavy-tailed"},
    "shocks by period": {"outcomes.y.shock_sizes": "by period"},
    "by unit and heavy-tailed shocks": {"outcomes.y.variances": "by unit", "outcomes.y.shocks": "heavy-tailed"},
    "heavy-tailed effects": {"outcomes.y.effect": {"spread": "heavy-tailed"}},
    "weights": {"outcomes.y.weights": {"base": "equal"}},
}


def departures(design: Design, rng: np.random.Generator) -> np.ndarray:
    """How areas depart from the common path, shape (unit, time), on the log-odds scale."""
    grid = (design.units, design.before + design.after)
    if design.kind == "null":
        return autoregression(0.2 * np.sqrt(1 - design.correlation**2), (design.correlation,), grid, rng)
    if design.kind == "ar2":
        found = autoregression(1.0, (0.9, -0.3), grid, rng)
        return found * np.sqrt(Q**2 + 2 * S**2) / np.diff(found, axis=1).std()
    heavy = design.kind == "heavy"
    steps, shocks = (rng.standard_t(3, grid) / 3**0.5 if heavy else rng.normal(size=grid) for _ in range(2))
    size = np.ones(grid[1])
    if design.kind == "turbulent":
        size[design.before : design.before + 2] = 3.0
    found = Q * np.cumsum(steps, axis=1) + S * size * shocks
    if design.kind == "tenfold":
        found *= 10 ** rng.uniform(-0.25, 0.25, (design.units, 1))
    if design.kind == "trends":
        found += 0.06 * rng.normal(size=(design.units, 1)) * np.arange(grid[1])
    return found


def autoregression(sd: float, coefficients: tuple[float, ...], grid: tuple[int, int], rng: np.random.Generator):
    """Stationary autoregressions, one a row, after fifty periods that are not kept."""
    units, periods = grid
    values = np.zeros((units, periods + 50))
    for t in range(len(coefficients), periods + 50):
        past = sum(each * values[:, t - 1 - lag] for lag, each in enumerate(coefficients))
        values[:, t] = past + sd * rng.normal(size=units)
    return values[:, 50:]


def simulate(name: str, seed: int) -> pd.DataFrame:
    """One panel as a table."""
    design, rng = DESIGNS[name], np.random.default_rng([seed, crc32(name.encode())])
    found = departures(design, rng)
    grid = found.shape
    path = np.cumsum(0.05 * rng.normal(size=grid[1]))
    share = expit(LEVEL + path + BETWEEN * rng.normal(size=(design.units, 1)) + found)
    if design.kind == "outlier":
        share[0, design.before : design.before + 2] = np.minimum(2 * share[0, design.before : design.before + 2], 0.95)
    records = rng.poisson(SIZE * rng.lognormal(0, 0.5, (design.units, 1)), grid) + 5
    unit, year = np.indices(grid)
    columns = {
        "area": unit, "year": year, "count": rng.binomial(records, share), "records": records,
        "exposure": ((unit < PILOTS) & (year >= design.before)).astype(float),
    }  # fmt: skip
    return pd.DataFrame({column: values.ravel() for column, values in columns.items()})


def specification(seed: int) -> pr.Spec:
    """The specification of every panel; what is not said is the default."""
    outcome = {
        "label": "Share", "family": "binomial", "value": "count", "denominator": "records",
        "unit": "percentage points", "harm": "up", "sesoi": 2.0,
    }  # fmt: skip
    columns = {"unit": "area", "time": "year", "exposure": "exposure"}
    content = {
        "title": "A stress",
        "programme": "Nothing",
        "seed": seed,
        "columns": columns,
        "outcomes": {"y": outcome},
    }
    return pr.Spec.from_dict(content)


def rows_of(name: str, setting: str, seeds: list[int], cores: int | None) -> pd.DataFrame:
    """Fit some panels of a design under a setting."""
    cases = {}
    for seed in seeds:
        spec = specification(seed)
        panel = pr.Panel.from_frame(simulate(name, seed), spec.data)
        cases[str(seed)] = (spec.change(SETTINGS[setting]), panel)
    rows = []
    for seed, each in pr.refits(cases, cores=cores, show_progress=False).items():
        satt = each.effects.table.loc["satt"]
        rows.append(
            {
                "design": name, "setting": setting, "panel": int(seed),
                **{column: round(float(satt[column]), 4) for column in ("mean", "sd", "eti95_low", "eti95_high")},
                "p_harm": round(float((each.effects.draws["satt"] > 0).mean()), 4), "gate": each.gate.verdict,
                "seconds": round(each.seconds, 1),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def table_of(results: pd.DataFrame) -> pd.DataFrame:
    """What the panels show, a row a design and setting; errors are binomial."""
    rows = {}
    for key, group in results.groupby(["design", "setting"], sort=False):
        held = ((group["eti95_low"] <= 0) & (group["eti95_high"] >= 0)).mean()
        alarm, count = (group["p_harm"] > 0.95).mean(), len(group)
        rows[key] = {
            "panels": count, "coverage": held, "coverage_error": np.sqrt(held * (1 - held) / count),
            "rmse": np.sqrt((group["mean"] ** 2).mean()), "mean_sd": group["sd"].mean(),
            "false_alarms": alarm, "allowed": 0.05 + 2 * np.sqrt(0.05 * 0.95 / count),
            "gate_pass": int((group["gate"] == "PASS").sum()), "median_seconds": group["seconds"].median(),
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["design", "setting"])


def main() -> None:
    """Fit what is not there yet, then print what all of it shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panels", type=int, default=60)
    parser.add_argument("--designs", nargs="+", default=["stress"], help="stress, null, or names, each in quotes")
    parser.add_argument("--settings", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--cores", type=int)
    asked = parser.parse_args()
    sets = {"stress": list(STRESSES), "null": list(NULLS)}
    names = [name for each in asked.designs for name in sets.get(each, [each])]
    if unknown := [name for name in names if name not in {**STRESSES, **NULLS}]:
        parser.error(f"no designs {unknown}; there are {[*sets, *STRESSES, *NULLS]}")
    path = HERE / "results.csv"
    done = pd.read_csv(path) if path.exists() else pd.DataFrame({"design": [], "setting": [], "panel": []})
    for first in range(1, asked.panels + 1, BATCH):
        for name in names:
            for setting in asked.settings:
                there = set(done.loc[(done["design"] == name) & (done["setting"] == setting), "panel"])
                wanted = [each for each in range(first, min(first + BATCH, asked.panels + 1)) if each not in there]
                if wanted:
                    rows = rows_of(name, setting, wanted, asked.cores)
                    done = rows if done.empty else pd.concat([done, rows], ignore_index=True)
                    done.to_csv(path, index=False)
                    print(f"{name}, {setting}: {first} to {wanted[-1]}", flush=True)
    table = table_of(done).round(3)
    table.to_csv(HERE / "table.csv")
    print(table.to_string())


if __name__ == "__main__":
    main()
