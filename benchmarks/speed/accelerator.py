"""Fit simulated panels on the JAX backend, on the accelerator that JAX finds, and on numba beside it.

    python benchmarks/speed/accelerator.py [--out FILE] [--units 150 1500 ...] [--periods 10 10 ...] [--numba-to CELLS]

The re-referral outcome of `simulate`, one row a size and backend, each added to FILE (a CSV) as soon as it is
there. JAX compiles at every call, so that `seconds` has compilation in it.
Sizes beyond `--numba-to` cells are fitted on JAX alone.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from arviz_stats import mcse

import primum as pr
from primum.fit.compile import program_of

HERE = Path(__file__).parent
PILOTS = 0.06  # of all areas, as in England
SHOWN = ["device", "backend", "units", "periods", "seconds", "steps", "min_ess", "gate", "satt", "satt_sd"]


def row_of(units: int, periods: int, backend: str, draws: int, tune: int) -> dict[str, object]:
    """One fit, gate included."""
    import jax

    spec = pr.demo_spec()
    settings = replace(spec.sampler, backend=backend, draws=draws, tune=tune)  # type: ignore[arg-type]
    spec = replace(spec, outcomes=(spec.outcome("rereferral"),), sampler=settings)
    pilots = max(3, round(PILOTS * units))
    panel = pr.Panel.from_frame(pr.simulate(units=units, periods=periods, pilots=pilots, seed=1).table, spec.data)
    if backend == "numba":
        program_of("binomial")  # machine code is loaded or made before the clock starts
    began = time.perf_counter()
    fit = pr.fit(spec, panel, show_progress=False)
    seconds = time.perf_counter() - began
    stats, gate = fit["rereferral"]["sample_stats"], fit.gate
    found = pr.effects(fit)["rereferral"]
    satt, sd_error = found.table.loc["satt"], float(mcse(np.asarray(found.draws["satt"]), method="sd"))
    return {
        "device": jax.devices()[0].device_kind if backend == "jax" else "cpu",
        "backend": backend, "units": units, "periods": periods, "pilots": pilots, "draws": draws, "tune": tune,
        "seconds": round(seconds, 1), "seconds_sample": round(float(fit["rereferral"].attrs["seconds_sample"]), 1),
        "min_ess": round(gate.min_ess), "max_rhat": round(gate.max_rhat, 4), "gate": gate.verdict,
        "steps": round(float(stats["n_steps"].mean()), 1), "divergences": int(stats["diverging"].sum()),
        "satt": satt["mean"], "satt_sd": satt["sd"], "satt_mcse": satt["mcse"], "satt_sd_mcse": sd_error,
        "reasons": "; ".join(gate.reasons),
    }  # fmt: skip


def main() -> None:
    """Fit every size on both backends, then show all rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "accelerator.csv")
    parser.add_argument("--units", type=int, nargs="+", default=[150, 1500, 5000, 150, 2000, 5000])
    parser.add_argument("--periods", type=int, nargs="+", default=[10, 10, 10, 100, 60, 60])
    parser.add_argument("--numba-to", type=int, default=50_000)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, default=300)
    asked = parser.parse_args()
    rows: list[dict[str, object]] = []
    for units, periods in zip(asked.units, asked.periods, strict=True):
        for backend in ("jax", "numba") if units * periods <= asked.numba_to else ("jax",):
            rows.append(row_of(units, periods, backend, asked.draws, asked.tune))
            table = pd.DataFrame(rows)
            table.to_csv(asked.out, index=False)
            print(table.tail(1)[SHOWN].to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
