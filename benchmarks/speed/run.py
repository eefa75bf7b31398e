"""How fast primum is, beside its peers, on this machine and in this run.

    python benchmarks/speed/run.py [--only start,sampling,gradient,refits,scaling,national,jax] [--check]

Each part prints its figures and adds its raw results to `results.json` beside this script, with
ratios to references timed in the same run. Ratios are compared with those of the last committed
results, and whatever slowed by more than a fifth is named; `--check` does that alone, without brms
and without writing. Effective draws are the fewest bulk ESS over every parameter, linear
predictors included; only fits that pass the gate count.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import primum as pr
from primum.fit.chains import ess_bulk
from primum.fit.compile import program_of
from primum.fit.gate import gate_of, stacked
from primum.fit.sample import draw_posterior
from primum.model import build, cells_of
from primum.refits import table_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = HERE / "results.json"
SIZES = [
    *((units, 10, 10) for units in (50, 150, 500, 1500, 5000)),
    *((150, periods, 10) for periods in (6, 20, 50, 100)),
    *((150, 10, pilots) for pilots in (3, 30, 75)),
]
SLOWER = 1.2


def start() -> dict[str, Any]:
    """Seconds of `primum demo` with empty caches and with full ones, with comparator weights, and of its imports."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        kept = {name: str(Path(folder) / name) for name in ("PRIMUM_CACHE", "NUMBA_CACHE_DIR", "MPLCONFIGDIR")}
        environment = {**os.environ, **kept, "PYTENSOR_FLAGS": f"base_compiledir={folder}/pytensor"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        out = str(Path(folder) / "out")

        def seconds(*command: str) -> float:
            began = time.perf_counter()
            subprocess.run([sys.executable, *command], env=environment, check=True, capture_output=True)
            return time.perf_counter() - began

        found["demo_cold"] = seconds("-m", "primum", "demo", "--out", out, "--force")
        warm = [seconds("-m", "primum", "demo", "--out", out, "--force") for _ in range(3)]
        found["demo_warm_runs"], found["demo_warm"] = warm, statistics.median(warm)
        weighted = Path(folder) / "weighted.toml"
        text = (ROOT / "models" / "signs-of-safety.toml").read_text(encoding="utf-8")
        weighted.write_text(re.sub(r"(?m)^(\[outcomes\.\w+\])$", r'\1\nweights.base = "equal"', text), encoding="utf-8")
        runs = [seconds("-m", "primum", "run", str(weighted), "--out", out, "--force") for _ in range(3)]
        found["demo_weighted_runs"], found["demo_weighted"] = runs, statistics.median(runs)
        found["import_primum"] = statistics.median(seconds("-c", "import primum") for _ in range(5))
        found["python_alone"] = statistics.median(seconds("-c", "pass") for _ in range(5))
        found["help"] = statistics.median(seconds("-m", "primum", "--help") for _ in range(5))
        for name in ("cold", "warm"):
            if name == "cold":
                shutil.rmtree(kept["PRIMUM_CACHE"], ignore_errors=True)
            stages = subprocess.run(
                [sys.executable, str(HERE / "stages.py")], env=environment, check=True, capture_output=True, text=True
            )
            found[f"stages_{name}"] = json.loads(stages.stdout)
    return found


def sampling(*, brms: bool) -> dict[str, Any]:
    """Fewest effective draws a second of sampling: ours, plain PyMC on the textbook's form, and brms."""
    program_of("binomial")
    found = {}
    for name, (spec, panel, outcome) in evaluations().items():
        ours = [_ours(spec, panel, outcome, seed) for seed in (1, 2, 3)]
        weighted = spec.change({f"outcomes.{outcome}.weights.base": "equal"})
        with_weights = [_ours(weighted, panel, outcome, seed) for seed in (1, 2, 3)]
        found[name] = {"primum": ours, "primum_weighted": with_weights, "pymc": _textbook(spec, panel, outcome)}
        if brms:
            found[name]["brms"] = _brms(spec, panel, outcome)
        for kind in ("primum", "primum_weighted"):
            rate = _rate(found[name][kind])
            found[name][f"{kind}_ess_per_second"] = rate
            for peer in ("pymc", "brms"):
                if peer in found[name]:
                    path = f"ratio_to_{peer}" if kind == "primum" else f"weighted_ratio_to_{peer}"
                    found[name][path] = rate / found[name][peer]["ess_per_second"]
    return found


def _rate(runs: list[dict[str, Any]]) -> float:
    """Median effective draws a second of the runs that passed the gate."""
    passed = [each["ess_per_second"] for each in runs if each["gate"] == "PASS"]
    return statistics.median(passed) if passed else float("nan")


def evaluations() -> dict[str, tuple[pr.Spec, pr.Panel, str]]:
    """The demonstration's kinship outcome, and the English panel where it is at hand."""
    spec = pr.demo_spec()
    found = {"kinship": (spec, pr.simulate(seed=spec.seed).panel, "kinship")}
    table = Path(os.environ.get("PRIMUM_DATA", ROOT.parent / "shared" / "data")) / "la" / "la_year_panel.csv"
    if table.is_file():
        english = pr.Spec.read(ROOT / "models" / "rereferral-england.toml")
        found["england"] = (english, pr.Panel.from_frame(pr.read_table(table), english.data), "rereferral")
    return found


def _ours(spec: pr.Spec, panel: pr.Panel, outcome: str, seed: int) -> dict[str, Any]:
    spec = spec.change({"seed": seed})
    began = time.perf_counter()
    posterior, stats = draw_posterior(spec, panel, spec.outcome(outcome), replace(spec.sampler, draws=1000))
    seconds = time.perf_counter() - began
    gate = gate_of(posterior, stats)
    return {
        "seconds_sample": seconds,
        **_fewest(posterior, seconds),
        "gate": gate.verdict,
        "max_rhat": gate.max_rhat,
        "steps": float(stats["n_steps"].mean()),
    }


def _textbook(spec: pr.Spec, panel: pr.Panel, outcome: str) -> dict[str, Any]:
    from textbook import sample_textbook

    result = sample_textbook(spec, panel, outcome, draws=1000, tune=1000, chains=4, cores=2, seed=1)
    kept = {key: result[key] for key in ("seconds_total", "seconds_sample", "divergences", "steps")}
    return {**kept, **_fewest(result["draws"], result["seconds_sample"])}


def _brms(spec: pr.Spec, panel: pr.Panel, outcome: str) -> dict[str, Any]:
    from brms import sample_brms

    with tempfile.TemporaryDirectory() as folder:
        result = sample_brms(
            spec, panel, outcome, draws=1000, warmup=1000, chains=4, cores=2, seed=1, folder=Path(folder)
        )
    kept = {
        key: result[key]
        for key in ("seconds_compile", "seconds_sample", "seconds_chains", "min_ess_bulk", "max_rhat", "versions")
    }
    return {**kept, "ess_per_second": result["min_ess_bulk"] / result["seconds_sample"]}


def _fewest(draws: xr.Dataset, seconds: float) -> dict[str, Any]:
    ess = ess_bulk(stacked(draws))
    return {"min_ess_bulk": float(ess.min()), "ess_per_second": float(ess.min() / seconds)}


def gradient() -> dict[str, Any]:
    """Microseconds a gradient of the kernel, of its floor, and of the PyMC model compiled by nutpie."""
    from gradient import time_floor, time_kernel, time_pymc

    spec, panel, outcome = evaluations()["kinship"]
    chosen = spec.outcome(outcome)
    cells = cells_of(panel.dataset, chosen)
    kernel, floor = time_kernel(cells, chosen), time_floor(cells)
    compiled, seconds = time_pymc(build(spec, panel, outcome))
    return {
        "kernel_us": kernel,
        "floor_us": floor,
        "pymc_us": compiled,
        "pymc_compile_seconds": seconds,
        "kernel_over_floor": kernel / floor,
    }


def refits() -> dict[str, Any]:
    """Exact refits a minute of the kinship outcome, each with other priors and another seed."""
    spec, panel, outcome = evaluations()["kinship"]
    cases = {}
    for seed in range(24):
        scale = 0.1 + 0.05 * (seed % 8)
        prior = {"scale": scale, "reason": "a grid of prior scales for the benchmark"}
        cases[f"q {scale:.2f}, seed {seed}"] = (
            spec.change({"seed": seed, f"outcomes.{outcome}.priors.q": prior}),
            panel,
        )
    program_of("binomial")
    began = time.perf_counter()
    table = table_of(pr.refits(cases, outcome, show_progress=False))
    seconds = time.perf_counter() - began
    from gradient import time_kernel

    chosen = spec.outcome(outcome)
    kernel = time_kernel(cells_of(panel.dataset, chosen), chosen)
    return {
        "per_minute": 60 * len(cases) / seconds,
        # what a refit costs in gradients, so that a faster machine is not taken for faster code
        "per_million_gradients": kernel * len(cases) / seconds,
        "passed": int((table["gate"] == "PASS").sum()),
        "rows": table.reset_index().to_dict("records"),
    }


def scaling() -> dict[str, Any]:
    """Seconds for a thousand effective draws, and peak memory, by units, periods and pilots."""
    rows = [_apart(*size) for size in SIZES]
    units = [row for row in rows if row["periods"] == 10 and row["pilots"] == 10]
    periods = [row for row in rows if row["units"] == 150 and row["pilots"] == 10]
    return {"rows": rows, "exponent_units": _exponent(units), "exponent_periods": _exponent(periods)}


def national() -> dict[str, Any]:
    """One fit of 5,000 areas by 60 months, 300 of them pilots; target acceptance 0.7, as the design advises."""
    return _apart(5000, 60, 300, 900, 150, 0.7)


def _apart(*size: float) -> dict[str, Any]:
    command = [sys.executable, str(HERE / "fit_one.py"), *map(str, size)]
    row: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(json.dumps(row), flush=True)
    return row


def _exponent(rows: list[dict[str, Any]]) -> float:
    """Slope of the logarithm of seconds an effective draw on that of cells."""
    cells = [row["cells"] for row in rows]
    cost = [row["seconds_sample"] / row["min_ess"] for row in rows]
    return float(np.polyfit(np.log(cells), np.log(cost), 1)[0])


def jax() -> dict[str, Any]:
    """The kinship outcome on the JAX backend, beside numba."""
    from primum.fit.jax_draws import draw_with_jax
    from primum.fit.sample import seed_for
    from primum.model.families import family_of

    spec, panel, outcome = evaluations()["kinship"]
    chosen = spec.outcome(outcome)
    began = time.perf_counter()
    drawn = draw_with_jax(
        family_of(chosen.family), cells_of(panel.dataset, chosen), chosen.all_priors(), spec.sampler,
        seed_for(spec.seed, outcome),
    )  # fmt: skip
    seconds = time.perf_counter() - began
    values = [np.moveaxis(each.reshape(*each.shape[:2], -1), -1, 0) for each in drawn.values.values()]
    ess = float(ess_bulk(np.concatenate(values).astype(float)).min())
    return {
        "seconds_with_compilation": seconds,
        "min_ess_bulk": ess,
        "ess_per_second": ess / seconds,
        "numba": _ours(spec, panel, outcome, 1),
    }


PARTS: dict[str, Any] = {
    "start": start, "sampling": sampling, "gradient": gradient, "refits": refits, "scaling": scaling,
    "national": national, "jax": jax,
}  # fmt: skip
# ratios to something timed in the same run, and whether more is better (1) or worse (-1)
GUARDED = {
    "sampling.kinship.ratio_to_pymc": 1,
    "sampling.england.ratio_to_pymc": 1,
    "sampling.kinship.weighted_ratio_to_pymc": 1,
    "sampling.england.weighted_ratio_to_pymc": 1,
    "gradient.kernel_over_floor": -1,
    "refits.per_million_gradients": 1,
}


def compare(new: dict[str, Any], old: dict[str, Any]) -> list[str]:
    """What slowed by more than a fifth since the last committed results."""
    found = []
    for path, direction in GUARDED.items():
        now, before = _at(new, path), _at(old, path)
        if now is None or before is None:
            continue
        slower = (before / now) ** direction
        if slower > SLOWER:
            found.append(f"{path}: {before:.3g} before, {now:.3g} now ({100 * (slower - 1):.0f}% slower)")
    return found


def _at(content: Any, path: str) -> float | None:
    for key in path.split("."):
        content = content.get(key) if isinstance(content, dict) else None
    return content


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS), help="parts to run, with commas between them")
    parser.add_argument("--check", action="store_true", help="compare with the committed results and write nothing")
    options = parser.parse_args()
    from brms import brms_available

    old = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    new: dict[str, Any] = {}
    slower = []
    for name in options.only.split(","):
        extra = {"brms": brms_available() and not options.check} if name == "sampling" else {}
        new[name] = PARTS[name](**extra)
        new[name]["machine"] = {
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "date": time.strftime("%Y-%m-%d"),
        }
        shown = {key: value for key, value in new[name].items() if not isinstance(value, (list, dict))}
        print(f"{name}: {json.dumps(shown)}", flush=True)
        slower += compare({name: new[name]}, old)
        if not options.check:
            RESULTS.write_text(json.dumps({**old, **new}, indent=1) + "\n", encoding="utf-8")
    for line in slower:
        print(f"SLOWER {line}", flush=True)
    if slower and options.check:
        sys.exit(1)


if __name__ == "__main__":
    main()
