"""Staggered adoption with effects that grow and differ by cohort: primum beside two-way fixed effects.

    python benchmarks/staggered/run.py [--panels 40]

Sixty areas over twelve periods; three cohorts of ten start in periods 3, 6 and 9, and the last half of
the areas never. The effect grows by 0.3, 0.2 or 0.1 a period in the first, second and third cohort, so
that two-way fixed effects, which compare late starters with early ones, are badly biased (Goodman-Bacon,
2021). Areas drift and are shaken as the model says. The truth is each panel's own average effect over
exposed cells. `results.csv` beside this script has a row a panel; the summary is printed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import pyfixest as pf

import primum as pr

RESULTS = Path(__file__).with_name("results.csv")
PERIODS, COHORTS, GROWTH = 12, (3, 6, 9), (0.3, 0.2, 0.1)
EFFECT = {"over_time": "event time by cohort", "cohorts": "apart"}


def specification() -> pr.Spec:
    """A normal outcome whose effect may move with event time and differ by cohort."""
    outcome = {
        "label": "Outcome", "family": "normal", "value": "y", "unit": "units", "harm": "up", "sesoi": 0.1,
        "effect": EFFECT,
    }  # fmt: skip
    columns = {"unit": "area", "time": "period", "start": "start"}
    return pr.Spec.from_dict(
        {"title": "Staggered", "programme": "It", "seed": 1, "columns": columns, "outcomes": {"y": outcome}}
    )


def table_of(seed: int) -> tuple[pd.DataFrame, float]:
    """A simulated table, and its true average effect over exposed cells."""
    rng = np.random.default_rng(seed)
    area, period = np.indices((60, PERIODS))
    cohort = np.where(area < 30, area // 10, -1)
    start = np.where(cohort >= 0, np.array([*COHORTS, 0])[cohort], np.nan)
    event = period - np.nan_to_num(start, nan=np.inf)
    effect = np.where(event >= 0, np.array([*GROWTH, 0])[cohort] * (np.maximum(event, 0) + 1), 0.0)
    drift = np.cumsum(0.15 * rng.normal(size=area.shape), axis=1)
    y = rng.normal(size=(60, 1)) + rng.normal(size=PERIODS) * 0.2 + drift + 0.2 * rng.normal(size=area.shape) + effect
    columns = {"area": area, "period": period, "start": start, "y": y}
    return pd.DataFrame({name: each.ravel() for name, each in columns.items()}), float(effect[event >= 0].mean())


def main() -> None:
    """Fit every panel by both, and print what they got wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panels", type=int, default=40)
    spec, count = specification(), parser.parse_args().panels
    rows = []
    for seed in range(count):
        table, truth = table_of(seed)
        fitted = pr.fit(spec.change({"seed": seed}), pr.Panel.from_frame(table, spec.data), show_progress=False)
        found = pr.effects(fitted)["y"]
        table["exposed"] = (table["period"] >= table["start"]).astype(float)
        fixed = pf.feols("y ~ exposed | area + period", table, vcov={"CRV1": "area"}).tidy().loc["exposed"]
        satt = found.table.loc["satt"]
        rows.append(
            {
                "panel": seed,
                "truth": truth,
                **{key: float(satt[key]) for key in ("mean", "sd", "eti95_low", "eti95_high")},
                "gate": found.gate.verdict,
                "seconds": fitted["y"].attrs["seconds_sample"],
                "twfe": float(fixed["Estimate"]),
                "twfe_low": float(fixed["2.5%"]),
                "twfe_high": float(fixed["97.5%"]),
            }
        )
    results = pd.DataFrame(rows)
    results.round(4).to_csv(RESULTS, index=False)
    for label, mean, low, high in (
        ("primum", "mean", "eti95_low", "eti95_high"),
        ("twfe", "twfe", "twfe_low", "twfe_high"),
    ):
        error = results[mean] - results["truth"]
        held = (results[low] <= results["truth"]) & (results["truth"] <= results[high])
        print(
            f"{label}: truth {results['truth'].mean():.3f}, mean error {error.mean():+.3f} "
            f"(SE {error.std() / np.sqrt(count):.3f}), RMSE {np.sqrt((error**2).mean()):.3f}, "
            f"95% intervals that hold the truth {held.sum()} of {count}"
        )
    print(f"gate: {results['gate'].value_counts().to_dict()}")


if __name__ == "__main__":
    main()
