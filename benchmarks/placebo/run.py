"""Accuracy and coverage beside synthetic difference in differences, on the very same placebo panels.

    PRIMUM_DATA=... python benchmarks/placebo/run.py [--replications 60] [--designs baseline,random]

The panels are those of the placebo study of Arkhangelsky, Athey, Hirshberg, Imbens and Wager (2021,
table 2): 50 states by 40 years, true effect 0, six ways of choosing who is exposed; the peers'
estimates for each of them are stored with the data, which this repository does not ship. Ours is one
specification throughout: a normal outcome with comparator weights and defaults otherwise.

`results.csv` beside this script gets one row a design and replication; a run that was stopped goes
on where it was. The table is printed at the end and written to `table.csv`.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd

import primum as pr

HERE = Path(__file__).parent
DATA = Path(os.environ.get("PRIMUM_DATA", HERE.parents[2] / "shared" / "data")) / "placebo"
DESIGNS = ("baseline", "gun.law", "random", "no.M", "only.noise", "T1.is.one")
PEERS = ("sdid", "did", "sc", "mc")
BATCH = 10


def specification() -> pr.Spec:
    """The one specification; what is not said is the default."""
    return pr.Spec.from_dict(
        {
            "title": "A placebo study",
            "programme": "Nothing",
            "seed": 1,
            "columns": {"unit": "state", "time": "year", "start": "start"},
            "outcomes": {
                "y": {
                    "label": "Outcome", "family": "normal", "value": "y", "unit": "SD", "harm": "up", "sesoi": 0.05,
                    "weights": {"base": "equal"},
                }
            },
        }
    )  # fmt: skip


def panel_of(values: np.ndarray, controls: int, post: int, spec: pr.Spec) -> pr.Panel:
    """One panel, shape (unit, time), controls first and post periods last."""
    periods = values.shape[1]
    unit, year = np.indices(values.shape)
    start = np.where(unit >= controls, float(periods - post), np.nan)
    columns = {"state": unit, "year": year, "start": start, "y": values.astype(float)}
    return pr.Panel.from_frame(pd.DataFrame({name: each.ravel() for name, each in columns.items()}), spec.data)


def rows_of(design: str, replications: list[int]) -> pd.DataFrame:
    """Refit some replications of a design."""
    content, spec = np.load(DATA / f"{design}.npz"), specification()
    post = int(content["T1"])
    cases = {}
    for replication in replications:
        place = int(np.flatnonzero(content["replication"] == replication)[0])
        panel = panel_of(content["Y"][place], int(content["N0"][place]), post, spec)
        cases[str(replication)] = (spec.change({"seed": replication}), panel)
    found = pr.refits(cases, "y", show_progress=False)
    rows = []
    for replication, each in found.items():
        satt = each.effects.table.loc["satt"]
        rows.append(
            {
                "design": design,
                "replication": int(replication),
                **{name: round(float(satt[name]), 6) for name in ("mean", "sd", "mcse", "eti95_low", "eti95_high")},
                "gate": each.gate.verdict,
                "seconds": round(each.seconds, 2),
            }
        )
    return pd.DataFrame(rows)


def beside_peers(results: pd.DataFrame) -> pd.DataFrame:
    """Results with the peers' estimates on the same panels."""
    peers = pd.read_csv(DATA / "peer_estimates.csv.gz")
    peers = peers[peers["estimator"].isin(PEERS)].pivot_table(
        index=["simulation", "replication"], columns="estimator", values="estimate"
    )
    return results.join(peers, on=["design", "replication"])


def ratio_of(paired: pd.DataFrame, draws: int = 2000) -> tuple[float, float]:
    """Geometric mean over designs of the RMSE over SDID's, and its standard error by bootstrap over replications."""
    squares = [group[["mean", "sdid"]].to_numpy() ** 2 for _, group in paired.groupby("design")]

    def mean(errors: list[np.ndarray]) -> float:
        return float(np.exp(np.mean([0.5 * np.log(np.divide(*each.mean(axis=0))) for each in errors])))

    rng = np.random.default_rng(1)
    again = [mean([each[rng.integers(len(each), size=len(each))] for each in squares]) for _ in range(draws)]
    return mean(squares), float(np.std(again))


def table_of(paired: pd.DataFrame) -> pd.DataFrame:
    """RMSE of ours and of the peers, coverage and mean width, a design."""
    rows = {}
    for design, group in paired.groupby("design", sort=False):
        rmse = {name: float(np.sqrt((group[name] ** 2).mean())) for name in ("mean", *PEERS)}
        held = (group["eti95_low"] <= 0) & (group["eti95_high"] >= 0)
        rows[design] = {
            "replications": len(group),
            "ours": rmse["mean"],
            **{name: rmse[name] for name in PEERS},
            "ours / sdid": rmse["mean"] / rmse["sdid"],
            "coverage": float(held.mean()),
            "width": float((group["eti95_high"] - group["eti95_low"]).mean()),
            "gate PASS": int((group["gate"] == "PASS").sum()),
            "median seconds": float(group["seconds"].median()),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def main() -> None:
    """Fit what is not there yet, then print what all of it shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=60)
    parser.add_argument("--designs", default=",".join(DESIGNS))
    options = parser.parse_args()
    path = HERE / "results.csv"
    done = pd.read_csv(path) if path.exists() else pd.DataFrame({"design": [], "replication": []})
    for first in range(1, options.replications + 1, BATCH):
        for design in options.designs.split(","):
            there = set(done.loc[done["design"] == design, "replication"])
            wanted = [each for each in range(first, min(first + BATCH, options.replications + 1)) if each not in there]
            if wanted:
                done = pd.concat([done, rows_of(design, wanted)], ignore_index=True)
                done.astype({"replication": int}).to_csv(path, index=False)
                print(f"{design}: {len(done)} panels", flush=True)
    paired = beside_peers(done)
    table = table_of(paired)
    table.round(4).to_csv(HERE / "table.csv", index_label="design")
    print(table.round(4).to_string())
    print("geometric mean of ours / sdid: {:.3f} (standard error {:.3f})".format(*ratio_of(paired)))
    print(f"coverage over all: {(done['eti95_low'].le(0) & done['eti95_high'].ge(0)).mean():.3f}")


if __name__ == "__main__":
    main()
