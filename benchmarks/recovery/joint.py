"""Whether outcomes that are fitted jointly find again what was simulated.

    python benchmarks/recovery/joint.py --panels 100

Every panel has 60 areas, 8 of them pilots, over ten years, and two outcomes of the simulated evaluation, shares of
re-referrals and days of assessments, whose levels, drifts, shocks and effects go together by a correlation between 0
and 0.8; true average effects are drawn with SDs of 4 points and 4 days. joint.csv beside this script gets a row an
outcome. A run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import primum as pr

RESULTS = Path(__file__).parent / "joint.csv"
OUTCOMES = ("rereferral", "assessment")
SPREAD, LARGEST = 4.0, 0.8


def spec_for(seed: int) -> pr.Spec:
    """Two of the demonstration's outcomes, jointly."""
    content = pr.demo_spec().to_dict()
    content["outcomes"] = {name: content["outcomes"][name] for name in OUTCOMES}
    return pr.Spec.from_dict({**content, "joint": True, "seed": seed})


def rows_for(seed: int) -> list[dict[str, object]]:
    """Simulate a panel, fit it, and compare average effects with the truth."""
    rng, spec = np.random.default_rng(seed), spec_for(seed)
    effects = {name: float(rng.normal(0, SPREAD)) for name in OUTCOMES}
    correlation = float(rng.uniform(0, LARGEST))
    made = pr.simulate(units=60, periods=10, pilots=8, effects=effects, correlation=correlation, seed=seed)
    fit = pr.fit(spec, pr.Panel.from_frame(made.table, spec.data), show_progress=False)
    found = pr.effects(fit)
    rows: list[dict[str, object]] = []
    for name in OUTCOMES:
        mean, sd, low, high = found[name].table.loc["satt", ["mean", "sd", "eti95_low", "eti95_high"]]
        truth, gate = made.truth.satt[name], fit.gates[name]
        rows.append(
            {
                "panel": seed, "outcome": name, "correlation": round(correlation, 3), "truth": f"{truth:.5g}",
                "mean": f"{mean:.5g}", "sd": f"{sd:.4g}", "eti95_low": f"{low:.5g}", "eti95_high": f"{high:.5g}",
                "held": low <= truth <= high, "z": round((mean - truth) / sd, 3), "gate": gate.verdict,
                "max_rhat": round(gate.max_rhat, 4), "min_ess": round(gate.min_ess),
            }
        )  # fmt: skip
    return rows


def summary_of(results: pd.DataFrame) -> pd.DataFrame:
    """What the panels show, by outcome; errors are in posterior SDs."""
    by_outcome = results.groupby("outcome")
    return pd.DataFrame(
        {
            "panels": by_outcome.size(),
            "coverage": by_outcome["held"].mean(),
            "bias": by_outcome["z"].mean().round(3),
            "bias_error": by_outcome["z"].sem().round(3),
            "gate_pass": results["gate"].eq("PASS").groupby(results["outcome"]).sum(),
        }
    )


def main() -> None:
    """Fit the panels that are not there yet, then show all that there are."""
    parser = argparse.ArgumentParser(description="Recovery of SATTs of outcomes that are fitted jointly.")
    parser.add_argument("--panels", type=int, default=100)
    asked = parser.parse_args()
    done = pd.read_csv(RESULTS) if RESULTS.exists() else pd.DataFrame({"panel": []})
    for seed in sorted(set(range(1, asked.panels + 1)) - set(done["panel"])):
        rows = pd.DataFrame(rows_for(seed))
        done = rows if done.empty else pd.concat([done, rows], ignore_index=True)
        done.to_csv(RESULTS, index=False)
    print(summary_of(pd.read_csv(RESULTS)).to_string())


if __name__ == "__main__":
    main()
