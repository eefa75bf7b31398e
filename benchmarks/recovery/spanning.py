"""Whether fits of panels of very different sizes pass the gate with default settings.

    python benchmarks/recovery/spanning.py binomial binomial:weights

Twenty panels a case, simulated as in run.py: four corners (12 or 300 areas, 4 or 40 periods, 1 to 40 pilots, 5 or
5,000 records in a typical cell), and sixteen in between, spread evenly on logarithms. Every one is fitted by
`primum.fit` with nothing but defaults; ``spanning.csv`` beside this script gets a row a panel, with what the gate
found and how often it was sampled, or why it was refused. A run that was stopped goes on where it was; what is there
is shown. Without arguments all cases are run. Effects by cohort have two pilots at least.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
from run import CASES, Size, simulate
from scipy.stats import qmc

import primum as pr
from primum.fit.attempts import attempts_of

RESULTS = Path(__file__).with_name("spanning.csv")
CORNERS = (Size(12, 4, 1, 5), Size(300, 40, 40, 5000), Size(300, 4, 40, 5), Size(12, 40, 4, 5000))
COUNT = 20


def sizes() -> list[Size]:
    """Sizes of all panels, corners first."""
    found = list(CORNERS)
    for units, periods, pilots, records in qmc.Sobol(4, rng=1).random(COUNT - len(CORNERS)):
        areas = round(12 * 25**units)
        most = min(40, areas // 3)
        found.append(Size(areas, round(4 * 10**periods), round(most**pilots), float(5 * 1000**records)))
    return found


def row_of(case: str, panel: int, of: Size) -> dict[str, object]:
    """Fit one panel, and say what the gate found."""
    spec, data, truth = simulate(case, panel, of)
    where = {
        "case": case, "panel": panel, "units": of.units, "periods": of.periods, "pilots": of.pilots,
        "records": round(of.records),
    }  # fmt: skip
    start = time.perf_counter()
    try:
        fit = pr.fit(spec, data, show_progress=False)
    except pr.PrimumError as error:  # such as categories with next to no records
        return where | {"gate": "refused", "found": " ".join(str(error).split())}
    seconds = time.perf_counter() - start
    gate, stats = fit.gates["outcome"], fit["outcome"]["sample_stats"]
    satt = pr.effects(fit)["outcome"].table.loc["satt"]
    return where | {
        "gate": gate.verdict, "attempts": attempts_of(fit["outcome"]),
        "found": "; ".join(each.reason for each in gate.findings),
        "max_rhat": round(gate.max_rhat, 4), "min_ess": round(gate.min_ess),
        "steps": round(float(stats["n_steps"].mean()), 1), "divergent": int(stats["diverging"].sum()),
        "seconds": round(seconds, 1),
        "held": bool(satt["eti95_low"] <= truth <= satt["eti95_high"]),
    }  # fmt: skip


def main() -> None:
    """Fit what is not there yet, then show all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="*", choices=[*CASES, []], default=[])
    for case in parser.parse_args().case or CASES:
        for panel, of in enumerate(sizes(), start=1):
            done = pd.read_csv(RESULTS) if RESULTS.exists() else pd.DataFrame({"case": [], "panel": []})
            if ((done["case"] == case) & (done["panel"] == panel)).any():
                continue
            least = replace(of, pilots=2) if case.endswith(":effects") and of.pilots == 1 else of
            row = pd.DataFrame([row_of(case, panel, least)])
            done = row if done.empty else pd.concat([done, row], ignore_index=True)
            done.to_csv(RESULTS, index=False)
            print(row.drop(columns="found").to_string(index=False, header=panel == 1), flush=True)
    done = pd.read_csv(RESULTS)
    verdicts = pd.crosstab(done["case"], done["gate"])
    print(verdicts.join(done.groupby("case")[["min_ess", "seconds"]].median()).to_string())


if __name__ == "__main__":
    main()
