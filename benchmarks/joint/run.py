"""Outcomes fitted jointly beside the same outcomes fitted apart: intervals, prediction, and what it costs.

    python benchmarks/joint/run.py

Three evaluations: the demonstration with correlations of 0.8 between levels, drifts, shocks and effects; as it is, with
outcomes simulated independently of each other; and English re-referral shares beside numbers of children looked
after, ten pilots, years ending March 2011 to 2019 (../shared/data/la/la_year_panel.csv, which this repository does not
ship; PRIMUM_DATA names another folder). Each is fitted apart and jointly, twice: whole, for the average effects and
PSIS-LOO of `arviz_stats`; and with a tenth of all cells left out at random, each outcome's its own, whose log
predictive density is exact where PSIS-LOO, of cells with a shock of their own, is in doubt. `results.csv` beside this
script has a row an outcome and fit, `across.csv` how many outcomes are harmed, `correlations.csv` every correlation,
`correlations.png` those of the first.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import arviz_stats as azs
import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import logsumexp

import primum as pr
from primum.effects import Effects
from primum.fit.predict import noise_of
from primum.model import cells_of
from primum.model.families import family_of
from primum.plots import plot_correlations

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LEFT_OUT, DRAWS = 0.1, 400  # of the cells, and draws a chain without them


def evaluations() -> Iterator[tuple[str, pr.Spec, pr.Panel, dict[str, float]]]:
    """Name, specification, panel and true average effects."""
    spec = pr.demo_spec()
    for correlation in (0.8, 0.0):
        made = pr.simulate(seed=spec.seed, correlation=correlation)
        yield f"demonstration, correlation {correlation:g}", spec, made.panel, dict(made.truth.satt)
    folder = Path(os.environ.get("PRIMUM_DATA", ROOT.parent / "shared" / "data"))
    england = pr.Spec.read(ROOT / "models" / "rereferral-england.toml").change(
        {
            "outcomes.looked_after": {
                "label": "Children looked after", "family": "lognormal", "value": "looked_after", "unit": "children",
                "harm": "up", "sesoi": 20.0,
            }
        }
    )  # fmt: skip
    table = pr.read_table(folder / "la" / "la_year_panel.csv")
    table["looked_after"] = table["cla_at31"].where(table["cla_at31"] > 0)  # none in one small area and year
    yield "England", england, pr.Panel.from_frame(table, england.data), {}


def without(spec: pr.Spec, panel: pr.Panel, seed: int) -> pr.Panel:
    """The panel without a tenth of each outcome's cells."""
    rng = np.random.default_rng(seed)
    shape = panel.dataset["exposure"].shape
    names = [outcome.name for outcome in spec.outcomes]
    kept = {
        name: panel.dataset[name].where(xr.DataArray(rng.random(shape) > LEFT_OUT, dims=("unit", "time")))
        for name in names
    }
    return pr.Panel(panel.dataset.assign(kept), panel.layout)


def loo(fit: pr.Fit, name: str) -> dict[str, float]:
    """Expected log predictive density of an outcome's cells by PSIS-LOO, and how many of them are in doubt."""
    values = np.asarray(fit[name]["log_likelihood"][name], dtype=float)
    seen = np.isfinite(values[0, 0])
    density = xr.Dataset({"value": (("chain", "draw", "cell"), values[..., seen])})
    placeholder = xr.Dataset({"at": (("chain", "draw"), np.zeros(values.shape[:2]))})
    tree = xr.DataTree.from_dict({"posterior": placeholder, "log_likelihood": density})
    found = azs.loo(tree, pointwise=True)
    doubtful = int((found.pareto_k > found.good_k).sum())
    return {"elpd_loo": float(found.elpd), "elpd_loo_se": float(found.se), "doubtful_cells": doubtful}


def predicted(fit: pr.Fit, whole: pr.Panel, name: str) -> np.ndarray:
    """Log predictive density of each cell that was left out."""
    outcome = fit.spec.outcome(name)
    family, seen, cells = (
        family_of(outcome.family),
        cells_of(fit.panel.dataset, outcome),
        cells_of(whole.dataset, outcome),
    )
    posterior = fit.posterior(name)
    # noise is that of the median denominator, of the cells that were fitted
    medians = [np.median(each.denominator[each.observed]) for each in (seen, cells)]
    noise = noise_of(posterior) * (np.sqrt(medians[0] / medians[1]) if family.noise else 1.0)
    density = family.log_likelihood(np.asarray(posterior["eta"], dtype=float), noise, cells, family.standard(seen))
    chosen = density[..., cells.observed & ~seen.observed]
    chosen = chosen.reshape(-1, chosen.shape[-1])
    return np.asarray(logsumexp(chosen, axis=0) - np.log(len(chosen)))


def counted(label: str, how: str, effects: Effects) -> Iterator[dict[str, Any]]:
    """How many outcomes are harmed beyond their SESOIs, and the mean correlation of their average effects."""
    satt = np.stack([np.ravel(each.draws["satt"]) for each in effects.outcomes.values()])
    pairs = np.corrcoef(satt)[np.tril_indices(len(satt), -1)]
    across = pr.harm(effects).across
    for outcomes, each in enumerate([] if across is None else across.harm_beyond_sesoi.exactly):
        yield {
            "evaluation": label, "fit": how, "harmed": outcomes, "probability": each.value, "mcse": each.mcse,
            "correlation": pairs.mean(),
        }  # fmt: skip


def compare(
    label: str, spec: pr.Spec, panel: pr.Panel, truth: dict[str, float]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], pr.Fit]:
    """A row an outcome and fit, a row a number of outcomes harmed and fit, and the joint fit."""
    rows, across, densities, fits = [], [], {}, {}
    fewer = without(spec, panel, 5)
    for how, joint in (("apart", False), ("jointly", True)):
        chosen = spec.change({"joint": joint})
        started = time.process_time()
        fit = pr.fit(chosen, panel, show_progress=False)
        seconds = time.process_time() - started
        partial = pr.fit(chosen.change({"sampler.draws": DRAWS}), fewer, show_progress=False)
        fits[how] = fit
        effects = pr.effects(fit)
        across += counted(label, how, effects)
        for outcome in spec.outcomes:
            name = outcome.name
            satt, gate = effects[name].table.loc["satt"], effects[name].gate
            densities[how, name] = predicted(partial, panel, name)
            gain = densities[how, name] - densities["apart", name]
            rows.append(
                {
                    "evaluation": label, "fit": how, "outcome": name, "satt": satt["mean"], "sd": satt["sd"],
                    "low": satt["eti95_low"], "high": satt["eti95_high"], "truth": truth.get(name, np.nan),
                    **loo(fit, name), "left_out": len(gain), "elpd_left_out": densities[how, name].sum(),
                    "gain": gain.sum(), "gain_se": gain.std() * np.sqrt(len(gain)),
                    "gate": gate.verdict, "max_rhat": gate.max_rhat, "min_ess": gate.min_ess,
                    "seconds": fit.seconds["sample"], "processor_seconds": seconds,
                    "gate_left_out": partial.gates[name].verdict,
                }
            )  # fmt: skip
    return rows, across, fits["jointly"]


def main() -> None:
    """Compare all, and write the results."""
    rows, across, tables = [], [], {}
    for label, spec, panel, truth in evaluations():
        found, numbers, joint = compare(label, spec, panel, truth)
        rows += found
        across += numbers
        together = pr.correlations(joint)
        tables[label] = together.table
        if label.endswith("0.8"):
            plot_correlations(together).savefig(HERE / "correlations.png", dpi=160)
        print(pd.DataFrame(found).to_string())
        print(together.table[["mean", "eti95_low", "eti95_high", "ess_bulk"]].round(2).to_string())
        pd.DataFrame(rows).round(4).to_csv(HERE / "results.csv", index=False)
        pd.DataFrame(across).round(4).to_csv(HERE / "across.csv", index=False)
        pd.concat(tables, names=["evaluation"]).round(4).to_csv(HERE / "correlations.csv")


if __name__ == "__main__":
    main()
