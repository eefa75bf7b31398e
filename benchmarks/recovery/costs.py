"""What every family and option costs beside the default.

    python benchmarks/recovery/costs.py

One panel a case, simulated as in run.py, of 150 areas (10 of them pilots) by 10 periods with some 200 records in a
cell, each sampled three times with default settings in rounds, so that a machine that slows down slows all of them.
``costs.csv`` beside this script gets a row a fit: seconds of sampling, steps a draw, and the fewest bulk effective
draws over every parameter and linear predictor. Medians are shown beside those of the binomial family without options.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pandas as pd
from run import CASES, Size, simulate

from primum.fit.chains import ess_bulk
from primum.fit.compile import program_of
from primum.fit.gate import gate_of, stacked
from primum.fit.sample import draw_posterior

RESULTS = Path(__file__).with_name("costs.csv")
SIZE = Size(150, 10, 10, 200)
ROUNDS = 3


def row_of(case: str, seed: int) -> dict[str, object]:
    """Sample one case's panel, with machine code that is there already."""
    spec, panel, _ = simulate(case, 1, SIZE)
    outcome = spec.outcomes[0]
    program_of(outcome.family)
    began = time.perf_counter()
    posterior, stats = draw_posterior(spec.change({"seed": seed}), panel, outcome, spec.sampler)
    seconds = time.perf_counter() - began
    return {
        "case": case, "seed": seed, "seconds": round(seconds, 3), "gate": gate_of(posterior, stats).verdict,
        "steps": round(float(stats["n_steps"].mean()), 2), "min_ess": round(float(ess_bulk(stacked(posterior)).min())),
    }  # fmt: skip


def main() -> None:
    """Time all cases anew."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rows = pd.DataFrame([row_of(case, seed) for seed in range(1, ROUNDS + 1) for case in CASES])
    rows.to_csv(RESULTS, index=False)
    shown = rows.groupby("case", sort=False)[["seconds", "steps", "min_ess"]].median()
    shown["times"] = (shown["seconds"] / shown["seconds"]["binomial"]).round(2)
    shown["times a draw"] = (shown["times"] * shown["min_ess"]["binomial"] / shown["min_ess"]).round(2)
    print(shown.join(pd.crosstab(rows["case"], rows["gate"])).to_string())


if __name__ == "__main__":
    main()
