"""A peer for the speed benchmark: brms, called through Rscript.

The model (see `brms.R`) is what an applied statistician would write: unit effects, year effects, an
effect that varies between units, and exchangeable cell effects where primum has drift and shocks.
Its answer is therefore not primum's, but it is the usual road to one.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from primum.model import Cells, cells_of
from primum.model.families import family_of
from primum.panel import Panel
from primum.spec import Outcome, Spec

if TYPE_CHECKING:
    import pandas as pd

SCRIPT = Path(__file__).with_name("brms.R")
# parameters that mean the same in primum
SAME = {
    "b_pilot": "beta_pilot",
    "b_exposure": "tau",
    "sd_unit__Intercept": "sigma_alpha",
    "sd_unit__exposure": "sigma_tau",
}


def brms_available() -> bool:
    """Whether Rscript is on the path and finds brms."""
    if shutil.which("Rscript") is None:
        return False
    check = 'quit(status = !all(c("brms", "posterior", "jsonlite") %in% rownames(installed.packages())))'
    return subprocess.run(["Rscript", "-e", check], capture_output=True, check=False).returncode == 0


def sample_brms(
    spec: Spec,
    panel: Panel,
    outcome: str,
    *,
    draws: int,
    warmup: int,
    chains: int,
    cores: int,
    seed: int,
    folder: Path,
) -> dict[str, Any]:
    """Fit one binomial outcome with brms and time it.

    Parameters
    ----------
    spec, panel
        The evaluation.
    outcome
        Name of a binomial outcome.
    draws, warmup
        Kept and discarded iterations, per chain.
    chains, cores, seed
        As for ``brms::brm``.
    folder
        Where input and output of R go; made if it is not there.

    Returns
    -------
    dict
        ``seconds_compile`` and ``seconds_sample``: wall clock of compiling and of sampling, measured
        in R; the latter holds rstan's own checks, which ``seconds_chains`` does not.
        ``min_ess_bulk`` and ``max_rhat``: over all parameters, cell effects included.
        ``draws``: Dataset with dims chain and draw of satt, tau_unit and the parameters, under
        primum's names where they mean the same. The rest is as in ``summary.json``.

    Raises
    ------
    ValueError
        If the outcome is not binomial.
    RuntimeError
        If Rscript is not there, or R fails.
    """
    chosen = spec.outcome(outcome)
    if chosen.family != "binomial":
        raise ValueError(f"brms.R takes binomial outcomes; {chosen.name} is {chosen.family}")
    if shutil.which("Rscript") is None:
        raise RuntimeError("Rscript is not on the path; install R with brms (Debian: r-cran-brms)")
    folder.mkdir(parents=True, exist_ok=True)
    cells = cells_of(panel.dataset, chosen)
    targets = folder / "targets.csv"
    _observed(cells).to_csv(folder / "cells.csv", index=False)
    _targets(cells).to_csv(targets, index=False)
    settings = {
        "draws": draws,
        "warmup": warmup,
        "chains": chains,
        "cores": cores,
        "seed": seed,
        "factor": chosen.factor,
        "priors": _priors(chosen, cells),
        "targets": str(targets),
    }
    (folder / "settings.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
    summary = folder / "summary.json"
    # a result of an earlier run must not pass for this one's
    summary.unlink(missing_ok=True)
    command = ["Rscript", "--vanilla", SCRIPT, folder / "cells.csv", folder, folder / "settings.json"]
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    (folder / "R.log").write_text(run.stdout + run.stderr, encoding="utf-8")
    if run.returncode != 0 or not summary.exists():
        raise RuntimeError(f"brms.R failed (exit code {run.returncode}):\n{run.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
    return found | {"draws": _draws(folder / "draws.csv", cells, np.asarray(panel.dataset["unit"]))}


def _observed(cells: Cells) -> pd.DataFrame:
    """Observed cells, one a row; units by their position, which no R function will rename."""
    import pandas as pd

    rows, columns = np.nonzero(cells.observed)
    return pd.DataFrame(
        {
            "unit": rows,
            "year": cells.time[columns],
            "pilot": np.isin(rows, cells.pilots).astype(int),
            "exposure": cells.exposure[rows, columns],
            "y": cells.value[rows, columns].astype(np.int64),
            "n": cells.denominator[rows, columns].astype(np.int64),
        }
    )


def _targets(cells: Cells) -> pd.DataFrame:
    """The pilots' fully exposed cells, observed or not: what primum's SATT is taken over."""
    import pandas as pd

    rows, columns = np.nonzero(cells.exposure[cells.pilots] == 1)
    return pd.DataFrame({"unit": cells.pilots[rows], "year": cells.time[columns]})


def _priors(outcome: Outcome, cells: Cells) -> dict[str, str]:
    """The same priors in brms's words; it takes scales on positive parameters as half-normals."""
    priors = dict(outcome.all_priors().items())
    centre = family_of(outcome.family).standard(cells).centre

    def normal(name: str, location: float = 0.0) -> str:
        return f"normal({priors[name].location + location:.6g}, {priors[name].scale:.6g})"

    # cell effects stand for drift and shocks together
    cell = float(np.hypot(priors["q"].scale, priors["s"].scale))
    return {
        "intercept": normal("mu", centre),
        "year": normal("lambda_t"),
        "pilot": normal("beta_pilot"),
        "exposure": normal("tau"),
        "sd_unit": normal("sigma_alpha"),
        "sd_exposure": normal("sigma_tau"),
        "sd_cell": f"normal(0, {cell:.6g})",
    }


def _draws(path: Path, cells: Cells, unit: np.ndarray) -> xr.Dataset:
    """Draws of named quantities as R wrote them."""
    import pandas as pd

    table = pd.read_csv(path).sort_values(["chain", "iteration"])
    chains = table["chain"].nunique()
    per_unit = [f"tau.{position}" for position in cells.pilots]
    named = [str(name) for name in table if name not in {"chain", "iteration", *per_unit}]

    def shaped(columns: str | list[str]) -> np.ndarray:
        values = table[columns].to_numpy()
        return values.reshape(chains, -1, *values.shape[1:])

    sample = ("chain", "draw")
    return xr.Dataset(
        {SAME.get(name, name): (sample, shaped(name)) for name in named}
        | {"tau_unit": ((*sample, "pilot"), shaped(per_unit))},
        {"chain": np.arange(chains), "draw": np.arange(len(table) // chains), "pilot": unit[cells.pilots]},
    )
