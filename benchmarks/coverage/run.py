"""Recovery and coverage on the demonstration's design over 20 seeds.

    make validate

For each seed the evaluation of `models/signs-of-safety.toml` is simulated anew and fitted with
the settings of that file, but 1,000 draws a chain; `results.csv` beside this script gets one row a seed and outcome. A
run that was stopped goes on where it was; delete the file to start again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import primum as pr
from primum.effects import OutcomeEffects
from primum.sources import Truth

SEEDS = range(1, 21)
RESULTS = Path(__file__).with_name("results.csv")
REQUIRED = 72


def rows_for(seed: int) -> list[dict[str, object]]:
    """Fit one simulated evaluation and compare it with its truth."""
    spec = pr.demo_spec().change({"seed": seed, "sampler.draws": 1000})
    simulation = pr.simulate(seed=seed)
    effects = pr.effects(pr.fit(spec, simulation.panel, show_progress=False))
    return [row_for(seed, each, simulation.truth) for each in effects.outcomes.values()]


def row_for(seed: int, effects: OutcomeEffects, truth: Truth) -> dict[str, object]:
    """One outcome of one seed: truth, posterior, and whether intervals hold the truth."""
    name = effects.outcome.name
    satt = effects.table.loc["satt"]
    units = effects.table.filter(like="unit_effect", axis=0)
    true_units = truth.per_unit.loc[truth.per_unit["outcome"] == name, "effect"].to_numpy()
    held = (units["eti95_low"].to_numpy() <= true_units) & (true_units <= units["eti95_high"].to_numpy())
    return {
        "seed": seed,
        "outcome": name,
        "truth": round(truth.satt[name], 6) + 0.0,
        "mean": round(float(satt["mean"]), 4),
        "sd": round(float(satt["sd"]), 4),
        "eti95_low": round(float(satt["eti95_low"]), 4),
        "eti95_high": round(float(satt["eti95_high"]), 4),
        "held": bool(satt["eti95_low"] <= truth.satt[name] <= satt["eti95_high"]),
        "pilots_held": int(held.sum()),
        "pilots": len(held),
        "gate": effects.gate.verdict,
        "max_rhat": round(effects.gate.max_rhat, 4),
        "min_ess": round(effects.gate.min_ess),
    }


def main() -> None:
    """Fit the seeds that are not there yet, then print what they show."""
    done = pd.read_csv(RESULTS) if RESULTS.exists() else pd.DataFrame({"seed": []})
    for seed in SEEDS:
        if seed not in set(done["seed"]):
            done = pd.concat([done, pd.DataFrame(rows_for(seed))], ignore_index=True)
            done.astype({"seed": int}).to_csv(RESULTS, index=False)
            print(f"seed {seed}: {int(done['held'].sum())} of {len(done)} intervals hold the truth", flush=True)
    held = int(done["held"].sum())
    error = done["mean"] - done["truth"]
    table = done.assign(error=error, z=error / done["sd"], width=done["eti95_high"] - done["eti95_low"])
    grouped = table.groupby("outcome", sort=False)
    print(
        pd.DataFrame(
            {
                "held": grouped["held"].sum(),
                "of": grouped.size(),
                "mean error": grouped["error"].mean().round(2),
                "RMSE": grouped["error"].apply(lambda values: (values**2).mean() ** 0.5).round(2),
                "mean SD": grouped["sd"].mean().round(2),
                "RMS z": grouped["z"].apply(lambda values: (values**2).mean() ** 0.5).round(2),
                "pilots held": (grouped["pilots_held"].sum() / grouped["pilots"].sum()).round(3),
                "gate PASS": grouped["gate"].apply(lambda values: int((values == "PASS").sum())),
            }
        ).to_string()
    )
    print(f"{held} of {len(done)} intervals for SATT hold the truth; {REQUIRED} are required of 80")
    sys.exit(held < REQUIRED)


if __name__ == "__main__":
    main()
