"""The English re-referral panel: the SATT of primum, in three settings, beside two-way fixed effects.

    make bench

Reads the panel from ../shared/data/la/la_year_panel.csv, which this repository does not ship;
PRIMUM_DATA names another folder. Both estimates are computed in one run and written to
`results.json` beside this script.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyfixest as pf

import primum as pr

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).with_name("results.json")
OUTCOME = "rereferral"


def data_folder() -> Path:
    """Folder of the shared data."""
    return Path(os.environ.get("PRIMUM_DATA", ROOT.parent / "shared" / "data"))


def read() -> tuple[pr.Spec, pr.Panel]:
    """The specification and panel of the evaluation."""
    spec = pr.Spec.read(ROOT / "models" / "rereferral-england.toml")
    return spec, pr.Panel.from_frame(pr.read_table(data_folder() / "la" / "la_year_panel.csv"), spec.data)


def two_way_fixed_effects(panel: pr.Panel) -> dict[str, float]:
    """Share of re-referrals on exposure, unit and year effects; errors clustered by LA; points."""
    cells = panel.dataset[[OUTCOME, f"{OUTCOME}_denominator", "exposure"]].to_dataframe().reset_index()
    cells["share"] = 100 * cells[OUTCOME] / cells[f"{OUTCOME}_denominator"].where(lambda total: total > 0)
    found = pf.feols("share ~ exposure | unit + time", cells.dropna(), vcov={"CRV1": "unit"}).tidy().loc["exposure"]
    return {
        "estimate": float(found["Estimate"]),
        "se": float(found["Std. Error"]),
        "low": float(found["2.5%"]),
        "high": float(found["97.5%"]),
    }


def ours(spec: pr.Spec, panel: pr.Panel) -> dict[str, object]:
    """Posterior of the same effect."""
    effects = pr.effects(pr.fit(spec, panel, show_progress=False))[OUTCOME]
    row = effects.table.loc["satt"]
    harmful = np.asarray(effects.draws["satt"]) > effects.outcome.sesoi
    per_unit = effects.table.filter(like="unit_effect", axis=0)["mean"].set_axis(np.asarray(effects.draws["label"]))
    return {
        "mean": float(row["mean"]),
        "sd": float(row["sd"]),
        "low": float(row["eti95_low"]),
        "high": float(row["eti95_high"]),
        "mcse": float(row["mcse"]),
        "p_harm_beyond_sesoi": float(harmful.mean()),
        "gate": effects.gate.verdict,
        "max_rhat": effects.gate.max_rhat,
        "min_ess": effects.gate.min_ess,
        "per_unit": {name: float(value) for name, value in per_unit.items()},
    }


def without(panel: pr.Panel, label: str) -> pr.Panel:
    """The panel without one LA."""
    return pr.Panel(panel.dataset.isel(unit=panel.labels != label).copy(deep=True), panel.layout)


def main() -> None:
    """Compute them, with and without the LA whose recording changed, and write them down."""
    spec, panel = read()
    by_unit = spec.change({f"outcomes.{OUTCOME}.variances": "by unit"})
    odd = spec.change({f"outcomes.{OUTCOME}.variances": "heavy-tailed"})
    heavy = spec.change({f"outcomes.{OUTCOME}.shocks": "heavy-tailed"})
    results = {
        "command": "make bench",
        **{
            case: {
                "two-way fixed effects": two_way_fixed_effects(some),
                "primum": ours(spec, some),
                "primum, variances by unit": ours(by_unit, some),
                "primum, heavy-tailed variances": ours(odd, some),
                "primum, heavy-tailed shocks": ours(heavy, some),
            }
            for case, some in (("all LAs", panel), ("without Wakefield", without(panel, "Wakefield")))
        },
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    rows = {
        (case, name): {
            key: found.get(key, found.get("estimate" if key == "mean" else "se"))
            for key in ("mean", "sd", "low", "high")
        }
        for case, both in results.items()
        if isinstance(both, dict)
        for name, found in both.items()
    }
    print(pd.DataFrame(rows).T.astype(float).round(2).to_string())


if __name__ == "__main__":
    main()
