"""Rescaling the duration outcome of the demonstration: standardised results must not move.

    make validate

The duration is given in working days, and in units of a millionth, a thousandth, a thousand and a million days.
Effects in the outcome's unit are divided by the factor and all are compared with those in days, in Monte Carlo
standard errors of the difference; results go to `results.csv` beside this script.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import primum as pr

FACTORS = (1.0, 1e-6, 1e-3, 1e3, 1e6)
RESULTS = Path(__file__).with_name("results.csv")
# the largest of some ninety z-scores passes 4 once in two hundred runs
LIMIT = 4.0


def rescaled(factor: float) -> pd.DataFrame:
    """Table of effects on the duration, brought back to days."""
    spec = pr.demo_spec()
    outcome = {**spec.to_dict()["outcomes"]["assessment"], "sesoi": 2.0 * factor}
    spec = spec.change({"outcomes": {"assessment": outcome}})
    table = pr.simulate(seed=spec.seed).table
    table["assessment_days"] *= factor
    effects = pr.effects(pr.fit(spec, pr.Panel.from_frame(table, spec.data), show_progress=False))["assessment"]
    harm = np.asarray(effects.draws["satt"]) > effects.outcome.sesoi
    estimand = effects.table.index.str.partition("[").get_level_values(0)
    # ratios and shares are not in days
    in_days = effects.estimands["unit"].str.contains(effects.outcome.unit, regex=False).reindex(estimand)
    scaled = effects.table[["mean", "mcse", "sd"]].div(np.where(in_days, factor, 1.0), axis=0)
    return scaled.assign(p_harm_beyond_sesoi=harm.mean(), gate=effects.gate.verdict)


def main() -> None:
    """Fit at each scale and compare."""
    tables = {factor: rescaled(factor) for factor in FACTORS}
    base = tables[1.0]
    for table in tables.values():
        table["z"] = (table["mean"] - base["mean"]) / np.hypot(table["mcse"], base["mcse"])
    results = pd.concat(tables, names=["factor"])
    results.round(5).to_csv(RESULTS)
    print(results.xs("satt", level="quantity").round(4).to_string())
    worst = float(results["z"].abs().max())
    print(f"largest difference: {worst:.2f} Monte Carlo standard errors; at most {LIMIT:g} are allowed")
    sys.exit(worst > LIMIT)


if __name__ == "__main__":
    main()
