"""Whether every option of the model passes the gate with default settings on the demonstration and on English data.

    python benchmarks/gate/run.py

Options one by one, and some together, of the simulated kinship outcome and of English re-referrals, and the other
outcomes of the demonstration with their defaults, each fitted by `primum.fit` with nothing else changed.
``results.csv`` beside this script gets a row a fit, with the SATT in the outcome's unit, so that it shows as well how
far options move the answer. A run that was stopped goes on where it was. Regions are those of the English table; the
simulation's are every fifth LA. The table is read from ../shared/data/la, which this repository does not ship; without
it, or PRIMUM_DATA that names another folder, the simulation alone is fitted.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pandas as pd

import primum as pr

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = HERE / "results.csv"
ALONE: dict[str, dict[str, Any]] = {
    "default": {},
    "smooth path": {"common_path": "random walk"},
    "paths by region": {"path_by": "region"},
    "trends by unit": {"trends": "by unit"},
    "persistence 0.7": {"phi": 0.7},
    "variances by unit": {"variances": "by unit"},
    "heavy-tailed variances": {"variances": "heavy-tailed"},
    "heavy-tailed shocks": {"shocks": "heavy-tailed"},
    "shocks by period": {"shock_sizes": "by period"},
    "weights": {"weights.base": "equal"},
    "event time": {"effect.over_time": "event time"},
    "cohorts apart": {"effect.cohorts": "apart"},
    "heavy-tailed effects": {"effect.spread": "heavy-tailed"},
}
TOGETHER = (
    ("weights", "variances by unit"),
    ("weights", "trends by unit"),
    ("weights", "heavy-tailed shocks"),
    ("weights", "shocks by period"),
    ("weights", "heavy-tailed variances"),
    ("heavy-tailed variances", "heavy-tailed shocks"),
    ("variances by unit", "heavy-tailed shocks"),
    ("variances by unit", "heavy-tailed effects"),
    ("trends by unit", "paths by region"),
    ("event time", "cohorts apart"),
    ("weights", "variances by unit", "event time", "cohorts apart", "smooth path"),
)
COLUMNS = ("panel", "outcome", "option")


def options() -> dict[str, dict[str, Any]]:
    """Changes of an outcome by the name of an option, or of several."""
    both = {" + ".join(names): {k: v for name in names for k, v in ALONE[name].items()} for names in TOGETHER}
    return ALONE | both


def panels() -> dict[str, tuple[pr.Spec, pd.DataFrame, str]]:
    """Specifications with regions, their tables, and the outcome whose options are tried."""
    demo = pr.demo_spec()
    table = pr.simulate(seed=demo.seed).table
    found = {
        "demonstration": (demo.change({"columns.regions": "region"}), table.assign(region=table["la"] % 5), "kinship")
    }
    path = Path(os.environ.get("PRIMUM_DATA", ROOT.parent / "shared" / "data")) / "la" / "la_year_panel.csv"
    if path.is_file():
        english = pr.Spec.read(ROOT / "models" / "rereferral-england.toml").change({"columns.regions": "region_name"})
        found["England"] = (english, pr.read_table(path), "rereferral")
    return found


def row_of(spec: pr.Spec, table: pd.DataFrame, outcome: str) -> dict[str, object]:
    """Fit one outcome, and say what the gate found."""
    alone = spec.change({"outcomes": {outcome: spec.to_dict()["outcomes"][outcome]}})
    panel = pr.Panel.from_frame(table, alone.data)
    began = time.perf_counter()
    try:
        fit = pr.fit(alone, panel, show_progress=False)
    except pr.PrimumError as error:  # such as cohorts where there is one
        return {"gate": "refused", "found": str(error)}
    seconds = time.perf_counter() - began
    gate, satt = fit.gates[outcome], pr.effects(fit)[outcome].table.loc["satt"]
    return {
        "gate": gate.verdict, "found": "; ".join(each.reason for each in gate.findings),
        "max_rhat": round(gate.max_rhat, 4), "min_ess": round(gate.min_ess),
        "steps": round(float(fit[outcome]["sample_stats"]["n_steps"].mean()), 1), "seconds": round(seconds, 1),
        "satt": round(float(satt["mean"]), 3), "sd": round(float(satt["sd"]), 3),
    }  # fmt: skip


def main() -> None:
    """Fit what is not there yet, then show all of it."""
    for name, (spec, table, chosen) in panels().items():
        rest = {outcome.name: ["default"] for outcome in spec.outcomes if outcome.name != chosen}
        for outcome, tried in {chosen: list(options()), **rest}.items():
            for option in tried:
                done = pd.read_csv(RESULTS) if RESULTS.exists() else pd.DataFrame(columns=list(COLUMNS))
                key = (name, outcome, option)
                if key in set(done[list(COLUMNS)].itertuples(index=False, name=None)):
                    continue
                changes = {f"outcomes.{outcome}.{path}": value for path, value in options()[option].items()}
                row = pd.DataFrame(
                    [dict(zip(COLUMNS, key, strict=True)) | row_of(spec.change(changes), table, outcome)]
                )
                (row if done.empty else pd.concat([done, row], ignore_index=True)).to_csv(RESULTS, index=False)
                print(row.drop(columns="found").to_string(index=False, header=False), flush=True)
    print(pd.read_csv(RESULTS).drop(columns="found").to_string())


if __name__ == "__main__":
    main()
