"""Fit the re-referral outcome of one simulated panel and print what it took, as JSON.

Run apart for every size, so that the peak of memory is that fit's own:

    python benchmarks/speed/fit_one.py UNITS PERIODS PILOTS [DRAWS TUNE TARGET_ACCEPT]
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import primum as pr
from primum.fit.compile import program_of


def main(
    units: int, periods: int, pilots: int, draws: int, tune: int, target_accept: float
) -> dict[str, float | int | str]:
    """Time one fit, gate included, with machine code loaded beforehand."""
    spec = pr.demo_spec()
    outcome = spec.outcome("rereferral")
    settings = replace(spec.sampler, draws=draws, tune=tune, target_accept=target_accept, attempts=1)
    spec = replace(spec, outcomes=(outcome,), sampler=settings)
    simulation = pr.simulate(units=units, periods=periods, pilots=pilots, seed=1)
    panel = pr.Panel.from_frame(simulation.table, spec.data)
    program_of("binomial")
    before = peak_mib()
    started = time.perf_counter()
    fit = pr.fit(spec, panel, show_progress=False)
    seconds = time.perf_counter() - started
    gate, stats = fit.gate, fit["rereferral"]["sample_stats"]
    return {
        "units": units,
        "periods": periods,
        "pilots": pilots,
        "draws": draws,
        "tune": tune,
        "target_accept": target_accept,
        "cells": units * periods,
        "seconds": seconds,
        "seconds_sample": float(fit["rereferral"].attrs["seconds_sample"]),
        "min_ess": gate.min_ess,
        "max_rhat": gate.max_rhat,
        "gate": gate.verdict,
        "reasons": "; ".join(gate.reasons),
        "steps": float(stats["n_steps"].mean()),
        "divergences": int(stats["diverging"].sum()),
        "peak_mib": peak_mib(),
        "peak_mib_before": before,
    }


def peak_mib() -> float:
    """Most memory this program has held; what `getrusage` says may be its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    sizes, given = [int(each) for each in sys.argv[1:6]], sys.argv[6:]
    draws, tune = [*sizes[3:], *(1000, 250)[len(sizes) - 3 :]]
    print(json.dumps(main(*sizes[:3], draws, tune, float(given[0]) if given else 0.85)))
